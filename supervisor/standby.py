"""Standby: the next one of each process that replies pass through, loaded, while somebody is there.

A spare takes as much memory as its modules do (46 MB for the web process), so a node where nobody reads and
nothing is written keeps none.
"""

from typing import Any

from supervisor.launch import Launcher
from supervisor.strategy import State, TreeSpec
from supervisor.tree_messages import ChildView

ON_THE_WAY = frozenset({"web", "link", "engine"})
"""Processes that a reply passes through: readers wait for the one that takes their place."""


class Standby:
    def __init__(self, spec: TreeSpec, launcher: Launcher) -> None:
        children = [child for group in spec.groups for child in group.children]
        self.children = {child.name: child for child in children if child.name in ON_THE_WAY}
        self.launcher = launcher
        self.settings = launcher.settings.supervisor
        self.until_s = 0.0

    def facts(self, view: ChildView, now_s: float) -> None:
        """A child told how it is."""
        if is_wanted(view.facts):
            self.until_s = now_s + self.settings.standby_idle_s
        if self.settings.standby_s < 0 or view.name not in self.children:
            return
        if now_s >= self.until_s:
            self.launcher.do_without(view.name)
        elif view.state is State.READY and now_s - view.started_s >= self.settings.standby_s:
            self.launcher.prepare(self.children[view.name])


def is_wanted(facts: dict[str, Any]) -> bool:
    """Whether somebody reads, or a reply is made: what web and link tell of themselves."""
    queue: Any = facts.get("queue") or {}
    return bool(facts.get("sockets") or facts.get("replies") or queue.get("running"))
