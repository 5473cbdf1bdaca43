"""Commands that have subcommands, each of them a module with `add` and `run` like the commands themselves."""

import argparse
from collections.abc import Sequence
from types import ModuleType

Subcommand = tuple[str, ModuleType, str]
"""Name, module, what it does."""


def add_subcommands(parser: argparse.ArgumentParser, commands: Sequence[Subcommand]) -> None:
    choices = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command, help_text in commands:
        subparser = choices.add_parser(
            name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}."
        )
        command.add(subparser)
        subparser.set_defaults(run_subcommand=command.run)


def run_subcommand(arguments: argparse.Namespace) -> int:
    return arguments.run_subcommand(arguments)
