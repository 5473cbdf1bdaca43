"""Reads out of a test runner's words how many tests passed and failed."""

import re
from collections.abc import Callable
from dataclasses import dataclass

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )


Counter = Callable[[str], Counts]


def sum_of(words: str, output: str) -> int:
    return sum(int(number) for number in re.findall(rf"\b(\d+) (?:{words})\b", output))


def pytest_counts(output: str) -> Counts:
    """From the last line: `3 failed, 2 passed, 1 skipped, 1 error in 0.12s`."""
    kinds = "passed|failed|skipped|errors?|xfailed|xpassed|deselected"
    last = re.findall(rf"^=*\s*(\d+ (?:{kinds})\b.* in [\d.]+s.*)$", output, re.MULTILINE)
    line = last[-1] if last else ""
    return Counts(
        sum_of("passed|xfailed", line), sum_of("failed|errors?|xpassed", line), sum_of("skipped", line)
    )


def vitest_counts(output: str) -> Counts:
    """From the line `Tests  1 failed | 12 passed | 2 skipped (15)`."""
    last = re.findall(r"^\s*Tests\s+(.*\(\d+\))\s*$", output, re.MULTILINE)
    line = last[-1] if last else ""
    return Counts(sum_of("passed", line), sum_of("failed", line), sum_of("skipped|todo", line))


def cargo_counts(output: str) -> Counts:
    """From all lines `test result: ok. 5 passed; 0 failed; 0 ignored; ...`: one for each binary."""
    lines = "\n".join(re.findall(r"^test result: .*$", output, re.MULTILINE))
    return Counts(sum_of("passed", lines), sum_of("failed", lines), sum_of("ignored", lines))


def one_check(_output: str) -> Counts:
    """For a tool that checks as a whole: it counts as one."""
    return Counts(passed=1)


def counts_of(counter: Counter, output: str, status: int | None) -> Counts:
    """What a check came to. A runner that failed has at least one failure; `status` None: too long."""
    counts = counter(COLOURS.sub("", output))
    if status == 0:
        # A runner that found nothing to run has proved nothing.
        return counts if counts != Counts() else Counts(failed=1)
    if counter is one_check:
        return Counts(failed=1)
    return counts if counts.failed else counts + Counts(failed=1)
