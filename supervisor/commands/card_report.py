"""`samovar card report`: every card of a folder brought in, written in every form, and brought in again."""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from actors.character.formats.limits import CardLimits
from actors.character.formats.warnings import shown
from actors.character.formats.writing import FORMATS
from supervisor.commands.card_files import file_bytes
from supervisor.commands.options import add_data, data_folder
from supervisor.errors import OperatorError, UsageError
from supervisor.settings_file import read_settings
from web.library.bench import Bench
from web.library.journey import Journey, JourneyAnswer, JourneyWork
from web.library.settings import LibrarySettings

SUFFIXES = (".png", ".apng", ".json", ".charx", ".webp", ".jpg", ".jpeg")
"""Of the files that a folder is searched for; a file that is named itself may have any."""
MODULE = "web.library.journey"
HEAD = "| file | card | in | lore | files | {} | told |"
MARKS = re.compile(r"([\\`*_{}\[\]<>|~])")
TOLD = 160  # characters of a line


class LostError(OperatorError):
    """A card came back otherwise than it was: that is a bug of Samovar. Send its line of the report."""


class Traveller(Struct, frozen=True):
    """A file, by its name below the folder that was given, and what became of it."""

    name: str
    said: JourneyAnswer


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="files, and folders of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings(data_folder(arguments).settings, os.environ)
    found = list(travel(list(files_of(arguments.paths)), settings.library, settings.card))
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(report(found)).decode() + "\n")
    else:
        sys.stdout.write("\n".join((*table(found), "", summary(found))) + "\n")
    lost = sum(is_lost(one) for one in found)
    if lost:
        raise LostError(f"{lost} of {len(found)} files did not come back whole: report their lines.")
    return 0


def files_of(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Names and places. Raises UsageError."""
    for path in paths:
        if path.is_dir():
            there = sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file())
            if not there:
                raise UsageError(f"{path}: there is no file in it that could be a card")
            yield from ((one.relative_to(path).as_posix(), one) for one in there)
        elif path.exists():
            yield path.name, path
        else:
            raise UsageError(f"{path}: there is no such file or folder")


def travel(
    files: Sequence[tuple[str, Path]], library: LibrarySettings, limits: CardLimits
) -> Iterator[Traveller]:
    """In the order of the files; so many at once as the library's settings say, each in its own process."""
    bench = Bench(library, limits, MODULE, JourneyAnswer)

    def one(file: tuple[str, Path]) -> Traveller:
        work = msgspec.msgpack.encode(work_of(file[1], library, limits))
        return Traveller(file[0], bench.do_now(work))

    with ThreadPoolExecutor(library.at_once) as workers:
        yield from workers.map(one, files)


def work_of(path: Path, library: LibrarySettings, limits: CardLimits) -> JourneyWork:
    """Raises UsageError."""
    return JourneyWork(file_bytes(path, limits), limits, library.sheet_bytes, library.picture_pixels)


def is_lost(one: Traveller) -> bool:
    return isinstance(one.said, Journey) and any(leg.lost for leg in one.said.legs)


def report(found: Sequence[Traveller]) -> dict[str, Any]:
    files = [{"file": one.name, **msgspec.to_builtins(one.said)} for one in found]
    taken = sum(isinstance(one.said, Journey) for one in found)
    return {
        "files": files,
        "taken": taken,
        "refused": len(found) - taken,
        "lost": sum(is_lost(one) for one in found),
    }


def summary(found: Sequence[Traveller]) -> str:
    said = report(found)
    return (
        f"{len(found)} files: {said['taken']} taken, {said['refused']} refused; "
        f"{said['lost']} did not come back whole."
    )


def table(found: Sequence[Traveller]) -> Iterator[str]:
    """Markdown."""
    yield HEAD.format(" | ".join(form.upper() for form in FORMATS))
    yield "| --- " * (6 + len(FORMATS)) + "|"
    for one in found:
        yield "| " + " | ".join(row(one)) + " |"


def row(one: Traveller) -> Iterator[str]:
    yield plain(one.name, 80)
    said = one.said
    if not isinstance(said, Journey):
        yield "–"
        yield "refused"
        yield from ["–"] * (2 + len(FORMATS))
        yield plain(said.why, TOLD)
        return
    yield plain(said.name, 40)
    yield f"{plain(said.spec.removeprefix('chara_card_').upper(), 20)}, {said.carrier.upper()}"
    yield str(said.entries)
    yield str(said.files)
    for leg in said.legs:
        yield "whole" if not leg.lost else plain(f"lost: {', '.join(leg.lost)}", TOLD)
    yield "<br>".join(plain(line, TOLD) for line in said.warnings)


def plain(text: str, length: int) -> str:
    """As it may stand in a cell, whoever wrote it."""
    return MARKS.sub(r"\\\1", shown(text, length))
