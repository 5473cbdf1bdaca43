"""`samovar model`: the models of this machine. Each subcommand is a module beside this one."""

import argparse

from supervisor.commands import model_check, model_list, model_pull
from supervisor.commands.subcommands import Subcommand, add_subcommands, run_subcommand

COMMANDS: tuple[Subcommand, ...] = (
    ("list", model_list, "show the models of the cache and the one in use"),
    ("pull", model_pull, "fetch a model from a hub into the cache"),
    ("check", model_check, "tell what a model takes of a graphics card, and how fast it can be there"),
)


def add(parser: argparse.ArgumentParser) -> None:
    add_subcommands(parser, COMMANDS)


def run(arguments: argparse.Namespace) -> int:
    return run_subcommand(arguments)
