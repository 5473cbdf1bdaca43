"""`samovar bench edge`: what Samovar adds to the engine, as readers see it, with everything on."""

import argparse

from supervisor.commands.checkout_only import from_checkout
from supervisor.commands.options import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--streams",
        type=whole_number(1, 1000),
        default=200,
        metavar="N",
        help="replies at once (default: 200)",
    )
    parser.add_argument(
        "--rate",
        type=whole_number(1, 1000),
        default=30,
        metavar="R",
        help="tokens a second of each (default: 30)",
    )
    parser.add_argument(
        "--seconds", type=whole_number(1, 3600), default=30, metavar="S", help="measured for (default: 30)"
    )
    parser.add_argument(
        "--idle",
        type=whole_number(0, 7000),
        default=2000,
        metavar="N",
        help="sockets that wait, for the memory of each (default: 2000)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    return from_checkout("tests.bench.edge.run", "bench edge").main(
        streams=arguments.streams,
        rate=float(arguments.rate),
        seconds=float(arguments.seconds),
        idle=arguments.idle,
        as_json=arguments.json,
    )
