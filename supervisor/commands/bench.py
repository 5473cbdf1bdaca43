"""`samovar bench`: figures that anybody can measure again. Each subcommand is a module beside this one."""

import argparse

from supervisor.commands import bench_actors, bench_chat, bench_edge, bench_engine, bench_prefix, bench_search
from supervisor.commands.subcommands import Subcommand, add_subcommands, run_subcommand

COMMANDS: tuple[Subcommand, ...] = (
    ("actors", bench_actors, "measure the mailboxes beside other actor systems (from a checkout)"),
    ("chat", bench_chat, "measure a long conversation in a real browser (from a checkout)"),
    ("edge", bench_edge, "measure what Samovar adds to the engine, at the readers (from a checkout)"),
    ("engine", bench_engine, "measure this engine and llama.cpp on the same model, in turn"),
    ("prefix", bench_prefix, "measure what of the prompts of a long talk is served from the cache"),
    ("search", bench_search, "measure the search over all messages, and its index (from a checkout)"),
)


def add(parser: argparse.ArgumentParser) -> None:
    add_subcommands(parser, COMMANDS)


def run(arguments: argparse.Namespace) -> int:
    return run_subcommand(arguments)
