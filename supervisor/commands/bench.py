"""`samovar bench`: figures that anybody can measure again. Each subcommand is a module beside this one."""

import argparse

from supervisor.commands import bench_engine


def add(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="WHAT", required=True)
    help_text = "this engine and llama.cpp on the same model, in turn"
    subparser = commands.add_parser(
        "engine", help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}."
    )
    bench_engine.add(subparser)
    subparser.set_defaults(run_bench=bench_engine.run)


def run(arguments: argparse.Namespace) -> int:
    return arguments.run_bench(arguments)
