"""`samovar card convert`: a card in another format."""

import argparse
import sys
from pathlib import Path

from actors.character.formats.troubles import CardTrouble
from actors.character.formats.writing import FORMATS, SPECS, write_card
from supervisor.commands.card_files import card_file, card_limits
from supervisor.commands.options import add_data
from supervisor.errors import OperatorError, UsageError


class CannotWriteError(OperatorError):
    """The file cannot be written: mend the rights of its folder, or give another one."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", type=Path, help="a card of any format")
    parser.add_argument(
        "target", metavar="OUT", type=Path, help="its suffix is the format: .png, .json, .charx"
    )
    parser.add_argument(
        "--spec", choices=tuple(SPECS), default="", help="version of the card (default: its own)"
    )
    parser.add_argument("--picture", action="store_true", help="have the picture in a JSON too")
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    source, target = arguments.source, arguments.target
    form = target.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise UsageError(f'"{target}" does not end in {", ".join(f".{each}" for each in FORMATS)}')
    limits = card_limits(arguments)
    found = card_file(source, limits)
    if target.exists() and target.samefile(source):
        raise UsageError(f'"{target}" is the card itself: give another name')
    try:
        written = write_card(found, form, limits, arguments.spec, picture=arguments.picture)
    except CardTrouble as error:
        raise UsageError(f"{source}: {error}") from None
    try:
        put(target, written.data)
    except OSError as error:
        raise CannotWriteError(f"{target}: {error.strerror or error}") from None
    for line in (*found.warnings, *written.losses):
        sys.stderr.write(f"samovar: {source}: {line}\n")
    return 0


def put(target: Path, data: bytes) -> None:
    """Whole or not at all."""
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
