"""`python3 -m deploy run`: the set-up where it is due, then `samovar up` in this process's place."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.port import address_of, check_port, data_folder
from deploy.setup import set_up
from deploy.step import Job


def run(job: Job, arguments: Sequence[str]) -> int:
    """Set up, then start the node with `arguments`. Returns only on Windows, with the node's status.

    Raises a Trouble before anything is started.
    """
    data = data_folder(arguments, os.environ, sys.platform, Path.home())
    address = address_of(arguments, os.environ, data)
    if address:
        check_port(*address)
    set_up(job)
    return become(job.checkout.samovar, ["up", *arguments])


def become(program: Path, arguments: Sequence[str]) -> int:
    """Be `program` from here on: really so on POSIX, by waiting for it on Windows."""
    words = [str(program), *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execv(program, words)  # noqa: S606 - no shell is wanted
    with subprocess.Popen(words) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                # Ctrl-C reaches everything on this console: the node ends in its own order.
                continue
