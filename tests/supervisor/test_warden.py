"""Root and wardens inside the test's process, with short-lived real processes and a played outside."""

import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest

from actors.intensity import Backoff
from actors.messages.control import (
    Alive,
    ChildDown,
    ChildReady,
    Failed,
    Heartbeat,
    Hello,
    Ready,
    Stop,
    ToChild,
)
from supervisor.errors import ExposedKeyError
from supervisor.launch import Launch, Ports
from supervisor.orphans import Leash
from supervisor.strategy import ChildSpec, Group, State, TreeSpec
from supervisor.tree_messages import ChildSaid, ChildView, ProcessEnded, StopNode, Tick
from supervisor.warden import Wardens, in_words

WAITS = "import sys; sys.stdin.read()"


class PlayedOutside:
    """Starts `python -c code`; remembers what was said to whom. `broken` calls raise as bugs do."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.code = WAITS
        self.program = sys.executable
        self.refusal: Exception | None = None
        self.broken: list[str] = []
        self.launched: list[str] = []
        self.said: list[tuple[str, ToChild]] = []
        self.present: set[str] = set()
        self.states: list[str] = []
        self.boots: dict[str, UUID] = {}
        self.prepared: list[str] = []
        self.spare: Leash | None = None

    def break_if_asked(self, name: str) -> None:
        if name in self.broken:
            self.broken.remove(name)
            raise ZeroDivisionError(name)

    def launch(self, spec: ChildSpec, boot: UUID, ports: Ports) -> Launch:
        if self.refusal is not None:
            raise self.refusal
        self.launched.append(spec.name)
        self.boots[spec.name] = boot
        command = [self.program, "-c", self.code]
        out = self.tmp_path / f"{spec.name}.out"
        spare, self.spare = self.spare, None
        return Launch(command, dict(os.environ), b"a secret\n", out, spare)

    def prepare(self, spec: ChildSpec) -> None:
        self.prepared.append(spec.name)

    def new_boot(self) -> UUID:
        return uuid4()

    def say(self, child: str, message: ToChild) -> bool:
        self.break_if_asked("say")
        if child in self.present:
            self.said.append((child, message))
        return child in self.present

    def forget(self, child: str) -> None:
        self.present.discard(child)

    def child_changed(self, view: ChildView) -> None:
        self.break_if_asked("child_changed")
        line = f"{view.name} {view.state.value}"
        if not self.states or self.states[-1] != line:
            self.states.append(line)

    def child_facts(self, view: ChildView) -> None: ...


class SmallTree:
    def __init__(self, outside: PlayedOutside, *names: str, **limits: Any) -> None:
        groups = tuple(Group((ChildSpec(name, "unused", **limits),)) for name in names)
        log = outside.tmp_path / "thespian.log"
        self.outside = outside
        self.wardens = Wardens(TreeSpec(groups, backoff=Backoff(0, 0)), outside, lambda: 0.0, log)
        self.now_s = 0.0

    def tick(self, step_s: float = 0.02) -> None:
        self.now_s += step_s
        self.wardens.tell(Tick(self.now_s))

    def hear(self, name: str, message: Any) -> None:
        self.outside.present.add(name)
        self.wardens.tell(ChildSaid(name, message, self.now_s))

    def view(self, name: str) -> ChildView:
        return next(view for view in self.wardens.look()[0] if view.name == name)

    def one_end(self) -> ProcessEnded:
        """The next process that ends."""
        ended = self.wardens.exits.get(timeout=30)
        return ProcessEnded(ended.name, ended.boot, ended.code, self.now_s)

    def close(self) -> None:
        self.wardens.tell(StopNode(self.now_s, 0.0))
        until = time.monotonic() + 30
        while not self.wardens.look()[1] and time.monotonic() < until:
            for ended in self.wardens.ended():
                self.wardens.tell(ended)
            self.tick()
        over = self.wardens.look()[1]
        self.wardens.close()
        assert over


@pytest.fixture
def outside(tmp_path: Path) -> PlayedOutside:
    return PlayedOutside(tmp_path)


@pytest.fixture
def tree(outside: PlayedOutside) -> Iterator[SmallTree]:
    small = SmallTree(outside, "a", "b", limit=1)
    yield small
    small.close()


def test_a_child_is_started_greeted_and_answered(tree: SmallTree, outside: PlayedOutside) -> None:
    tree.tick()
    assert outside.launched == ["a"]
    tree.hear("a", Hello(77))
    tree.hear("a", Ready({"main": 5}, {"x": 1}))
    assert outside.launched == ["a", "b"]
    tree.hear("b", Hello(78))
    tree.hear("b", Ready({}))
    tree.hear("a", Heartbeat({"x": 2}))
    assert outside.said == [
        ("b", ChildReady("a", {"main": 5})),
        ("a", ChildReady("b", {})),
        ("a", Alive()),
    ]
    view = tree.view("a")
    assert (view.state, view.pid, view.ports, view.facts) == (State.READY, 77, {"main": 5}, {"x": 2})


def test_ready_that_is_delivered_twice_counts_once(tree: SmallTree, outside: PlayedOutside) -> None:
    tree.tick()
    for _ in range(2):
        tree.hear("a", Ready({"main": 5}))
    assert outside.launched == ["a", "b"]
    assert outside.states.count("a ready") == 1


def test_the_end_of_a_process_counts_once(tree: SmallTree, outside: PlayedOutside) -> None:
    outside.code = "raise SystemExit(4)"
    tree.tick()
    ended = tree.one_end()
    for _ in range(3):
        tree.wardens.tell(ended)
    assert tree.view("a").why == "ended with status 4"
    assert outside.states == ["a starting", "a backoff"]


def test_the_end_of_an_earlier_process_does_not_touch_the_present_one(
    tree: SmallTree, outside: PlayedOutside
) -> None:
    tree.tick()
    tree.wardens.tell(ProcessEnded("a", uuid4(), 1, 0.0))
    assert tree.view("a").state is State.STARTING


def test_what_ended_and_will_be_started_again_is_prepared(tree: SmallTree, outside: PlayedOutside) -> None:
    outside.code = "raise SystemExit(4)"
    tree.tick()
    tree.wardens.tell(tree.one_end())
    assert outside.prepared == ["a"]
    tree.tick()
    tree.wardens.tell(tree.one_end())
    assert tree.view("a").state is State.PARKED
    assert outside.prepared == ["a"]


def test_nothing_is_prepared_in_a_stop(tree: SmallTree, outside: PlayedOutside) -> None:
    tree.tick()
    tree.wardens.tell(StopNode(tree.now_s, 0.0))
    tree.wardens.tell(tree.one_end())
    assert outside.prepared == []


def test_a_process_that_runs_already_is_the_one_that_is_briefed(
    tree: SmallTree, outside: PlayedOutside
) -> None:
    out = outside.tmp_path / "spare.out"
    code = "import sys; sys.exit(len(sys.stdin.readline()))"
    outside.spare = Leash([sys.executable, "-c", code], dict(os.environ), out)
    tree.tick()
    ended = tree.one_end()
    tree.wardens.tell(ended)
    assert ended.code == len("a secret\n")


def test_what_a_failing_child_says_of_itself_goes_before_its_exit_code(
    tree: SmallTree, outside: PlayedOutside
) -> None:
    outside.code = "raise SystemExit(1)"
    tree.tick()
    tree.hear("a", Failed("The port is taken."))
    tree.wardens.tell(tree.one_end())
    assert tree.view("a").why == "The port is taken."


def test_others_are_told_of_a_child_that_is_down(tree: SmallTree, outside: PlayedOutside) -> None:
    tree.tick()
    tree.hear("a", Ready({}))
    tree.hear("b", Ready({}))
    outside.said.clear()
    outside.code = "raise SystemExit(1)"
    tree.wardens.tell(StopNode(tree.now_s))
    assert outside.said == [("b", Stop(2.5))]
    outside.said.clear()
    os.kill(int(next(iter(children_of_this_process("b", outside)))), 9)
    tree.wardens.tell(tree.one_end())
    assert outside.said[0] == ("a", ChildDown("b", "was killed by SIGKILL"))


def children_of_this_process(name: str, outside: PlayedOutside) -> Iterator[int]:
    """The process whose output goes to this child's file."""
    for process in psutil.Process().children():
        target = os.path.realpath(f"/proc/{process.pid}/fd/1")
        if target == str(outside.tmp_path / f"{name}.out"):
            yield process.pid


