"""A child that ends by itself, with status 0, as soon as another child is ready."""

import asyncio

from actors.host import Child, run_child


async def serve(child: Child) -> None:
    leave = asyncio.Event()
    child.on_notice(lambda _: leave.set())
    await child.ready()
    await leave.wait()


if __name__ == "__main__":
    run_child(serve)
