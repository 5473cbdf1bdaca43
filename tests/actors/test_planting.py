"""Bugs are planted from the tests of a checkout, and from nowhere else."""

import pytest

from actors import planting
from actors.planting import VARIABLE, plant


def test_nothing_is_planted_unless_it_is_asked_for() -> None:
    assert plant("web", {}) == ()


def found_none(_name: str) -> None:
    """As where there are no tests."""


def test_in_an_installed_samovar_the_variable_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planting, "checkout_test_module", found_none)
    assert plant("link", {VARIABLE: "drop"}) == ()


def test_an_unknown_bug_is_refused() -> None:
    with pytest.raises(ValueError, match="no planted bug nonsense"):
        plant("web", {VARIABLE: "nonsense"})


def test_other_processes_have_no_part_in_it() -> None:
    assert plant("link", {VARIABLE: "drop"}) == ("drop",)
