"""TensorRT for RTX and the CUDA bindings, where there is an NVIDIA driver; elsewhere they are of no use."""

import ctypes.util
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from deploy.installer import install_locked
from deploy.step import Job, Step
from deploy.steps.packages import lock_step
from deploy.troubles import HashMismatch, Trouble

TITLE = "TensorRT for RTX"


def has_driver(platform: str, environ: Mapping[str, str], root: Path = Path("/")) -> bool:
    """Whether the NVIDIA driver is installed; whether it works is told by the engine when it starts."""
    if platform == "win32":
        return (Path(environ.get("SystemRoot", r"C:\Windows")) / "System32" / "nvcuda.dll").exists()
    return (root / "proc/driver/nvidia/version").exists() or (
        root == Path("/") and ctypes.util.find_library("cuda") is not None
    )


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
    return has_driver(sys.platform, os.environ)


STEP: Step = replace(
    lock_step("nvidia", TITLE, ("rtx",), checkout_mb=600),
    work=work,
    needed=needed,
)
