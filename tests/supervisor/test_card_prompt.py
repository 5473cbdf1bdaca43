"""`samovar card prompt`, with the demonstration model's own tokens."""

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli import main

ENTRY = {
    "keys": ["tea"],
    "content": "The tea is strong.",
    "name": "tea",
    "enabled": True,
    "insertion_order": 1,
}
CARD = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        "name": "Nadia",
        "description": "{{char}} keeps a tea house for {{user}}.",
        "first_mes": "Come in, {{user}}!",
        "character_book": {"entries": [ENTRY]},
    },
}
CHAT = [
    {"role": "assistant", "name": "Nadia", "content": "Come in, Anna!"},
    {"role": "user", "name": "Anna", "content": "Some tea, please."},
]


@pytest.fixture(autouse=True)
def no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMOVAR_DATA", str(tmp_path / "data"))


def put(folder: Path, name: str, value: Any) -> str:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


def asked(folder: Path, *more: str, card: Any = CARD, chat: Any = CHAT) -> list[str]:
    return ["card", "prompt", put(folder, "card.json", card), "--chat", put(folder, "chat.json", chat), *more]


def test_the_prompt_its_text_its_tokens_and_its_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    persona = put(tmp_path, "persona.json", {"name": "Vera", "description": "A guest."})
    book = put(
        tmp_path, "book.json", {"entries": {"0": {"uid": 0, "key": ["please"], "content": "Be kind."}}}
    )
    assert main(asked(tmp_path, "--persona", persona, "--book", book, "--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"messages", "text", "tokens", "trace"}
    assert [message["role"] for message in said["messages"]] == ["system", "assistant", "user"]
    system = said["messages"][0]["content"]
    assert "Nadia keeps a tea house for Vera." in system
    assert "The tea is strong." in system
    assert "Be kind." in system
    assert "About Vera: A guest." in system
    assert said["text"].endswith("<|im_start|>assistant\n")
    assert said["tokens"] > 50
    (line,) = (line for line in said["trace"] if line["entry"] == "tea")
    assert line == {
        "source": "lore of the character's book",
        "entry": "tea",
        "key": "tea",
        "message": 1,
        "tokens": line["tokens"],
        "kept": True,
        "why": "“tea” in message 2",
    }
    assert {line["source"] for line in said["trace"]} >= {
        "system prompt",
        "description",
        "lore of “book.json”",
    }


def test_people_read_the_prompt_and_what_went_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(tmp_path)) == 0
    out = capsys.readouterr().out
    assert "Some tea, please." in out
    assert "lore of the character's book: tea  (“tea” in message 2)" in out


def test_a_context_bounds_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chat = [
        {"role": role, "content": f"Line {n} of it."} for n in range(60) for role in ("user", "assistant")
    ]
    assert main(asked(tmp_path, "--context", "300", "--json", chat=chat)) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["tokens"] <= 300
    assert any(not line["kept"] and "no room" in line["why"] for line in said["trace"])


@pytest.mark.parametrize(
    ("chat", "says"),
    [
        ("{", "chat.json"),
        ([{"role": "narrator", "content": "x"}], "narrator"),
        ([{"role": "user"}], "content"),
        ({"role": "user", "content": "x"}, "array"),
    ],
)
def test_a_chat_that_is_none_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], chat: Any, says: str
) -> None:
    assert main(asked(tmp_path, chat=chat)) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert says in line


def test_a_prompt_that_cannot_fit_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(tmp_path, "--context", "20")) == 1
    assert "tokens more than the 20" in capsys.readouterr().err
