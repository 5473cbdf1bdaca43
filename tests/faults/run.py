"""`samovar faults`: one run of the bench in a folder of its own, which is kept where something is wrong."""

import json
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from tests.bench.ending import run_bench
from tests.faults.bench import run
from tests.faults.report import report
from tests.faults.rig import BenchOrder

ZEROS = ("lost", "duplicated", "reordered", "altered", "unfinished", "unknown", "asked_twice")


def new_seed() -> int:
    return random.SystemRandom().getrandbits(31)


def text_of(said: dict[str, Any]) -> str:
    lines: list[str] = []
    for key, value in said.items():
        if isinstance(value, dict):
            table = cast("dict[str, Any]", value)
            inner = ", ".join(f"{name} {each}" for name, each in table.items())
            lines.append(f"{key}: {inner}")
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(lines) + "\n"


def main(order: BenchOrder, keep: Path | None, as_json: bool) -> int:
    """Status 0: nothing was lost, repeated, swapped or altered; of a control: that something was."""
    folder = keep if keep is not None else Path(tempfile.mkdtemp(prefix="samovar-faults-"))
    folder.mkdir(parents=True, exist_ok=True)

    def say(what: str) -> None:
        sys.stderr.write(f"{what}\n")

    say(f"seed {order.seed}, in {folder}")
    outcome = run_bench(run(order, folder, say))
    said = report(outcome)
    sys.stdout.write(json.dumps(said) + "\n" if as_json else text_of(said))
    clean = outcome.verdict.clean
    if clean and keep is None:
        shutil.rmtree(folder)
    elif keep is None:
        say(f"the logs of this run are in {folder}")
    return 0 if clean != bool(order.control) else 1
