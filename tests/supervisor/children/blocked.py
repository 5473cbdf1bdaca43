"""A child whose event loop hangs for ever once it is Ready."""

import asyncio
import threading

from actors.host import Child, run_child


async def serve(child: Child) -> None:
    await child.ready()
    await asyncio.sleep(0.1)  # Ready goes out first
    threading.Event().wait()


if __name__ == "__main__":
    run_child(serve)
