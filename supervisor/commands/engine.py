"""`samovar engine`: what concerns the engine of this machine. Each subcommand is a module beside this one."""

import argparse
from types import ModuleType

from supervisor.commands import (
    engine_build,
    engine_discover,
    engine_generate,
    engine_logits,
    engine_self_test,
)

COMMANDS: tuple[tuple[str, ModuleType, str], ...] = (
    ("build", engine_build, "build the TensorRT plan of a model for a kind of card"),
    ("discover", engine_discover, "find engines that already run on this machine"),
    ("generate", engine_generate, "write on from a raw prompt"),
    ("logits", engine_logits, "show the most likely tokens after a raw prompt"),
    ("self-test", engine_self_test, "compare the TensorRT plan on this card with the exact engine"),
)
"""Name, module (with `add` and `run`, as the modules of supervisor/cli.py), what it does."""


def add(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command, help_text in COMMANDS:
        subparser = commands.add_parser(
            name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}."
        )
        command.add(subparser)
        subparser.set_defaults(run_engine=command.run)


def run(arguments: argparse.Namespace) -> int:
    return arguments.run_engine(arguments)
