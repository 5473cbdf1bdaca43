"""Hush: a process that loads ahead of its turn runs when nothing else wants to (SCHED_IDLE).

To load the modules of a process takes half a second of a core. On a server with one, the replies that are
shown meanwhile would stutter for a process that nobody may ever need.

Linux alone, and only where the way back is open: leaving SCHED_IDLE takes CAP_SYS_NICE or RLIMIT_NICE, which
the unit of the VDS gives (LimitNICE). Elsewhere processes load as ever.
"""

import contextlib
import os
import sys
from pathlib import Path

CAP_SYS_NICE = 23  # linux/capability.h
NICE_0 = 20  # RLIMIT_NICE counts from 20 down: this much permits nice 0, which all of ours have

if sys.platform == "linux":
    import resource

    def may_come_back(status: Path = Path("/proc/self/status")) -> bool:
        """Whether a child that was hushed can be roused."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NICE)
        if limit == resource.RLIM_INFINITY or limit >= NICE_0:
            return True
        try:
            lines = status.read_text().splitlines()
        except OSError:
            return False
        effective = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
        return bool(int(effective, 16) >> CAP_SYS_NICE & 1)

    def hush(pid: int) -> bool:
        """For a child that has one thread yet; those that it makes are like it. Whether it is hushed now."""
        if not may_come_back():
            return False
        try:
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        except OSError:
            return False
        return True

    def rouse(pid: int) -> None:
        """All threads of a child that was hushed are as others again."""
        with contextlib.suppress(OSError):  # it ended
            os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))  # threads to come are like this one
            for thread in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(OSError):  # the thread ended
                    os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))

else:

    def hush(pid: int) -> bool:
        """Not here."""
        del pid
        return False

    def rouse(pid: int) -> None:
        """Nothing was hushed."""
        del pid
