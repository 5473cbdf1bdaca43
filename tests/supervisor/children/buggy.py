"""A child with a bug."""

from actors.host import Child, run_child


async def serve(child: Child) -> None:
    child.facts = lambda: {"share": 1 / len(child.brief.settings)}
    await child.ready()


if __name__ == "__main__":
    run_child(serve)
