"""Modules of the tests are found in a checkout, and nowhere else."""

import sys
from pathlib import Path

import pytest

from deploy.checkout_tests import checkout_test_module


def test_a_module_of_the_tests_is_found_in_this_checkout() -> None:
    assert checkout_test_module("tests.deploy.places").bare_checkout


@pytest.mark.parametrize("name", ["os", "deploy.checkout", "tests.no_such", "tests"])
def test_what_is_not_in_the_tests_is_not_found(name: str) -> None:
    assert checkout_test_module(name) is None


def test_tests_that_lie_beside_an_installed_samovar_are_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "places.py").write_text("raise AssertionError\n")
    assert checkout_test_module("tests.places", tmp_path) is None
    assert str(tmp_path) not in sys.path
