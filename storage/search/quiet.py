"""A quiet moment of the event loop, for work that can wait: a token that stands ready goes before it."""

import asyncio
import time
from collections.abc import Callable

LOOK_AGAIN_S = 0.001


async def quiet_moment(
    turns: int, turn_s: float, patience_s: float, clock_s: Callable[[], float] = time.perf_counter
) -> bool:
    """Waits until so many turns of the loop, one behind the other, take less than `turn_s` each: there was
    nearly nothing to do in them. One is not enough, for what has just come takes several to be done. False
    where there were none such for `patience_s`.
    """
    begun_s = now_s = clock_s()
    quiet = 0
    while now_s - begun_s <= patience_s:
        await asyncio.sleep(0)
        before_s, now_s = now_s, clock_s()
        if now_s - before_s < turn_s:
            quiet += 1
            if quiet >= turns:
                return True
        else:
            quiet = 0
            await asyncio.sleep(LOOK_AGAIN_S)
            now_s = clock_s()
    return False
