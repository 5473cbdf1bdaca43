"""`samovar simulate --seeds N [--json]`: many seeds, and the negative controls."""

import json
import logging
import os
import sys
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any

from tests.sim.controls import CONTROLS
from tests.sim.crowd import Crowd
from tests.sim.queue_controls import QUEUE_CONTROLS
from tests.sim.scenario import SET_ASIDE, Scenario

CONTROL_SEEDS = 400
"""A planted bug must show within so many seeds."""

CROWD_CONTROL_SEEDS = 60
"""… and one of the queue within so many crowds, which are larger."""

CROWD_EVERY = 8
"""Of so many seeds, one runs a crowd as well."""

CHUNK = 50


def violations_of(seed: int) -> list[str]:
    """What went wrong under this seed; an exception out of the simulation counts as well."""
    try:
        return found_under(seed)
    except Exception as error:  # noqa: BLE001 - whatever it is, the seed shows it
        return [f"{type(error).__name__}: {error}"]


def found_under(seed: int) -> list[str]:
    with silence():
        return Scenario(seed).run() + (Crowd(seed).run() if seed % CROWD_EVERY == 0 else [])


def found_in_crowd(seed: int) -> list[str]:
    with silence():
        return Crowd(seed).run()


@contextmanager
def silence() -> Generator[None]:
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def run_seeds(seeds: list[int]) -> list[tuple[int, list[str]]]:
    return [(seed, found) for seed in seeds if (found := violations_of(seed))]


def caught(name: str) -> bool:
    """Whether the checker notices the planted bug. One that only makes an actor or the simulation fail is
    planted wrong, and is not.
    """
    if name in QUEUE_CONTROLS:
        planted, found, seeds = QUEUE_CONTROLS[name], found_in_crowd, CROWD_CONTROL_SEEDS
    else:
        planted, found, seeds = CONTROLS[name], found_under, CONTROL_SEEDS
    with planted():
        try:
            return any(SET_ASIDE not in what for seed in range(seeds) for what in found(seed))
        except Exception:
            logging.getLogger(__name__).exception("%s is planted wrong", name)
            return False


def simulate(seeds: int, first: int = 0, workers: int | None = None) -> dict[str, Any]:
    """Run seeds `first` … and every control; the report of the command."""
    chunks = [list(range(at, min(at + CHUNK, first + seeds))) for at in range(first, first + seeds, CHUNK)]
    found: list[tuple[int, list[str]]] = []
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        controls = {name: pool.submit(caught, name) for name in (*CONTROLS, *QUEUE_CONTROLS)}
        for number, part in enumerate(pool.map(run_seeds, chunks), start=1):
            found += part
            progress(min(number * CHUNK, seeds), seeds, len(found))
        report = {name: future.result() for name, future in controls.items()}
    return {
        "seeds": seeds,
        "violations": [{"seed": seed, "what": what} for seed, whats in found for what in islice(whats, 3)],
        "controls": report,
    }


def progress(done: int, seeds: int, violations: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == seeds else ""
        sys.stderr.write(f"\r{done} of {seeds} seeds, {violations} with violations{end}")


def main(seeds: int, as_json: bool) -> int:
    """Status 0: no violation, and every control caught."""
    report = simulate(seeds)
    if as_json:
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        for violation in report["violations"]:
            sys.stdout.write(f"seed {violation['seed']}: {violation['what']}\n")
        for name, seen in report["controls"].items():
            sys.stdout.write(f"planted bug {name}: {'caught' if seen else 'NOT CAUGHT'}\n")
        sys.stdout.write(f"{report['seeds']} seeds, {len(report['violations'])} violations\n")
    return 0 if not report["violations"] and all(report["controls"].values()) else 1
