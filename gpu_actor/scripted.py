"""A scripted engine in the place of a model: what the benches of a checkout measure is Samovar alone.

Everything else is the real engine process. `SAMOVAR_SCRIPTED_ENGINE` names a function below `tests` that
makes the executor, as "tests.bench.edge.paced_executor:make". There are no tests in an installed Samovar,
so the variable can do nothing there but stop the start.
"""

from collections.abc import Mapping

from deploy.checkout_tests import checkout_test_module
from gpu_actor.executor import Executor
from gpu_actor.troubles import EngineTrouble

VARIABLE = "SAMOVAR_SCRIPTED_ENGINE"


class NoScriptedEngineError(EngineTrouble):
    """SAMOVAR_SCRIPTED_ENGINE is set, but names nothing in the tests of a checkout. Unset it."""


def scripted_executor(environ: Mapping[str, str]) -> Executor | None:
    """The executor that the environment asks for; None where it asks for none."""
    name = environ.get(VARIABLE, "")
    if not name:
        return None
    module, _, function = name.partition(":")
    found = checkout_test_module(module)
    if found is None:
        raise NoScriptedEngineError(
            f"{VARIABLE} names {name}, which is not in the tests of a checkout: unset it"
        )
    made: Executor = getattr(found, function)()
    return made
