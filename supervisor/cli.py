"""The command `samovar`.

Exit status: 0 it did what it says, 2 the call was mistaken, 1 anything else; a failure is one line on
standard error that says what to do.
"""

import argparse
import contextlib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from gpu_actor.troubles import EngineTrouble
from supervisor.errors import OperatorError, UsageError

COMMANDS = (
    ("up", "start a node, and stay with it until Ctrl-C"),
    ("pair", "let a GPU box join this web node: shows a join string"),
    ("join", "make this machine a GPU box of the web node that showed the join string"),
    ("boxes", "list, rename and revoke the GPU boxes of this web node"),
    ("accounts", "list accounts, make one, and say who keeps the queue"),
    ("keys", "change the keys between web node and GPU boxes, without pairing anew"),
    ("status", "show the processes, the GPU boxes and the queue"),
    ("console", "show the same, live"),
    ("drain", "give a GPU box nothing new before maintenance, or --undo it"),
    ("backup", "put all that cannot be made anew into one file, while the node runs"),
    ("restore", "make a data folder of such a file"),
    ("doctor", "name what is to be checked on this machine, and what to do about it"),
    ("chat", "ask a character from the terminal"),
    ("move-in", "bring a whole data folder of SillyTavern into an account of this web node"),
    ("engine", "build the engine's plan, and ask the engine without a node"),
    ("model", "list, fetch and check models"),
    ("card", "look into character cards, and turn one format into another"),
    ("bench", "measure: `samovar bench engine`"),
    ("simulate", "run the protocol under faults, in virtual time (from a checkout)"),
    ("faults", "kill the processes of a real deployment under live replies (from a checkout)"),
)
"""Each is a module in supervisor/commands with `add` and `run`, and loaded when it is the one that is called:
the supervisor stays, and with it whatever it has loaded."""

EXIT_FAILED = 1
EXIT_MISTAKEN = 2


class OneLineParser(argparse.ArgumentParser):
    """argparse prints the usage before each complaint; here a failure is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_MISTAKEN, f"{self.prog}: {message}. See: {self.prog} --help\n")


class ShowVersion(argparse.Action):
    """argparse wants the version beforehand, and to look it up takes longer than anything else here."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from supervisor.version import version  # noqa: PLC0415 - see above

        sys.stdout.write(f"samovar {version()}\n")
        parser.exit()


def parser(called: str) -> argparse.ArgumentParser:
    """`called` is the command of the call, "" where there is none; only its arguments are known."""
    main_parser = OneLineParser(prog="samovar", description="Share the GPU at home.")
    main_parser.add_argument("--version", action=ShowVersion, help="show the version, and exit")
    commands = main_parser.add_subparsers(metavar="COMMAND", required=True)
    for name, help_text in COMMANDS:
        subparser = commands.add_parser(
            name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}."
        )
        if name == called:
            command = importlib.import_module(f"supervisor.commands.{name.replace('-', '_')}")
            command.add(subparser)
            subparser.set_defaults(run=command.run)
    return main_parser


def main(words: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console that lacks a character shows a ? instead.
            stream.reconfigure(errors="replace")
    given = sys.argv[1:] if words is None else list(words)
    called = next((word for word in given if not word.startswith("-")), "")
    arguments = parser(called).parse_args(given)
    try:
        return arguments.run(arguments)
    except UsageError as error:
        sys.stderr.write(f"samovar: {error}\n")
        return EXIT_MISTAKEN
    except (OperatorError, EngineTrouble) as error:
        sys.stderr.write(f"samovar: {error}\n")
        return EXIT_FAILED
    except BrokenPipeError:
        # Whoever read our output has enough (`samovar status | head`): nothing is to be flushed any more.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
