"""`samovar faults`: real kills and a bad line under live replies; lives in the tests of a checkout."""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from supervisor.commands.options import whole_number
from supervisor.errors import NotACheckoutError
from supervisor.spares import ROOT


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=whole_number(1), default=100, metavar="N", help="default: 100")
    parser.add_argument(
        "--streams", type=whole_number(1), metavar="N", help="replies at once (default: 50; 8)"
    )
    parser.add_argument(
        "--reconnects",
        type=whole_number(1),
        metavar="N",
        help="instead of kills: readers that cut their own connection, so often in all",
    )
    parser.add_argument("--engine", choices=("scripted", "model"), default="scripted", help="what writes")
    parser.add_argument("--seed", type=whole_number(0), metavar="S", help="a run as it was (default: drawn)")
    parser.add_argument(
        "--control",
        choices=("drop", "duplicate", "reorder", "alter"),
        default="",
        help="plant this bug in the server, which the checker must catch",
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the logs of the run there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if not (ROOT / "tests" / "faults" / "run.py").is_file():
        raise NotACheckoutError("faults is part of the tests: run it from a checkout of the project.")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    bench: Any = importlib.import_module("tests.faults.run")
    order: Any = bench.BenchOrder(
        seed=arguments.seed if arguments.seed is not None else bench.new_seed(),
        streams=arguments.streams or (50 if arguments.engine == "scripted" else 8),
        kills=0 if arguments.reconnects else arguments.kills,
        reconnects=arguments.reconnects or 0,
        engine=arguments.engine,
        control=arguments.control,
    )
    return bench.main(order, arguments.keep, arguments.json)
