"""Keeps a Windows PC awake while it makes replies, and lets it sleep afterwards.

The door is SetThreadExecutionState: it speaks for the thread that calls it, so everything here happens on
the supervisor's main thread, and ends with it. It says that the system is needed, not the display.
https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-setthreadexecutionstate
"""

import ctypes
import logging
import sys
from collections.abc import Callable

from supervisor.node import Audience
from supervisor.strategy import State
from supervisor.tree_messages import ChildView

log = logging.getLogger(__name__)

ES_CONTINUOUS = 0x80000000
ES_SYSTEM_REQUIRED = 0x00000001

NeedSystem = Callable[[bool], bool]


def need_system(needed: bool) -> bool:
    """Tell Windows whether the system must stay awake; whether it has understood."""
    if sys.platform != "win32":
        return True
    flags = ES_CONTINUOUS | (ES_SYSTEM_REQUIRED if needed else 0)
    return bool(ctypes.windll.kernel32.SetThreadExecutionState(ctypes.c_uint(flags)))


class Awake:
    """Passes everything on to another audience, and looks at the replies that the link holds.

    `linger_s`: how long the PC is still kept awake when the last reply has ended; the next one often follows.
    """

    def __init__(self, audience: Audience, linger_s: float, need: NeedSystem = need_system) -> None:
        self.audience = audience
        self.linger_s = linger_s
        self.need = need
        self.needed = False
        self.until_s = 0.0

    def changed(self, view: ChildView, now_s: float) -> None:
        self.audience.changed(view, now_s)
        if view.name == "link" and view.state is not State.READY:
            self.look(now_s, replies=0)

    def facts(self, view: ChildView, now_s: float) -> None:
        self.audience.facts(view, now_s)
        if view.name == "link":
            replies = view.facts.get("replies")
            self.look(now_s, replies if isinstance(replies, int) else 0)

    def stopping(self) -> None:
        self.audience.stopping()
        self.say(needed=False)

    def look(self, now_s: float, replies: int) -> None:
        if replies:
            self.until_s = now_s + self.linger_s
        self.say(needed=replies > 0 or now_s < self.until_s)

    def say(self, *, needed: bool) -> None:
        if needed == self.needed:
            return
        self.needed = needed
        if not self.need(needed):
            log.warning("Windows does not let itself be kept awake")
