"""`samovar simulate`: the actors and the protocol under seeded faults; lives in the tests of a checkout."""

import argparse
import importlib
import sys
from typing import Any

from supervisor.commands.options import add_data, whole_number
from supervisor.errors import NotACheckoutError
from supervisor.launch import ROOT


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "--seeds", type=whole_number(1), default=100, metavar="N", help="how many (default: 100)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if not (ROOT / "tests" / "sim" / "run.py").is_file():
        raise NotACheckoutError("simulate is part of the tests: run it from a checkout of the project.")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    simulator: Any = importlib.import_module("tests.sim.run")
    return simulator.main(arguments.seeds, arguments.json)
