"""A child that fails at once; with a file `mended` in the data folder it serves."""

from actors.host import CannotServeError, Child, run_child


async def serve(child: Child) -> None:
    if not (child.data / "mended").exists():
        raise CannotServeError("The shelf is empty: put a file named mended there.")
    await child.ready()
    await child.stopping.wait()


if __name__ == "__main__":
    run_child(serve)
