"""docs/cards.md names the test that holds each line; each of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\btest_\w+", (ROOT / "docs" / "cards.md").read_text(encoding="utf-8")))
    there: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        there.add(path.stem)
        text = path.read_text(encoding="utf-8")
        there.update(re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE))
    assert named - there == set()
    assert len(named) >= 20
