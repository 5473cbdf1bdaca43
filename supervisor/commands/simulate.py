"""`samovar simulate`: the actors and the protocol under seeded faults; lives in the tests of a checkout."""

import argparse

from supervisor.commands.checkout_only import from_checkout
from supervisor.commands.options import add_data, whole_number


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "--seeds", type=whole_number(1), default=100, metavar="N", help="how many (default: 100)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    return from_checkout("tests.sim.run", "simulate").main(arguments.seeds, arguments.json)
