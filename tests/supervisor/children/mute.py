"""A child that lives but is never Ready."""

from actors.host import Child, run_child


async def serve(child: Child) -> None:
    await child.stopping.wait()


if __name__ == "__main__":
    run_child(serve)
