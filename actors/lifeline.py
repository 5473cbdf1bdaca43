"""The child's half of "no process outlives its parent" on Linux; the parent's half is supervisor/orphans.py.

On Windows the parent's Job Object does all of it and there is nothing to do here.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent ends; end at once if it has ended already.

    Call it first thing in any process that one of ours starts. The kernel watches the parent's
    *thread* that started us, hence children are started from main threads only.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl(PR_SET_PDEATHSIG): {os.strerror(code)}")
    if os.getppid() != parent_pid:  # it ended before the call above
        os._exit(3)
