"""The most memory that this process has had."""

import sys

import psutil


def peak_megabytes() -> float:
    """Resident memory, in units of 10⁶ bytes."""
    process = psutil.Process()
    if sys.platform == "win32":
        return process.memory_info().peak_wset / 1e6
    import resource  # noqa: PLC0415 - there is none on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
