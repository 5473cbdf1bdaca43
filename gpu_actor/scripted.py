"""A scripted engine in the place of a model: what the benches of a checkout measure is Samovar alone.

Everything else is the real engine process. `SAMOVAR_SCRIPTED_ENGINE` names a function below `tests` that
makes the executor, as "tests.bench.edge.paced_executor:make". There are no tests in an installed Samovar,
so the variable can do nothing there but stop the start.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path

from gpu_actor.executor import Executor
from gpu_actor.troubles import EngineTrouble

VARIABLE = "SAMOVAR_SCRIPTED_ENGINE"
ROOT = Path(__file__).resolve().parents[1]


class NoScriptedEngineError(EngineTrouble):
    """SAMOVAR_SCRIPTED_ENGINE is set, but names nothing in the tests of a checkout. Unset it."""


def scripted_executor(environ: Mapping[str, str]) -> Executor | None:
    """The executor that the environment asks for; None where it asks for none."""
    name = environ.get(VARIABLE, "")
    if not name:
        return None
    module, _, function = name.partition(":")
    file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if not module.startswith("tests.") or not file.is_file():
        raise NoScriptedEngineError(
            f"{VARIABLE} names {name}, which is not in the tests of a checkout: unset it"
        )
    made: Executor = getattr(importlib.import_module(module), function)()
    return made
