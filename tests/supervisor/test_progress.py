from typing import Any

from supervisor.progress import Progress
from supervisor.strategy import State
from supervisor.tree_messages import ChildView


class Screen:
    def __init__(self, *children: str) -> None:
        self.lines: list[str] = []
        self.progress = Progress(list(children), self.lines.append)

    def changed(self, name: str, state: State, now_s: float = 2.5, **facts: Any) -> None:
        view = ChildView(name, state, pid=1, started_s=1.0, retry_s=32.5, why="it\nbroke", facts=facts)
        self.progress.changed(view, now_s)

    def says(self, name: str, text: object, now_s: float) -> None:
        self.progress.facts(ChildView(name, State.STARTING, facts={"progress": text}), now_s)


def test_each_process_gets_a_line_and_then_the_address_is_printed() -> None:
    screen = Screen("web", "engine")
    screen.changed("web", State.STARTING)
    screen.changed("web", State.READY, url="http://127.0.0.1:8080")
    screen.changed("engine", State.READY, engine="cpu", model="SmolLM2")
    assert screen.lines == [
        "  web     ready after 1.5 s",
        "  engine  ready after 1.5 s (cpu, SmolLM2)",
        "Open http://127.0.0.1:8080",
        "Ctrl-C stops it.",
    ]


def test_a_first_visit_is_explained_with_the_code_for_other_machines() -> None:
    screen = Screen("web")
    screen.changed("web", State.READY, url="http://h", setup_needed=True, setup_code="ABC-123")
    assert screen.lines[1:4] == [
        "Open http://h",
        "First visit: choose a name and a password there.",
        "From another machine it asks for this one-time code: ABC-123",
    ]


def test_a_fresh_code_is_printed_when_the_old_one_was_burnt() -> None:
    screen = Screen("web")
    screen.changed("web", State.READY, url="http://h", setup_needed=True, setup_code="ABC-123")
    before = len(screen.lines)
    for code, needed in (("ABC-123", True), ("DEF-456", True), ("DEF-456", True), ("GHJ-789", False)):
        facts = {"setup_code": code, "setup_needed": needed}
        screen.progress.facts(ChildView("web", State.READY, facts=facts), 3.0)
    assert screen.lines[before:] == ["From another machine it asks for this one-time code: DEF-456"]


def test_the_address_comes_though_a_process_is_parked_and_is_printed_once() -> None:
    screen = Screen("web", "engine")
    screen.changed("web", State.READY, url="http://h")
    screen.changed("engine", State.PARKED)
    screen.changed("engine", State.STARTING)
    screen.changed("engine", State.READY)
    assert screen.lines.count("Open http://h") == 1
    assert "  engine  it broke; parked, tried again in 30 s" in screen.lines


def test_a_process_that_went_down_is_told_with_its_reason() -> None:
    screen = Screen("web")
    screen.changed("web", State.READY, url="http://h")
    screen.changed("web", State.BACKOFF)
    screen.changed("web", State.STARTING)
    screen.changed("web", State.READY, url="http://h")
    assert screen.lines[3:] == ["  web  it broke; starting it again", "  web  ready after 1.5 s"]


def test_progress_of_a_starting_process_is_printed_once_a_second_and_never_twice() -> None:
    screen = Screen("engine")
    for text, now_s in (("10 %", 0.0), ("10 %", 5.0), ("20 %", 6.0), ("30 %", 6.5), ("40 %", 7.0), (3, 9.0)):
        screen.says("engine", text, now_s)
    assert screen.lines == ["  engine  10 %", "  engine  20 %", "  engine  40 %"]


def test_a_terminal_that_is_gone_does_not_stop_the_node() -> None:
    def broken(line: str) -> None:
        raise BrokenPipeError

    Progress(["web"], broken).changed(ChildView("web", State.READY), 1.0)
