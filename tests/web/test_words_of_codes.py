"""What the server says of files has a code, and the page has words for each, in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.character.formats import troubles
from actors.character.formats.warnings import CODES
from web.moving.folder import LEFT

ROOT = Path(__file__).parents[2]
MESSAGES = ROOT / "web" / "ui" / "src" / "messages"
FOLDERS = (
    "actors/character",
    "actors/conversation/formats",
    "web/chats",
    "web/files",
    "web/library",
    "web/lore",
    "web/moving",
)
CODE_AT = {
    "remark": 0,
    "CardRefused": 1,
    "BookTrouble": 1,
    "UnreadableChatError": 1,
    "TooMuchTextError": 1,
    "TooMuchLoreError": 1,
    "CannotEditError": 1,
    "PictureTrouble": 1,
    **{name: 1 for name, kind in vars(troubles).items() if isinstance(kind, type)},
}
"""Which of the arguments of a call is a code."""
COMMAND_ALONE = {"form", "lorebook_kind"}
"""The page asks for no form that there is not."""


def words(*files: str) -> set[str]:
    return {
        code
        for file in files
        for code in re.findall(r"^  (\w+): ", (MESSAGES / file).read_text(encoding="utf-8"), re.MULTILINE)
    }


def codes() -> Iterator[tuple[str, str]]:
    """Every code that stands in a call, with its place."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CODE_AT:
                    given = node.args[CODE_AT[node.func.id] :][:1]
                    if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
                        yield given[0].value, f"{path.relative_to(ROOT)}:{node.lineno}"


@pytest.mark.parametrize("end", [".ts", ".ru.ts"])
def test_every_code_of_a_file_has_words(end: str) -> None:
    known = words(*(name + end for name in ("remarks", "cards", "warnings")))
    found = dict(codes()) | {code: "LEFT" for code, _ in LEFT.values()}
    assert {"no_chat", "left_avatar", "archive_bomb", "no_lorebook", "memory"} <= found.keys()
    assert {code: place for code, place in found.items() if code not in known | COMMAND_ALONE} == {}


@pytest.mark.parametrize("end", [".ts", ".ru.ts"])
def test_every_warning_has_words_and_there_are_no_others(end: str) -> None:
    assert words("warnings" + end) - {"lorebook", "entry", "asset"} == set(CODES)


@pytest.mark.parametrize("name", ["remarks", "cards", "warnings"])
def test_both_languages_have_words_for_the_same_codes(name: str) -> None:
    assert words(f"{name}.ts") == words(f"{name}.ru.ts")
