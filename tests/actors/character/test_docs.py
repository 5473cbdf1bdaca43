"""docs/cards.md names the test that holds each line; each of them is there."""

import re
from pathlib import Path
from typing import Any

from actors.character.decorators import UNDERSTOOD
from actors.character.macros import FUNCTIONS, VALUES
from tests.actors.character.lore_vectors import VECTORS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "cards.md").read_text(encoding="utf-8")
OTHER_SPELLINGS = {
    "chardescription", "charpersonality",
    "setglobalvar", "getglobalvar", "addglobalvar", "incglobalvar", "decglobalvar",
}  # fmt: skip


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\btest_\w+", PAGE))
    there: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        there.add(path.stem)
        text = path.read_text(encoding="utf-8")
        there.update(re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE))
    assert named - there == set()
    assert len(named) >= 20


def test_every_decorator_and_every_macro_has_its_line() -> None:
    assert [name for name in UNDERSTOOD if f"`@@{name}" not in PAGE] == []
    macros = {name.lower() for name in re.findall(r"\{\{([A-Za-z_]+|//)", PAGE)}
    assert (VALUES.keys() | FUNCTIONS.keys()) - macros - OTHER_SPELLINGS == set()


def test_every_macro_is_held_by_the_test_that_the_page_names() -> None:
    tested = (ROOT / "tests" / "actors" / "character" / "test_macros.py").read_text(encoding="utf-8")
    names = {name.lower() for name in re.findall(r"\{\{ ?([A-Za-z_]+|//)", tested)}
    assert (VALUES.keys() | FUNCTIONS.keys()) - names == set()


def test_every_rule_that_the_page_names_is_a_vector() -> None:
    named = re.findall(r"“([^”]+)”", "\n".join(re.findall(r"vectors? ([^|]*)\|", PAGE)))
    assert len(named) >= 15
    assert [name for name in named if not vectors_of(name)] == []


def test_every_decorator_is_in_a_vector_that_its_line_names() -> None:
    section = PAGE.split("## Decorators")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if "| `@@" in line
    ]
    assert len(rows) >= len(UNDERSTOOD)
    for decorator, _, test in rows:
        content = "\n".join(
            entry["content"]
            for name in re.findall(r"“([^”]+)”", test)
            for vector in vectors_of(name)
            for entry in vector["books"][0]["entries"]
        )
        assert any(name in content for name in re.findall(r"@@\w+", decorator)), decorator


def vectors_of(name: str) -> list[dict[str, Any]]:
    """Those that the page means: “…” stands for any words, or none."""
    wanted = re.compile(".*".join(re.escape(part.strip()) for part in name.split("…")))
    return [vector for vector in VECTORS if wanted.fullmatch(vector["rule"])]
