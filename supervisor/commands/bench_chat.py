"""`samovar bench chat`: a long conversation in a real browser, from the click to its first message."""

import argparse

from supervisor.commands.checkout_only import from_checkout
from supervisor.commands.options import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--messages",
        type=whole_number(100, 50_000),
        default=5_000,
        metavar="N",
        help="of the shown path; swipes and branches come on top (default: 5000)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    return from_checkout("tests.bench.chat.run", "bench chat").main(
        messages=arguments.messages, as_json=arguments.json
    )
