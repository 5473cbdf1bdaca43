import io

from deploy.progress import PLAIN, PRETTY, Progress, bar, seconds, signs_for


class Terminal(io.StringIO):
    """A terminal that shows what a person would see: what a carriage return lets stand."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def seen(self) -> list[str]:
        return [line.rpartition("\r")[2].rstrip() for line in self.getvalue().split("\n")]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_durations_are_told_as_people_tell_them() -> None:
    assert [seconds(value) for value in (0.04, 9.94, 12.3, 125.0)] == ["0.0 s", "9.9 s", "12 s", "2 min 05 s"]


def test_a_terminal_that_knows_no_other_signs_gets_ascii() -> None:
    assert signs_for("utf-8") == PRETTY
    assert signs_for("cp1252") == PLAIN
    assert signs_for("no-such-encoding") == PLAIN
    assert signs_for(None) == PLAIN


def test_a_bar_fills_with_the_parts_that_are_there() -> None:
    assert bar(0, 4, PLAIN) == "." * 20 + " 0/4"
    assert bar(2, 4, PLAIN) == "#" * 10 + "." * 10 + " 2/4"
    assert bar(5, 4, PLAIN).startswith("#" * 20)


def test_on_a_terminal_a_finished_step_leaves_one_line() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress(terminal, clock, columns=lambda: 80)
    progress.begin("Python packages")
    for done in range(1, 4):
        clock.now += 1
        progress.count(done, 3)
        progress.tick()
    progress.done("with pip")
    assert terminal.seen() == [f"✓ {'Python packages':<28} 3.0 s  with pip", ""]
    assert "3/3" in terminal.getvalue()


def test_a_note_stands_above_the_running_step() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress(terminal, clock, columns=lambda: 80)
    progress.begin("Rust extension")
    progress.note("no compiler")
    assert terminal.seen()[0] == "• no compiler"
    assert "Rust extension" in terminal.seen()[1]


def test_a_narrow_terminal_is_never_overrun() -> None:
    terminal = Terminal()
    progress = Progress(terminal, Clock(), columns=lambda: 20)
    progress.begin("A step with a very long name")
    assert max(len(part) for part in terminal.getvalue().split("\r")) < 20


def test_without_a_terminal_a_long_step_says_now_and_then_that_it_lives() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock)
    progress.begin("Python packages")
    progress.count(2, 5)
    for _ in range(40):
        clock.now += 1
        progress.tick()
    progress.failed()
    assert stream.getvalue().splitlines() == [
        "Python packages ...",
        "Python packages ... 2 of 5, 15 s",
        "Python packages ... 2 of 5, 30 s",
        f"FAILED {'Python packages':<28} 40 s",
    ]


def test_what_can_no_longer_be_counted_shows_no_count() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock)
    progress.begin("Rust extension")
    progress.count(1, 1)
    progress.no_count()
    clock.now += 20
    progress.tick()
    assert stream.getvalue().splitlines()[-1] == "Rust extension ... 20 s"
