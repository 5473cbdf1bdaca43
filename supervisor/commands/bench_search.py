"""`samovar bench search`: how long a search over all messages takes, and how large its index is."""

import argparse

from supervisor.commands.checkout_only import from_checkout
from supervisor.commands.options import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--messages",
        type=whole_number(100, 1_000_000),
        default=20_000,
        metavar="N",
        help="in conversations of 100 (default: 20000)",
    )
    parser.add_argument(
        "--postgres",
        action="store_true",
        help="in a PostgreSQL server of the bench's own, whose programs must be installed (default: SQLite)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    return from_checkout("tests.bench.search", "bench search").main(
        messages=arguments.messages, postgres=arguments.postgres, as_json=arguments.json
    )
