"""TensorRT for RTX and the CUDA bindings, where there are packages of them. No card is needed to build a plan
for one, so they are installed whether there is a card here or not.
"""

import platform
import sys
from dataclasses import replace

from deploy.installer import install_locked
from deploy.step import Job, Step
from deploy.steps.packages import lock_step
from deploy.troubles import HashMismatch, Trouble

TITLE = "TensorRT for RTX"


def has_packages(system: str, machine: str) -> bool:
    """Whether there are packages for this system (sys.platform) and processor (platform.machine())."""
    return system in {"linux", "win32"} and machine.lower() in {"x86_64", "amd64"}


def work(job: Job) -> str | None:
    try:
        install_locked(job, TITLE, "rtx", log=STEP.name)
    except HashMismatch:
        raise
    except Trouble as trouble:
        job.progress.note(f"{trouble}")
        return "not installed: the other engines serve"
    return None


def needed(_job: Job) -> bool:
    return has_packages(sys.platform, platform.machine())


STEP: Step = replace(
    lock_step("nvidia", TITLE, ("rtx",), checkout_mb=600),
    work=work,
    needed=needed,
)
