"""Supervision as a pure state machine: when which child is started, stopped, killed, left alone.

The semantics are OTP's (supervisor(3)): children are started left to right, each when the one before
is Ready, and stopped right to left. When a child of a one_for_one group ends, it alone is started
again; in a rest_for_one group those to its right are stopped first and started again after it.
More than `limit` restarts in `period_s` park a child: it is tried again every `retry_parked_s`.

Facts go in as method calls with the time (monotonic seconds), Actions come out; nothing here waits.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Literal

from msgspec import Struct

from actors.intensity import Backoff, Intensity, Park, Restart

# -- what is to be supervised ---------------------------------------------------------------------


class ChildSpec(Struct, frozen=True):
    """One child process, as data."""

    name: str
    module: str  # run as `python -m module`
    limit: int = 5  # restarts …
    period_s: float = 10.0  # … within this long, before it is parked
    boot_limit_s: float = 60.0  # from its start until it is Ready
    heartbeat_limit_s: float = 5.0  # silence of a Ready child that counts as hung


class Group(Struct, frozen=True):
    """Neighbours that are restarted alike."""

    children: tuple[ChildSpec, ...]
    strategy: Literal["one_for_one", "rest_for_one"] = "one_for_one"


class TreeSpec(Struct, frozen=True):
    groups: tuple[Group, ...]
    retry_parked_s: float = 30.0
    stop_s: float = 5.0  # for the whole tree; what is left then is killed
    stop_rest_s: float = 1.0  # for the rest of a rest_for_one group, whose work is lost anyway
    backoff: Backoff = Backoff()


# -- what is to be done ---------------------------------------------------------------------------


class StartChild(Struct, frozen=True):
    name: str


class StopChild(Struct, frozen=True):
    """Ask it to end; KillChild follows when it has not after `within_s`."""

    name: str
    within_s: float


class KillChild(Struct, frozen=True):
    name: str
    why: str


Action = StartChild | StopChild | KillChild

# -- the machine ----------------------------------------------------------------------------------


class State(Enum):
    WAITING = "waiting"  # to be started as soon as those before it are up
    STARTING = "starting"  # runs, but is not Ready
    READY = "ready"
    STOPPING = "stopping"  # was told to stop, or is being killed
    BACKOFF = "backoff"  # is down; becomes WAITING soon
    PARKED = "parked"  # went down too often; becomes WAITING in a while
    STOPPED = "stopped"  # for good


RUNNING = (State.STARTING, State.READY, State.STOPPING)


class ChildState:
    """What the tree knows of one child."""

    def __init__(self, spec: ChildSpec, group: Group, backoff: Backoff) -> None:
        self.spec = spec
        self.group = group
        self.intensity = Intensity(spec.limit, spec.period_s, backoff)
        self.state = State.WAITING
        self.starts = 0
        self.settled = False  # was Ready or parked once: no longer holds up those to its right
        self.started_s = 0.0
        self.due_s = 0.0  # BACKOFF, PARKED: tried again then. STOPPING: killed then
        self.running_s = 0.0  # time that the supervisor saw pass since the start …
        self.silent_s = 0.0  # … and since it last heard from the child
        self.killed = ""  # why we killed it
        self.blameless = False  # its stop is not its fault: no restart is counted
        self.why = ""  # why it went down the last time

    @property
    def running(self) -> bool:
        return self.state in RUNNING

    @property
    def restarts(self) -> int:
        return max(0, self.starts - 1)


class Tree:
    """The children of a node, in their order. `jitter` gives numbers 0 ≤ j < 1."""

    def __init__(self, spec: TreeSpec, jitter: Callable[[], float]) -> None:
        self.spec = spec
        self.jitter = jitter
        self.children = {
            child.name: ChildState(child, group, spec.backoff)
            for group in spec.groups
            for child in group.children
        }
        self.stopping = False
        self.stop_by_s = 0.0
        self.now_s: float | None = None

    @property
    def finished(self) -> bool:
        """Stopped, and no process is left."""
        return self.stopping and all(child.state is State.STOPPED for child in self.children.values())

    # -- facts ----------------------------------------------------------------------------------

    def heard(self, name: str) -> None:
        """The child gave a sign of life."""
        self.children[name].silent_s = 0.0

    def ready(self, name: str, now_s: float) -> list[Action]:
        """The child said Ready."""
        child = self.children[name]
        if child.state is State.STARTING:
            child.state = State.READY
            child.settled = True
            child.silent_s = 0.0
        return self.start_who_may(now_s)

    def exited(self, name: str, why: str, now_s: float) -> list[Action]:
        """The child's process is gone, or could not be started at all."""
        child = self.children[name]
        if not child.running:
            return []
        if self.stopping:
            child.state = State.STOPPED
            return self.stop_next(now_s)
        if child.blameless:
            child.state = State.WAITING
            return self.start_who_may(now_s)
        child.why = child.killed or why
        match child.intensity.restarted(now_s, self.jitter()):
            case Restart(after_s):
                child.state = State.BACKOFF
                child.due_s = now_s + after_s
            case Park():
                self.park(child, now_s)
        return self.stop_the_rest(child, now_s) + self.start_who_may(now_s)

    def tick(self, now_s: float) -> list[Action]:
        """Time passes.

        A step longer than a second counts as one: while the supervisor itself (or the whole machine)
        slept, nobody was silent.
        """
        step = min(now_s - self.now_s, 1.0) if self.now_s is not None else 0.0
        self.now_s = now_s
        actions: list[Action] = []
        for child in self.children.values():
            child.running_s += step
            child.silent_s += step
            if child.state is State.STARTING and child.running_s > child.spec.boot_limit_s:
                actions += self.kill(child, f"not ready within {child.spec.boot_limit_s:g} s", now_s)
            elif child.state is State.READY and child.silent_s > child.spec.heartbeat_limit_s:
                actions += self.kill(child, f"no heartbeat for {child.spec.heartbeat_limit_s:g} s", now_s)
            elif child.state is State.STOPPING and now_s >= child.due_s and not child.killed:
                actions += self.kill(child, "did not stop in time", now_s)
            elif child.state in {State.BACKOFF, State.PARKED} and now_s >= child.due_s:
                child.state = State.WAITING
        return actions + self.start_who_may(now_s)

    def stop(self, now_s: float, within_s: float | None = None) -> list[Action]:
        """Stop all, right to left, within `stop_s`; called again: within `within_s` from now."""
        self.stop_by_s = now_s + (self.spec.stop_s if within_s is None else within_s)
        if not self.stopping:
            self.stopping = True
            for child in self.children.values():
                if not child.running:
                    child.state = State.STOPPED
        for child in self.running_children():
            if child.state is State.STOPPING:
                child.due_s = min(child.due_s, self.stop_by_s)
        return self.stop_next(now_s)

    # -- what follows from them ---------------------------------------------------------------------

    def running_children(self) -> list[ChildState]:
        return [child for child in self.children.values() if child.running]

    def start_who_may(self, now_s: float) -> list[Action]:
        return [self.start(child, now_s) for child in self.children.values() if self.may_start(child)]

    def may_start(self, child: ChildState) -> bool:
        if self.stopping or child.state is not State.WAITING:
            return False
        if child.starts == 0 and not all(other.settled for other in self.left_of(child)):
            return False
        if child.group.strategy == "one_for_one":
            return True
        group = [self.children[spec.name] for spec in child.group.children]
        place = group.index(child)
        return all(other.state is State.READY for other in group[:place]) and not any(
            other.running for other in group[place + 1 :]
        )

    def left_of(self, child: ChildState) -> Iterator[ChildState]:
        for other in self.children.values():
            if other is child:
                return
            yield other

    def start(self, child: ChildState, now_s: float) -> Action:
        child.state = State.STARTING
        child.starts += 1
        child.started_s = now_s
        child.running_s = child.silent_s = 0.0
        child.killed = ""
        child.blameless = False
        return StartChild(child.spec.name)

    def park(self, child: ChildState, now_s: float) -> None:
        child.state = State.PARKED
        child.settled = True
        child.due_s = now_s + self.spec.retry_parked_s

    def kill(self, child: ChildState, why: str, now_s: float) -> list[Action]:
        child.state = State.STOPPING
        child.due_s = now_s
        child.killed = why
        return [KillChild(child.spec.name, why)]

    def stop_the_rest(self, child: ChildState, now_s: float) -> list[Action]:
        """Those to the right in a rest_for_one group depend on the child that is gone."""
        if child.group.strategy == "one_for_one":
            return []
        group = [self.children[spec.name] for spec in child.group.children]
        actions: list[Action] = []
        for other in reversed(group[group.index(child) + 1 :]):
            if other.running:
                other.blameless = True
                other.why = f"started again because {child.spec.name} was"
            if other.state in {State.STARTING, State.READY}:
                other.state = State.STOPPING
                other.due_s = now_s + self.spec.stop_rest_s
                actions.append(StopChild(other.spec.name, self.spec.stop_rest_s))
        return actions

    def stop_next(self, now_s: float) -> list[Action]:
        """Right to left, one at a time; each gets its share of the time that is left."""
        running = self.running_children()
        if not running or running[-1].state is State.STOPPING:
            return []
        child = running[-1]
        within_s = max(0.0, self.stop_by_s - now_s) / len(running)
        child.state = State.STOPPING
        child.due_s = now_s + within_s
        return [StopChild(child.spec.name, within_s)]
