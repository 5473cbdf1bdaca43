"""`samovar model`: the models of this machine. Each subcommand is a module beside this one."""

import argparse
from types import ModuleType

from supervisor.commands import model_check, model_list, model_pull

COMMANDS: tuple[tuple[str, ModuleType, str], ...] = (
    ("list", model_list, "show the models of the cache and the one in use"),
    ("pull", model_pull, "fetch a model from a hub into the cache"),
    ("check", model_check, "tell what a model takes of a graphics card, and how fast it can be there"),
)
"""Name, module (with `add` and `run`, as the modules of supervisor/cli.py), what it does."""


def add(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command, help_text in COMMANDS:
        subparser = commands.add_parser(
            name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}."
        )
        command.add(subparser)
        subparser.set_defaults(run_model=command.run)


def run(arguments: argparse.Namespace) -> int:
    return arguments.run_model(arguments)
