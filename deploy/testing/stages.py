"""The stages of the tests, as data.

Stages whose tools have work for one core run side by side, the longest first; the others have the machine
for themselves, one after the other.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from deploy.testing.counting import Counter, cargo_counts, one_check, pytest_counts, vitest_counts

Tool = Literal["venv", "npm", "cargo"]


@dataclass(frozen=True)
class Check:
    """One run of one tool.

    tool       where it comes from: a program of .venv, an npm script, a cargo command
    command    its words, for npm the script first
    folder     where it runs, from the checkout's root
    asks_for   what must be there for it to say anything; where it is missing the check fails
    coverage   words that are added where branch coverage is to be measured
    """

    title: str
    tool: Tool
    command: tuple[str, ...]
    folder: str = "."
    asks_for: tuple[str, ...] = ()
    counter: Counter = one_check
    coverage: tuple[str, ...] = ()
    longest_s: float = 1800.0


@dataclass(frozen=True)
class Stage:
    """Checks in their order. `one_core`: it may run beside other stages, for it leaves them their cores."""

    name: str
    title: str
    checks: tuple[Check, ...]
    one_core: bool = False


UI = "web/ui"
CRATE = "rust_crypto"
APART = ("tests/sim", "tests/system", "tests/faults", "tests/browser")
MOST_WORKERS = 4
# One more than there are cores: most tests wait for processes, sockets and disks some of the time.
ON_EVERY_CORE = ("-n", str(min((os.cpu_count() or 1) + 1, MOST_WORKERS)))
# What a file makes once for all its tests is made once.
BY_FILE = (*ON_EVERY_CORE, "--dist=loadfile")
# For tests that share nothing: whoever has nothing left takes over half of what another has before it.
BY_TEST = (*ON_EVERY_CORE, "--dist=worksteal")
# Each has a node with a model beside it.
TWO_BROWSERS = ("-n", "2", "--dist=loadfile")
COVERAGE = ("--cov", "--cov-branch", "--cov-report=term")


def pytest(title: str, *arguments: str, asks_for: tuple[str, ...], coverage: tuple[str, ...] = ()) -> Check:
    return Check(
        title,
        "venv",
        ("python", "-m", "pytest", *arguments),
        asks_for=asks_for,
        counter=pytest_counts,
        coverage=coverage,
    )


def cargo(*command: str, counter: Counter = one_check) -> Check:
    return Check(
        f"cargo {command[0]}", "cargo", command, folder=CRATE, asks_for=("Cargo.toml",), counter=counter
    )


STAGES: tuple[Stage, ...] = (
    Stage(
        "ui",
        "the browser interface: style, types, tests",
        (
            Check("eslint", "npm", ("lint",), folder=UI, asks_for=("package.json",)),
            Check("vue-tsc", "npm", ("typecheck",), folder=UI, asks_for=("package.json",)),
            Check("vitest", "npm", ("test",), folder=UI, asks_for=("package.json",), counter=vitest_counts),
        ),
        one_core=True,
    ),
    Stage(
        "lint",
        "style, types, layers of imports, generated files",
        (
            Check("ruff check", "venv", ("ruff", "check", ".")),
            Check("ruff format", "venv", ("ruff", "format", "--check", ".")),
            Check("basedpyright", "venv", ("basedpyright",)),
            Check("import-linter", "venv", ("lint-imports",)),
            Check(
                "TypeScript messages are up to date",
                "venv",
                ("python", "-m", "web.typescript", "--check"),
                asks_for=("web/typescript.py",),
            ),
        ),
        one_core=True,
    ),
    Stage(
        "cargo",
        "the Rust crate: style, tests",
        (
            cargo("fmt", "--check"),
            cargo("clippy", "--locked", "--all-targets", "--all-features", "--", "-D", "warnings"),
            cargo("test", "--locked", counter=cargo_counts),
        ),
        one_core=True,
    ),
    Stage(
        "unit",
        "every part alone, and contracts",
        (
            pytest(
                "pytest",
                *BY_FILE,
                *(f"--ignore={folder}" for folder in APART),
                "--continue-on-collection-errors",
                asks_for=("tests",),
                coverage=COVERAGE,
            ),
        ),
    ),
    Stage(
        "sim",
        "the whole cluster in one process, under faults",
        (pytest("pytest tests/sim", *BY_TEST, "tests/sim", asks_for=("tests/sim",)),),
    ),
    Stage(
        "system",
        "real processes",
        (
            pytest(
                "pytest tests/system tests/faults",
                *BY_FILE,
                "tests/system",
                "tests/faults",
                asks_for=("tests/system", "tests/faults"),
            ),
        ),
    ),
    Stage(
        "browser",
        "a real browser and the real model",
        (pytest("pytest tests/browser", *TWO_BROWSERS, "tests/browser", asks_for=("tests/browser",)),),
    ),
)


def with_coverage(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The same stages, which measure branch coverage as well; the unit tests then take twice their time."""
    return tuple(
        replace(
            stage,
            checks=tuple(replace(one, command=(*one.command, *one.coverage)) for one in stage.checks),
        )
        for stage in stages
    )
