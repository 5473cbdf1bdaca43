"""`samovar bench actors`: the mailbox runtime beside Thespian, Pykka and xoscar, where installed."""

import argparse

from supervisor.commands.checkout_only import from_checkout
from supervisor.commands.options import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rounds", type=whole_number(1, 100), default=3, metavar="N", help="measured so often (default: 3)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    return from_checkout("tests.bench.actor_systems.run", "bench actors").main(
        arguments.rounds, arguments.json
    )
