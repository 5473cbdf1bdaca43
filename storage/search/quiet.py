"""A quiet moment of the event loop, for work that can wait: tokens that stand ready go before it."""

import asyncio
import time
from collections.abc import Callable

LOOK_AGAIN_S = 0.001


async def quiet_moment(
    turn_s: float, patience_s: float, clock_s: Callable[[], float] = time.monotonic
) -> bool:
    """Waits until a turn of the loop takes less than `turn_s`: there was nearly nothing to do in it. False
    where none did for `patience_s`.
    """
    begun_s = now_s = clock_s()
    while now_s - begun_s <= patience_s:
        await asyncio.sleep(0)
        before_s, now_s = now_s, clock_s()
        if now_s - before_s < turn_s:
            return True
        await asyncio.sleep(LOOK_AGAIN_S)
        now_s = clock_s()
    return False
