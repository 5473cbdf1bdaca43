"""A child that ignores Stop."""

import asyncio

from actors.host import Child, run_child


async def serve(child: Child) -> None:
    await child.ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    run_child(serve)
