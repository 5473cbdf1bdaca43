"""How much the cores do together: two of a virtual machine may be the halves of one."""

import os
import subprocess
import sys

LOOP = """
import time
began = time.perf_counter()
for _ in range(6_000_000):
    pass
print(time.perf_counter() - began)
"""


def seconds_of(processes: int) -> float:
    """The slowest of so many loops side by side."""
    loops = [subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE) for _ in range(processes)]
    return max(float(loop.communicate(timeout=60)[0]) for loop in loops)


def together() -> float:
    """What all cores do at once, in units of what one does alone: at best their number."""
    cores = os.cpu_count() or 1
    return round(cores * seconds_of(1) / seconds_of(cores), 2)
