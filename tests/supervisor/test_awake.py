import pytest

from supervisor.awake import Awake
from supervisor.strategy import State
from supervisor.tree_messages import ChildView


class Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def changed(self, view: ChildView, now_s: float) -> None:
        self.heard.append(f"changed {view.name}")

    def facts(self, view: ChildView, now_s: float) -> None:
        self.heard.append(f"facts {view.name}")

    def stopping(self) -> None:
        self.heard.append("stopping")


class Windows:
    """Notes what it is told."""

    def __init__(self, *, obeys: bool = True) -> None:
        self.obeys = obeys
        self.told: list[bool] = []

    def need(self, needed: bool) -> bool:
        self.told.append(needed)
        return self.obeys


def link(replies: object = 0, state: State = State.READY, name: str = "link") -> ChildView:
    return ChildView(name=name, state=state, facts={"replies": replies})


def test_the_pc_is_kept_awake_while_replies_run_and_a_while_longer() -> None:
    windows = Windows()
    awake = Awake(Listener(), linger_s=60.0, need=windows.need)
    awake.facts(link(0), 0.0)
    assert windows.told == []
    awake.facts(link(2), 1.0)
    awake.facts(link(1), 2.0)
    assert windows.told == [True]
    awake.facts(link(0), 61.0)
    assert windows.told == [True]
    awake.facts(link(0), 62.5)
    assert windows.told == [True, False]


def test_a_reply_within_the_while_begins_it_anew() -> None:
    windows = Windows()
    awake = Awake(Listener(), linger_s=60.0, need=windows.need)
    for replies, now_s in ((1, 0.0), (0, 50.0), (1, 55.0), (0, 100.0)):
        awake.facts(link(replies), now_s)
    assert windows.told == [True]


def test_replies_of_a_link_that_is_gone_keep_nobody_awake() -> None:
    windows = Windows()
    awake = Awake(Listener(), linger_s=10.0, need=windows.need)
    awake.facts(link(1), 0.0)
    awake.changed(link(1, State.WAITING), 20.0)
    assert windows.told == [True, False]


def test_a_stop_lets_it_sleep_at_once() -> None:
    windows = Windows()
    awake = Awake(Listener(), linger_s=60.0, need=windows.need)
    awake.facts(link(1), 0.0)
    awake.stopping()
    assert windows.told == [True, False]


def test_other_processes_and_strange_facts_keep_nobody_awake() -> None:
    windows = Windows()
    awake = Awake(Listener(), linger_s=60.0, need=windows.need)
    awake.facts(link(5, name="engine"), 0.0)
    awake.facts(link("many"), 0.0)
    assert windows.told == []


def test_whoever_listened_hears_everything() -> None:
    listener = Listener()
    awake = Awake(listener, linger_s=60.0, need=Windows().need)
    awake.changed(link(), 0.0)
    awake.facts(link(name="web"), 0.0)
    awake.stopping()
    assert listener.heard == ["changed link", "facts web", "stopping"]


def test_a_windows_that_refuses_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    awake = Awake(Listener(), linger_s=60.0, need=Windows(obeys=False).need)
    awake.facts(link(1), 0.0)
    awake.facts(link(1), 1.0)
    assert caplog.text.count("kept awake") == 1
