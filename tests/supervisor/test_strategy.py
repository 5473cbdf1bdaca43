"""Supervision without processes: the rules by example, then by properties over random histories."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from supervisor.strategy import (
    Action,
    ChildSpec,
    Group,
    KillChild,
    StartChild,
    State,
    StopChild,
    Tree,
    TreeSpec,
)

WEB, LINK, ENGINE, HEALTH = (
    ChildSpec(name, f"{name}_process", limit=2, period_s=10) for name in ("web", "link", "engine", "health")
)
NODE = TreeSpec((Group((WEB,)), Group((LINK, ENGINE), "rest_for_one"), Group((HEALTH,))))


def tree_up() -> Tree:
    tree = Tree(NODE, jitter=lambda: 0.0)
    assert tree.tick(0) == [StartChild("web")]
    for name in tree.children:
        tree.ready(name, 0)
    assert {child.state for child in tree.children.values()} == {State.READY}
    return tree


def state(tree: Tree) -> dict[str, str]:
    return {name: child.state.value for name, child in tree.children.items()}


def test_children_start_left_to_right_each_when_the_one_before_is_ready() -> None:
    tree = Tree(NODE, jitter=lambda: 0.0)
    assert tree.tick(0) == [StartChild("web")]
    assert tree.tick(1) == []
    assert tree.ready("web", 2) == [StartChild("link")]
    assert tree.ready("link", 3) == [StartChild("engine")]
    assert tree.ready("engine", 4) == [StartChild("health")]


def test_a_child_that_is_restarted_does_not_hold_up_those_to_its_right() -> None:
    tree = Tree(NODE, jitter=lambda: 0.0)
    tree.tick(0)
    tree.ready("web", 0)
    tree.exited("web", "crashed", 1)
    assert tree.ready("link", 1) == [StartChild("engine")]


def test_a_child_that_is_parked_at_its_start_does_not_hold_up_other_groups() -> None:
    tree = Tree(NODE, jitter=lambda: 0.0)
    now = 0.0
    tree.tick(now)
    started: list[Action] = []
    while state(tree)["web"] != "parked":
        now += 0.5
        started = tree.exited("web", "crashed", now)
        tree.tick(now + 0.4)
    assert started == [StartChild("link")]


def test_in_a_one_for_one_group_only_the_child_that_ended_is_restarted() -> None:
    tree = tree_up()
    assert tree.exited("web", "crashed", 1) == []
    assert state(tree) == {"web": "backoff", "link": "ready", "engine": "ready", "health": "ready"}
    assert tree.tick(1.05) == [StartChild("web")]
    assert tree.children["web"].restarts == 1
    assert tree.children["web"].why == "crashed"


def test_in_a_rest_for_one_group_those_to_the_right_are_stopped_and_started_after() -> None:
    tree = tree_up()
    assert tree.exited("link", "crashed", 1) == [StopChild("engine", 1.0)]
    assert tree.tick(1.5) == [], "the link waits until the engine is gone"
    assert tree.exited("engine", "status 0", 1.6) == [StartChild("link")]
    assert tree.ready("link", 2) == [StartChild("engine")]
    assert tree.children["engine"].why == "started again because link was"


def test_in_a_rest_for_one_group_those_to_the_left_stay() -> None:
    tree = tree_up()
    assert tree.exited("engine", "crashed", 1) == []
    assert state(tree)["link"] == "ready"
    assert tree.tick(1.05) == [StartChild("engine")]


def test_a_restart_for_the_sake_of_another_child_does_not_count_against_the_limit() -> None:
    tree = tree_up()
    for round_ in range(5):
        now = 1.0 + round_ * 100
        tree.exited("link", "crashed", now)
        tree.exited("engine", "status 0", now)
        tree.tick(now + 1)
        tree.ready("link", now + 2)
        tree.ready("engine", now + 3)
    assert state(tree)["engine"] == "ready"
    assert tree.children["engine"].restarts == 5
    assert not tree.children["engine"].intensity.restarts


def test_a_crash_loop_is_parked_and_tried_again_after_the_pause() -> None:
    tree = tree_up()
    for now in (1.0, 2.0):
        tree.exited("health", "crashed", now)
        assert tree.tick(now + 0.5) == [StartChild("health")]
    tree.exited("health", "crashed", 3)
    assert state(tree)["health"] == "parked"
    assert tree.tick(32.9) == []
    assert tree.tick(33) == [StartChild("health")]
    tree.ready("health", 33)
    assert state(tree)["health"] == "ready"


def test_a_child_that_is_not_ready_within_its_boot_limit_is_killed_and_restarted() -> None:
    tree = Tree(NODE, jitter=lambda: 0.0)
    tree.tick(0)
    actions = [action for now in range(1, 62) for action in tree.tick(now)]
    assert actions == [KillChild("web", "not ready within 60 s")]
    tree.exited("web", "killed by SIGKILL", 62)
    assert tree.children["web"].why == "not ready within 60 s"
    assert tree.tick(63) == [StartChild("web")]


def test_a_ready_child_that_falls_silent_is_killed_once() -> None:
    tree = tree_up()
    actions: list[Action] = []
    for now in range(1, 10):
        for name in ("web", "link", "engine"):
            tree.heard(name)
        actions += tree.tick(now)
    assert actions == [KillChild("health", "no heartbeat for 5 s")]


def test_nobody_is_blamed_for_silence_while_the_machine_slept() -> None:
    tree = tree_up()
    assert tree.tick(1000) == []


def test_the_tree_stops_right_to_left_within_its_limit() -> None:
    tree = tree_up()
    assert tree.stop(0) == [StopChild("health", 1.25)]
    assert tree.exited("health", "status 0", 0.5) == [StopChild("engine", 1.5)]
    assert tree.tick(1.9) == []
    assert tree.tick(2) == [KillChild("engine", "did not stop in time")]
    assert tree.exited("engine", "killed by SIGKILL", 2) == [StopChild("link", 1.5)]
    assert tree.exited("link", "status 0", 2) == [StopChild("web", 3)]
    assert not tree.finished
    assert tree.exited("web", "status 0", 2.5) == []
    assert tree.finished


def test_a_second_stop_with_no_time_kills_what_is_left() -> None:
    tree = tree_up()
    tree.stop(100)
    tree.stop(100.1, within_s=0)
    assert tree.tick(100.1) == [KillChild("health", "did not stop in time")]
    assert tree.exited("health", "killed by SIGKILL", 100.1) == [StopChild("engine", 0)]
    assert tree.tick(100.1) == [KillChild("engine", "did not stop in time")]


def test_nothing_is_started_any_more_once_the_tree_stops() -> None:
    tree = tree_up()
    tree.exited("web", "crashed", 1)
    tree.stop(1.01)
    assert tree.tick(50) == [KillChild("health", "did not stop in time")]
    assert state(tree)["web"] == "stopped"


class AnyHistory(RuleBasedStateMachine):
    """A played operating system: children crash, hang, obey or not, at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.tree = Tree(NODE, jitter=lambda: 0.5)
        self.processes: set[str] = set()
        self.doomed: set[str] = set()
        self.order = list(self.tree.children)
        self.asked_at = 0.0

    def obey(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case StartChild(name):
                    assert name not in self.processes, "two processes of one child"
                    assert not self.tree.stopping
                    self.check_start(name)
                    self.processes.add(name)
                case StopChild(name):
                    assert name in self.processes
                    if self.tree.stopping:
                        right = self.order[self.order.index(name) + 1 :]
                        assert not self.processes.intersection(right), "stopped before those to its right"
                case KillChild(name):
                    assert name in self.processes
                    self.doomed.add(name)

    def check_start(self, name: str) -> None:
        child = self.tree.children[name]
        if child.starts == 1:
            before = self.order[: self.order.index(name)]
            assert all(self.tree.children[other].settled for other in before)
        if name == "engine":
            assert self.tree.children["link"].state is State.READY
        if name == "link":
            assert "engine" not in self.processes

    def end(self, name: str) -> None:
        self.processes.discard(name)
        self.doomed.discard(name)
        self.obey(self.tree.exited(name, "ended", self.now))

    @rule(step=st.floats(0.01, 8))
    def time_passes(self, step: float) -> None:
        self.now += step
        self.obey(self.tree.tick(self.now))

    @rule(data=st.data())
    @precondition(lambda self: bool(self.processes))
    def a_process_ends(self, data: st.DataObject) -> None:
        self.end(data.draw(st.sampled_from(sorted(self.processes))))

    @rule(data=st.data())
    @precondition(lambda self: bool(self.processes))
    def a_child_is_ready(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.processes)))
        self.obey(self.tree.ready(name, self.now))

    @rule(data=st.data())
    @precondition(lambda self: bool(self.processes))
    def a_child_is_heard(self, data: st.DataObject) -> None:
        self.tree.heard(data.draw(st.sampled_from(sorted(self.processes))))

    @rule()
    def the_killed_are_gone(self) -> None:
        for name in sorted(self.doomed):
            self.end(name)

    @rule()
    def late_news_of_the_gone_changes_nothing(self) -> None:
        for name in set(self.order) - self.processes:
            before = state(self.tree)
            self.obey(self.tree.exited(name, "ended", self.now))
            assert state(self.tree) == before

    @invariant()
    def the_tree_knows_which_processes_run(self) -> None:
        assert {name for name, child in self.tree.children.items() if child.running} == self.processes

    @invariant()
    def no_one_goes_on_without_those_it_rests_on(self) -> None:
        engine = self.tree.children["engine"]
        if engine.state in {State.STARTING, State.READY}:
            assert "link" in self.processes

    def teardown(self) -> None:
        """In peace, the whole tree comes up; told to stop, it is gone within the limit."""
        for _ in range(200):
            self.now += 0.5
            self.obey(self.tree.tick(self.now))
            for name in sorted(self.processes):
                if self.tree.children[name].state is State.STOPPING:
                    self.end(name)
                else:
                    self.tree.heard(name)
                    self.obey(self.tree.ready(name, self.now))
        assert set(state(self.tree).values()) == {"ready"}
        begun = self.now
        self.obey(self.tree.stop(begun))
        while not self.tree.finished:
            self.now += 0.02
            assert self.now - begun < NODE.stop_s + 0.2, "nobody obeys, yet it takes too long"
            self.obey(self.tree.tick(self.now))
            for name in sorted(self.doomed):
                self.end(name)


AnyHistory.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_any_history = AnyHistory.TestCase
