"""`samovar card convert`: a card or a lorebook in another format."""

import argparse
import sys
from pathlib import Path

from actors.character.formats.card_view import BOOK
from actors.character.formats.limits import CardLimits
from actors.character.formats.lorebook_file import WORLD, read_lorebook, write_lorebook
from actors.character.formats.reading import read_card
from actors.character.formats.troubles import CannotExportError, LorebookAloneError
from actors.character.formats.writing import FORMATS, SPECS, write_card
from supervisor.commands.card_files import card_limits, file_bytes, refusals
from supervisor.commands.options import add_data
from supervisor.errors import OperatorError, UsageError


class CannotWriteError(OperatorError):
    """The file cannot be written: mend the rights of its folder, or give another one."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", type=Path, help="a card of any format, or a lorebook")
    parser.add_argument(
        "target", metavar="OUT", type=Path, help="its suffix is the format: .png, .json, .charx"
    )
    parser.add_argument(
        "--spec",
        choices=(*SPECS, WORLD),
        default="",
        help="version of the card (default: its own), or kind of the lorebook (default: v3)",
    )
    parser.add_argument("--picture", action="store_true", help="have the picture in a JSON too")
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    source, target = arguments.source, arguments.target
    form = target.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise UsageError(f'"{target}" does not end in {", ".join(f".{each}" for each in FORMATS)}')
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f'"{target}" is the file itself: give another name')
    limits = card_limits(arguments)
    given = file_bytes(source, limits)
    with refusals(source):
        try:
            card = read_card(given, limits)
        except LorebookAloneError:
            data, told = converted_book(given, form, arguments.spec, limits)
        else:
            if arguments.spec == WORLD:
                raise UsageError(f"--spec {WORLD} is for lorebooks")
            written = write_card(card, form, limits, arguments.spec, picture=arguments.picture)
            data, told = written.data, (*(each.text for each in card.warnings), *written.losses)
    try:
        put(target, data)
    except OSError as error:
        raise CannotWriteError(f"{target}: {error.strerror or error}") from None
    for line in told:
        sys.stderr.write(f"samovar: {source}: {line}\n")
    return 0


def converted_book(given: bytes, form: str, spec: str, limits: CardLimits) -> tuple[bytes, tuple[str, ...]]:
    if form != "json" or spec == "v2":
        raise CannotExportError(
            f"A lorebook alone is written as .json, with --spec v3 or {WORLD}.", "lorebook_kind"
        )
    book = read_lorebook(given, limits)
    data = write_lorebook(book, WORLD if spec == WORLD else BOOK, limits)
    return data, tuple(each.text for each in book.warnings)


def put(target: Path, data: bytes) -> None:
    """Whole or not at all."""
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
