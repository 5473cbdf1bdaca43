"""Each actor system that is installed for tests does the same work, and reports what it did."""

import asyncio
from typing import Any

import pytest

from tests.bench.actor_systems import pykka_system, run, samovar_system, thespian_system
from tests.bench.actor_systems.contender import Figures, measure


@pytest.mark.parametrize("module", [samovar_system, pykka_system, thespian_system])
def test_all_messages_are_handled_and_every_figure_is_one(module: Any) -> None:
    system = module.System()
    system.actors, system.messages, system.questions = 10, 200, 20
    figures = asyncio.run(measure(system))
    assert figures.messages_per_s > 0
    assert figures.ask_us > 0
    assert figures.spawn_us > 0


def test_a_system_that_loses_a_message_has_no_figures() -> None:
    class Forgetful(samovar_system.System):
        async def tell(self, actors: list[str], messages: int) -> int:
            return await super().tell(actors, messages - 1)

    system = Forgetful()
    system.actors, system.messages = 10, 200
    with pytest.raises(RuntimeError, match="199 of 200"):
        asyncio.run(measure(system))


def test_the_table_names_what_is_not_installed() -> None:
    figures = Figures(1000.0, 2.0, 3.0, 4000.0)
    shown = run.table(run.Comparison(1, {"samovar": figures}, ("xoscar",)))
    assert "1,000" in shown
    assert "xoscar" in shown.splitlines()[-1]


def test_a_contender_that_fails_is_named() -> None:
    with pytest.raises(run.ContenderFailedError, match="no_such"):
        run.one_round("no_such")
