"""How many processors a runtime should use."""

import os

import psutil


def physical_cores() -> int:
    """Cores that this process may run on, hyperthreads not counted twice."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))
