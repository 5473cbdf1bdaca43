"""`samovar card`: character cards as files. Each subcommand is a module beside this one."""

import argparse

from supervisor.commands import card_convert, card_inspect
from supervisor.commands.subcommands import Subcommand, add_subcommands, run_subcommand

COMMANDS: tuple[Subcommand, ...] = (
    ("inspect", card_inspect, "show what a card holds, and what is odd about it"),
    ("convert", card_convert, "write a card in another format"),
)


def add(parser: argparse.ArgumentParser) -> None:
    add_subcommands(parser, COMMANDS)


def run(arguments: argparse.Namespace) -> int:
    return run_subcommand(arguments)
