"""`samovar card`: character cards as files. Each subcommand is a module beside this one."""

import argparse

from supervisor.commands import card_convert, card_inspect, card_prompt, card_report
from supervisor.commands.subcommands import Subcommand, add_subcommands, run_subcommand

COMMANDS: tuple[Subcommand, ...] = (
    ("inspect", card_inspect, "show what a card holds, and what is odd about it"),
    ("prompt", card_prompt, "show the prompt that a card makes of a chat, and where each part comes from"),
    ("report", card_report, "bring in every card of a folder, write it in every form, and compare"),
    ("convert", card_convert, "write a card, or a lorebook, in another format"),
)


def add(parser: argparse.ArgumentParser) -> None:
    add_subcommands(parser, COMMANDS)


def run(arguments: argparse.Namespace) -> int:
    return run_subcommand(arguments)
