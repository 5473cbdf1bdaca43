"""A child with a child of its own, whose process id is a fact."""

import os
import subprocess
import sys

from actors.host import Child, run_child

GRANDCHILD = """
import os, sys, threading
from actors.lifeline import die_with_parent
die_with_parent(int(sys.argv[1]))
print("bound", flush=True)
threading.Event().wait()
"""


async def serve(child: Child) -> None:
    process = subprocess.Popen(  # noqa: ASYNC220 - before anything else is served
        [sys.executable, "-c", GRANDCHILD, str(os.getpid())], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "bound\n"
    child.facts = lambda: {"grandchild": process.pid}
    await child.ready()
    await child.stopping.wait()
    process.kill()
    process.wait()


if __name__ == "__main__":
    run_child(serve)
