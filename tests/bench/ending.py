"""How a bench that started nodes of its own ends when it is told to."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def run_bench(bench: Coroutine[Any, Any, T]) -> T:
    """asyncio.run, where SIGTERM does what Ctrl + C does: the nodes are ended, too."""

    async def main() -> T:
        mine = asyncio.current_task()
        assert mine is not None
        with suppress(NotImplementedError):  # on Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, mine.cancel)
        return await bench

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
