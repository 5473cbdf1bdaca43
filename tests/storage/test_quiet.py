"""Work that can wait lets the rest of a busy event loop go before it, and not for ever."""

import asyncio
from dataclasses import dataclass

import pytest

from storage.search.quiet import quiet_moment

TURN_S, PATIENCE_S = 0.001, 0.05
BUSY_TURNS = 5


@dataclass
class BusyLoop:
    """Its clock goes on only while something is done in a turn: ten times as long as is quiet."""

    turns: int
    now_s: float = 0.0
    stopped: bool = False

    def clock_s(self) -> float:
        return self.now_s

    def turn(self) -> None:
        if self.turns == 0 or self.stopped:
            return
        self.turns -= 1
        self.now_s += 10 * TURN_S
        asyncio.get_running_loop().call_soon(self.turn)


async def waited_beside(turns: int) -> tuple[bool, BusyLoop]:
    busy = BusyLoop(turns)
    asyncio.get_running_loop().call_soon(busy.turn)
    async with asyncio.timeout(20):
        found = await quiet_moment(TURN_S, PATIENCE_S, busy.clock_s)
    busy.stopped = True
    return found, busy


@pytest.mark.parametrize("turns", [0, 1, BUSY_TURNS - 1])
def test_it_comes_behind_all_that_is_ready(turns: int) -> None:
    found, busy = asyncio.run(waited_beside(turns))
    assert found
    assert busy.turns == 0


def test_its_patience_has_an_end() -> None:
    found, busy = asyncio.run(waited_beside(1_000_000))
    assert not found
    assert busy.now_s >= PATIENCE_S
