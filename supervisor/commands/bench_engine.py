"""`samovar bench engine`: measures this engine and llama.cpp on the same model."""

import argparse
import sys

from supervisor.commands.engine_options import add_model, engine_settings
from supervisor.commands.options import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--rounds", type=whole_number(1, 100), default=5, metavar="N", help="measured so often (default: 5)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    import msgspec  # noqa: PLC0415

    from gpu_actor.bench.engine import compare_model  # noqa: PLC0415

    def say(what: str) -> None:
        sys.stderr.write(f"{what}\n")
        sys.stderr.flush()

    found = compare_model(engine_settings(arguments), rounds=arguments.rounds, say=say)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return 0
    own, rival = msgspec.to_builtins(found.samovar), msgspec.to_builtins(found.llama_cpp)
    sys.stdout.write(f"{'':<22}{'Samovar':>12}{'llama.cpp':>12}{'ratio':>8}\n")
    for key in own:
        if key == "name":
            continue
        ratio = found.ratios.get(key.removesuffix("_s").removesuffix("_peak_mb").removeprefix("peak_"))
        shown = "" if ratio is None else f"{ratio:>8.2f}"
        sys.stdout.write(f"{key:<22}{own[key]:>12.2f}{rival[key]:>12.2f}{shown}\n")
    return 0
