"""The set-up: its steps, in their order."""

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deploy.checkout import Checkout, find_uv
from deploy.only_one import only_one
from deploy.progress import Progress, seconds
from deploy.space import check_space, needs_of
from deploy.step import Job, Step, go_through
from deploy.steps import crypto, environment, interface, model, nvidia, packages, program
from deploy.troubles import DiskFull, NoPermission, Trouble

RUNTIME_STEPS: tuple[Step, ...] = (
    environment.STEP,
    packages.RUNTIME,
    nvidia.STEP,
    program.STEP,
    interface.NODE,
    interface.PACKAGES,
    interface.BUILD,
    crypto.STEP,
    model.STEP,
)
TEST_STEPS: tuple[Step, ...] = (
    environment.STEP,
    packages.RUNTIME,
    nvidia.STEP,
    packages.TEST,
    program.STEP,
    interface.NODE_FOR_TESTS,
    interface.PACKAGES_FOR_TESTS,
    interface.BUILD,
    crypto.STEP,
    model.STEP,
)

# Would lead the tools to another environment than this checkout's.
MISLEADING = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX")


def job_for(checkout: Checkout, progress: Progress) -> Job:
    """The job with the tools found on this machine."""
    environ = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    environ["NO_COLOR"] = "1"  # logs are read as plain text
    return Job(
        checkout=checkout,
        progress=progress,
        uv=find_uv(),
        cargo=shutil.which("cargo"),
        environ=environ,
    )


def set_up(job: Job, steps: Sequence[Step] = RUNTIME_STEPS) -> int:
    """Do what is due; how many steps were. Raises a Trouble with the remedy, whatever went wrong."""
    started = time.monotonic()
    records = job.checkout.records
    try:
        with only_one(records / "lock", tell=job.progress.note) as handle:
            holding = replace(job, lock_handle=handle)
            check_space(needs_of(steps, holding))
            worked = go_through(steps, holding)
    except OSError as error:
        raise trouble_of(error) from error
    if worked:
        job.progress.note(f"set up in {seconds(time.monotonic() - started)}")
    return worked


def trouble_of(error: OSError) -> Trouble:
    """The trouble behind a refusal of the operating system."""
    place = Path(str(error.filename)) if error.filename else "a file"
    if isinstance(error, PermissionError):
        return NoPermission(
            f"{place} may not be written: run as its owner, or give it to this user, then run the same again"
        )
    if error.errno == 28:  # ENOSPC, the same number on Windows
        return DiskFull(f"the disk of {place} is full: make room, then run the same again")
    return Trouble(f"{place}: {error.strerror or error}")
