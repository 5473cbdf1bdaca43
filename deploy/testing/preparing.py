"""Makes the machine ready for the tests: the set-up of the checkout, and beside it Debian's packages."""

import io
import sys
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from deploy.progress import Progress
from deploy.setup import TEST_STEPS, set_up
from deploy.step import Job, go_through
from deploy.testing.debian import CHROMIUM, POSTGRES, VENV_MODULE
from deploy.troubles import Trouble

SYSTEM_PACKAGES = ((CHROMIUM, {"browser"}), (POSTGRES, {"unit"}))
"""What stages need of the system."""


class SetUpIsOverError(Exception):
    """Stops what still runs beside a set-up that has ended early."""


class Beside(Progress):
    """Of steps that run beside others: what is shown is kept until they have ended."""

    def __init__(self) -> None:
        self.kept = io.StringIO()
        super().__init__(self.kept)
        self.over = threading.Event()

    def tick(self) -> None:
        if self.over.is_set():
            raise SetUpIsOverError


def install_system_packages(job: Job, stages: Collection[str]) -> None:
    for step, users in SYSTEM_PACKAGES:
        if users.intersection(stages):
            try:
                go_through([step], job)
            except Trouble as trouble:
                # The tests that need it will fail, and the others still tell something.
                job.progress.note(f"{trouble}")


def prepare_machine(job: Job, stages: Collection[str]) -> None:
    """For the stages of these names. Raises a Trouble where nothing can be tested."""
    go_through([VENV_MODULE], job)
    beside = Beside()
    try:
        with ThreadPoolExecutor(1) as pool:
            installing = pool.submit(install_system_packages, replace(job, progress=beside), stages)
            try:
                set_up(job, TEST_STEPS)
                installing.result()
            finally:
                beside.over.set()  # the pool waits until what runs has been stopped
    finally:
        sys.stdout.write(beside.kept.getvalue())
        sys.stdout.flush()
