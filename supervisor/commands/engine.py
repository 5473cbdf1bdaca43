"""`samovar engine`: what concerns the engine of this machine. Each subcommand is a module beside this one."""

import argparse

from supervisor.commands import (
    engine_build,
    engine_discover,
    engine_generate,
    engine_logits,
    engine_self_test,
)
from supervisor.commands.subcommands import Subcommand, add_subcommands, run_subcommand

COMMANDS: tuple[Subcommand, ...] = (
    ("build", engine_build, "build the TensorRT plan of a model for a kind of card"),
    ("discover", engine_discover, "find engines that already run on this machine"),
    ("generate", engine_generate, "write on from a raw prompt"),
    ("logits", engine_logits, "show the most likely tokens after a raw prompt"),
    ("self-test", engine_self_test, "compare the TensorRT plan on this card with the exact engine"),
)


def add(parser: argparse.ArgumentParser) -> None:
    add_subcommands(parser, COMMANDS)


def run(arguments: argparse.Namespace) -> int:
    return run_subcommand(arguments)
