"""What `samovar up` prints: a line for each step of each process, then where to go."""

import contextlib
from collections.abc import Callable
from typing import Any

from supervisor.strategy import State
from supervisor.tree_messages import ChildView

SETTLED = (State.READY, State.PARKED)
PROGRESS_PAUSE_S = 1.0


class Progress:
    """The audience of a node at a terminal.

    `write` takes a line; a terminal that is gone is no reason to stop the node.
    """

    def __init__(self, children: list[str], write: Callable[[str], None]) -> None:
        self.children = children
        self.write = write
        self.states: dict[str, State] = {}
        self.last_progress: dict[str, tuple[str, float]] = {}
        self.started_s: dict[str, float] = {}
        self.facts_of: dict[str, dict[str, Any]] = {}
        self.up = False
        self.code = ""  # the one-time code that was printed last

    def say(self, line: str) -> None:
        with contextlib.suppress(OSError):
            self.write(line)

    def changed(self, view: ChildView, now_s: float) -> None:
        before = self.states.get(view.name)
        if before is view.state:
            return
        self.states[view.name] = view.state
        self.facts_of[view.name] = view.facts
        match view.state:
            case State.READY:
                self.child(view.name, f"ready after {now_s - view.started_s:.1f} s{self.details(view)}")
            case State.BACKOFF:
                self.child(view.name, f"{one_line(view.why)}; starting it again")
            case State.PARKED:
                pause = max(0.0, view.retry_s - now_s)
                self.child(view.name, f"{one_line(view.why)}; parked, tried again in {pause:.0f} s")
            case State.STARTING | State.WAITING | State.STOPPING | State.STOPPED:
                pass
        if not self.up and all(self.states.get(name) in SETTLED for name in self.children):
            self.up = True
            self.where_to_go()

    def facts(self, view: ChildView, now_s: float) -> None:
        """Prints what a starting child says of its progress, once a second at most; and a fresh one-time
        code, as there is after too many wrong ones and after a restart of the web process.
        """
        if view.name == "web" and self.up:
            self.setup_code(view.facts)
        text = view.facts.get("progress")
        if view.state is not State.STARTING or not isinstance(text, str) or not text:
            return
        last, then_s = self.last_progress.get(view.name, ("", -PROGRESS_PAUSE_S))
        if text != last and now_s - then_s >= PROGRESS_PAUSE_S:
            self.last_progress[view.name] = (text, now_s)
            self.child(view.name, one_line(text))

    def stopping(self) -> None:
        self.say("Stopping …")

    def child(self, name: str, text: str) -> None:
        width = max(map(len, self.children))
        self.say(f"  {name:<{width}}  {text}")

    def details(self, view: ChildView) -> str:
        shown = [str(view.facts[key]) for key in ("engine", "model") if view.facts.get(key)]
        return f" ({', '.join(shown)})" if shown else ""

    def where_to_go(self) -> None:
        web = self.facts_of.get("web", {})
        url = web.get("url")
        if not url:
            return
        self.say(f"Open {url}")
        if web.get("setup_needed"):
            self.say("First visit: choose a name and a password there.")
        self.setup_code(web)
        self.say("Ctrl-C stops it.")

    def setup_code(self, web: dict[str, Any]) -> None:
        code = web.get("setup_code")
        if isinstance(code, str) and code != self.code and web.get("setup_needed"):
            self.code = code
            self.say(f"From another machine it asks for this one-time code: {code}")


def one_line(text: str) -> str:
    return " ".join(text.split())
