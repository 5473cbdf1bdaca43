"""docs/cards.md names the test that holds each line; each of them is there."""

import re
from pathlib import Path

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
    rules = [vector["rule"] for vector in VECTORS]
    named = re.findall(r"“([^”]+)”", "\n".join(re.findall(r"vectors? ([^|]*)\|", PAGE)))
    assert len(named) >= 15
    for name in named:
        begin, end = name.split("…")[0].strip(), name.split("…")[-1].strip() if "…" in name else ""
        assert any(rule.startswith(begin) and end in rule for rule in rules), name
