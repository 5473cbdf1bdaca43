"""What fuzzing once found, and what it covered, is checked at every test run."""

from pathlib import Path

import pytest

from tests.actors.character.fixtures import CARDS
from tests.fuzz.card_checks import check, file_of
from tests.fuzz.cards import CORPUS


@pytest.mark.parametrize("name", CARDS)
def test_the_checks_of_the_fuzzer_hold_for_the_fixtures(name: str) -> None:
    check(CARDS[name]())


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name[:12])
def test_the_checks_of_the_fuzzer_hold_for_its_corpus(path: Path) -> None:
    check(file_of(path.read_bytes()))
