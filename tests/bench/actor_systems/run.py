"""Runs every actor system in turn, round after round, each time in a fresh process."""

import importlib.util
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tests.bench.actor_systems.contender import CONTENDERS, Figures

ROOT = Path(__file__).parents[3]
LONGEST_S = 300.0
OWN = "samovar"


class Comparison(Struct, frozen=True):
    """Medians of the rounds. `missing` are systems that are not installed here."""

    rounds: int
    systems: dict[str, Figures]
    missing: tuple[str, ...]


class ContenderFailedError(Exception):
    """A process ended without figures."""


def installed(name: str) -> bool:
    return name == OWN or importlib.util.find_spec(name) is not None


def one_round(name: str) -> Figures:
    """Raises ContenderFailedError, subprocess.TimeoutExpired."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.actor_systems.contender", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    if done.returncode != 0:
        raise ContenderFailedError(f"{name} failed: {done.stderr.strip().splitlines()[-1:]}")
    return msgspec.json.decode(done.stdout, type=Figures)


def median(rounds: list[Figures]) -> Figures:
    def of(field: str) -> float:
        return statistics.median(getattr(figures, field) for figures in rounds)

    return Figures(*(of(field) for field in Figures.__struct_fields__))


def compare(rounds: int, say: Callable[[str], None]) -> Comparison:
    names = [name for name in CONTENDERS if installed(name)]
    found: dict[str, list[Figures]] = {name: [] for name in names}
    for number in range(1, rounds + 1):
        for name in names:
            say(f"round {number} of {rounds}: {name}")
            found[name].append(one_round(name))
    missing = tuple(name for name in CONTENDERS if name not in found)
    return Comparison(rounds, {name: median(figures) for name, figures in found.items()}, missing)


def table(comparison: Comparison) -> str:
    lines = [f"{'':<12}{'messages/s':>12}{'ask, µs':>10}{'spawn, µs':>11}{'idle, KB':>10}"]
    for name, figures in comparison.systems.items():
        lines.append(
            f"{name:<12}{figures.messages_per_s:>12,.0f}{figures.ask_us:>10.1f}{figures.spawn_us:>11.1f}"
            f"{figures.idle_bytes / 1000:>10.1f}"
        )
    if comparison.missing:
        lines.append(f"Not here: {', '.join(comparison.missing)}. `pip install` them to compare.")
    return "\n".join(lines)


def main(rounds: int, as_json: bool) -> int:
    def say(what: str) -> None:
        sys.stderr.write(f"{what}\n")

    comparison = compare(rounds, say)
    shown: Any = msgspec.json.encode(comparison).decode() if as_json else table(comparison)
    sys.stdout.write(f"{shown}\n")
    return 0