def test_a_child_that_cannot_be_launched_is_parked_with_the_reason(
    tree: SmallTree, outside: PlayedOutside
) -> None:
    outside.refusal = ExposedKeyError("Others may read the key.")
    for _ in range(3):
        tree.tick()
    view = tree.view("a")
    assert (view.state, view.why) == (State.PARKED, "Others may read the key.")


def test_a_bug_in_the_launch_of_a_child_is_that_childs_affair(
    tree: SmallTree, outside: PlayedOutside, caplog: pytest.LogCaptureFixture
) -> None:
    outside.refusal = ZeroDivisionError()
    for _ in range(3):
        tree.tick()
    assert (tree.view("a").state, tree.view("a").why) == (State.PARKED, "ZeroDivisionError")
    assert "a cannot be launched" in caplog.text


def test_a_program_that_is_not_there_is_parked_with_the_reason(
    tree: SmallTree, outside: PlayedOutside
) -> None:
    outside.program = str(outside.tmp_path / "nothing")
    for _ in range(3):
        tree.tick()
    view = tree.view("a")
    assert view.state is State.PARKED
    assert view.why.startswith("cannot be started: [Errno 2] No such file")


def test_a_child_that_has_not_said_hello_is_killed_at_a_stop(tree: SmallTree) -> None:
    tree.tick()
    tree.wardens.tell(StopNode(tree.now_s))
    ended = tree.one_end()
    assert ended.code == -9
    tree.wardens.tell(ended)


def test_a_bug_on_the_way_loses_no_child(
    tree: SmallTree, outside: PlayedOutside, caplog: pytest.LogCaptureFixture
) -> None:
    """Thespian delivers the message again; nothing happens twice and nothing is forgotten."""
    tree.tick()
    outside.broken = ["child_changed"]
    tree.hear("a", Ready({}))
    assert outside.launched == ["a", "b"]
    assert tree.view("a").state is State.READY
    assert "attempt" in caplog.text


def test_a_message_that_always_raises_is_given_up_and_logged_without_its_contents(
    tree: SmallTree, outside: PlayedOutside, caplog: pytest.LogCaptureFixture
) -> None:
    tree.tick()
    outside.broken = ["say"] * 9
    with caplog.at_level(logging.ERROR):
        tree.hear("a", Heartbeat({"secret": "s3cret"}))
    assert "bug: the root cannot handle ChildSaid" in caplog.text
    assert "s3cret" not in caplog.text
    outside.broken = []
    tree.hear("a", Ready({}))
    assert tree.view("a").state is State.READY


@pytest.mark.parametrize(
    ("code", "words", "text"),
    [
        (0, "", "ended with status 0"),
        (1, "No module", "ended with status 1: No module"),
        (-11, "", "was killed by SIGSEGV"),
        (-99, "", "was killed by signal 99"),
    ],
)
def test_how_a_process_ended_is_told_in_words(code: int, words: str, text: str) -> None:
    assert in_words(code, words) == text
