"""Huge pages: what the process holds in memory, the weights above all, is moved into pages of 2 MB.

A step reads all weights once, in order. In pages of 4 KB some 3 % of its time goes into finding
where they lie. Only Linux is asked, from 6.1 on, and not where its administrator wants none.
"""

import ctypes
import sys
from pathlib import Path

HUGE = 2 << 20
COLLAPSE = 25  # MADV_COLLAPSE; Python's mmap does not know it, and the runtime's memory is not Python's
SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def move_into_huge_pages() -> int:
    """How many pages there are now. What the system refuses stays as it is: memory that was marked as not
    wanted in huge pages (as the key/value cache is), or a time when it has no 2 MB in one piece.
    """
    if sys.platform != "linux" or not SWITCH.exists() or "[never]" in SWITCH.read_text(encoding="ascii"):
        return 0
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    return sum(advise(page, HUGE, COLLAPSE) == 0 for line in lines for page in whole_pages(line))


def whole_pages(line: str) -> range:
    """Addresses of the huge pages that have room in a line of /proc/self/maps; none in a file's memory."""
    area, rights, _, _, _, *name = line.split(maxsplit=5)
    if rights != "rw-p" or name not in ([], ["[heap]"]):
        return range(0)
    start, end = (int(address, 16) for address in area.split("-"))
    return range(-(-start // HUGE) * HUGE, end // HUGE * HUGE, HUGE)
