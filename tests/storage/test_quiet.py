"""Work that can wait lets the rest of a busy event loop go before it, and not for ever."""

import asyncio
from dataclasses import dataclass

import pytest

from storage.search.quiet import quiet_moment

TURNS, TURN_S, PATIENCE_S = 8, 0.001, 0.05


@dataclass
class BusyLoop:
    """Something is done in each of its next turns, `busy` of them long, then `short` ones. Its clock goes on
    only in the long ones.
    """

    busy: int
    short: int = 0
    now_s: float = 0.0
    stopped: bool = False

    def clock_s(self) -> float:
        return self.now_s

    def turn(self) -> None:
        if self.stopped or self.busy + self.short == 0:
            return
        if self.busy:
            self.busy -= 1
            self.now_s += 10 * TURN_S
        else:
            self.short -= 1
        asyncio.get_running_loop().call_soon(self.turn)


async def waited_beside(busy: BusyLoop) -> bool:
    asyncio.get_running_loop().call_soon(busy.turn)
    async with asyncio.timeout(20):
        found = await quiet_moment(TURNS, TURN_S, PATIENCE_S, busy.clock_s)
    busy.stopped = True
    return found


@pytest.mark.parametrize("short", [0, 1, TURNS - 1])
@pytest.mark.parametrize("busy", [0, 1, 4])
def test_it_comes_behind_all_that_is_ready_and_what_follows_from_that(busy: int, short: int) -> None:
    loop = BusyLoop(busy, short)
    assert asyncio.run(waited_beside(loop))
    assert (loop.busy, loop.short) == (0, 0)


def test_its_patience_has_an_end() -> None:
    loop = BusyLoop(1_000_000)
    assert not asyncio.run(waited_beside(loop))
    assert loop.now_s >= PATIENCE_S


def test_turns_that_are_quiet_here_and_there_are_not_enough() -> None:
    """Each time, of so many turns in a row the last one is long."""
    now_s, turn = 0.0, 0

    def clock_s() -> float:
        nonlocal now_s, turn
        turn = (turn + 1) % (TURNS + 1)  # behind a long turn the clock is read once more
        now_s += 10 * TURN_S if turn == TURNS else 0.0
        return now_s

    assert not asyncio.run(quiet_moment(TURNS, TURN_S, PATIENCE_S, clock_s))
    assert now_s >= PATIENCE_S
