"""The engine of a bench takes the model's place in a checkout, and nowhere else."""

import pytest

from gpu_actor import scripted
from gpu_actor.scripted import VARIABLE, NoScriptedEngineError, scripted_executor
from tests.fakes.scripted_executor import ScriptedExecutor


def test_without_the_variable_there_is_none() -> None:
    assert scripted_executor({}) is None
    assert scripted_executor({VARIABLE: ""}) is None


def test_it_is_made_by_the_function_that_is_named() -> None:
    made = scripted_executor({VARIABLE: "tests.fakes.scripted_executor:ScriptedExecutor"})
    assert isinstance(made, ScriptedExecutor)


@pytest.mark.parametrize("name", ["os:getcwd", "tests.fakes.no_such:make", "gpu_actor.loading:load_engine"])
def test_what_is_not_in_the_tests_is_refused(name: str) -> None:
    with pytest.raises(NoScriptedEngineError, match="unset it"):
        scripted_executor({VARIABLE: name})


def found_none(_name: str) -> None:
    """As where there are no tests."""


def test_an_installed_samovar_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripted, "checkout_test_module", found_none)
    with pytest.raises(NoScriptedEngineError):
        scripted_executor({VARIABLE: "tests.fakes.scripted_executor:ScriptedExecutor"})
