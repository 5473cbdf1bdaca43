"""The command line of install.ps1."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from deploy.troubles import MistakeInTheCall


@dataclass(frozen=True)
class Options:
    join: str = ""
    name: str = ""
    ready_s: float = 120.0
    rehearse: bool = False
    uninstall: bool = False
    purge: bool = False


class OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise MistakeInTheCall(f"{message}; see install.ps1 --help")


def parser() -> argparse.ArgumentParser:
    words = OneLineParser(
        prog="install.ps1",
        description="Makes this PC a GPU box of a Samovar server, or brings it to this version. "
        "Called again it mends what is missing. Run it in a PowerShell that was opened as administrator.",
    )
    words.add_argument(
        "--join", default="", metavar="STRING", help="what `samovar pair` showed on the server"
    )
    words.add_argument("--name", default="", help="how the box is called there (default: the PC's name)")
    words.add_argument(
        "--ready-s",
        type=float,
        default=120.0,
        metavar="S",
        help="most time until the new version runs, before the one before is put back (default: 120)",
    )
    words.add_argument(
        "--dry-run", dest="rehearse", action="store_true", help="look, tell what would be done, do nothing"
    )
    words.add_argument(
        "--uninstall", action="store_true", help="take everything away, but for data and models"
    )
    words.add_argument("--purge", action="store_true", help="with --uninstall: data and models as well")
    return words


def read_options(arguments: Sequence[str]) -> Options:
    """Raises MistakeInTheCall."""
    options = Options(**vars(parser().parse_args(arguments)))
    if options.purge and not options.uninstall:
        raise MistakeInTheCall("--purge goes with --uninstall; see install.ps1 --help")
    return options
