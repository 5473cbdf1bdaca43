"""`samovar bench prefix`: what of each prompt of a long talk with lore was served from the cache."""

import argparse
import sys

from supervisor.commands.engine_options import add_model, engine_settings
from supervisor.commands.options import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--turns", type=whole_number(2, 1000), default=30, metavar="N", help="of the talk (default: 30)"
    )
    parser.add_argument(
        "--summary-at",
        type=whole_number(0, 1000),
        default=21,
        metavar="N",
        help="first turn after a summary (default: 21); 0: there is none",
    )
    parser.add_argument(
        "--tokens", type=whole_number(1, 1000), default=48, metavar="N", help="of a reply (default: 48)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    import msgspec  # noqa: PLC0415

    from gpu_actor.bench.prefix import TurnFound, found_of, measure  # noqa: PLC0415
    from gpu_actor.bench.samovar import load_own  # noqa: PLC0415

    executor = load_own(engine_settings(arguments))
    turns: list[TurnFound] = []
    for turn in measure(executor, arguments.turns, arguments.summary_at, arguments.tokens):
        turns.append(turn)
        if not arguments.json:
            note = "  after the summary" if turn.summary else ""
            sys.stdout.write(
                f"turn {turn.turn:>3}  {turn.prompt:>6} tokens  {turn.known:>6} known  "
                f"{turn.share:>6.1%}  {turn.lore} of lore{note}\n"
            )
            sys.stdout.flush()
    found = found_of(executor.facts.model, turns)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        sys.stdout.write(f"from turn 2 on: {found.share:.1%} of all tokens, median {found.median:.1%}\n")
    return 0
