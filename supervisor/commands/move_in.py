"""`samovar move-in`: a data folder of SillyTavern, or a zip of it, comes into an account of this web node."""

import argparse
import contextlib
import json
import os
import sys
import time
import zipfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from supervisor.commands.options import add_data, data_folder
from supervisor.control import control
from supervisor.errors import UsageError
from supervisor.table import columns
from supervisor.zip_files import UNREADABLE
from web.control_client import ControlClient
from web.protocol.moving import FolderList, ListedFile, Move, MovedItem, MoveReport

PROGRAMS = frozenset({"node_modules", ".git"})
"""Folders of programs: hundreds of thousands of files that nobody wants."""
MOVE_S = 600.0  # most time for a file: others may come first
TRIES = 60
LOGIN_S = 1_200.0  # a login of the terminal lasts longer
COUNTS = ("found", "imported", "known", "refused", "left_out")


class LocalFile(Struct, frozen=True):
    """A file of the folder; `open` may raise those of UNREADABLE."""

    path: str
    size: int
    open: Callable[[], IO[bytes]]


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="data/default-user, or a zip of it")
    parser.add_argument("--user", default="", metavar="NAME", help="whose it becomes (default: the owner's)")
    parser.add_argument("--json", action="store_true", help="print the whole report as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    data = data_folder(arguments)
    with files_in(arguments.folder) as files, control(data) as node:
        report = move_in(node, files, arguments.user, progress if sys.stderr.isatty() else quiet)
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=False))
    else:
        print("\n".join(told(report)))
    return 0


# -- the folder -----------------------------------------------------------------------------------


@contextlib.contextmanager
def files_in(folder: Path) -> Generator[list[LocalFile]]:
    """Raises UsageError."""
    if folder.is_dir():
        yield list(files_below(folder))
        return
    try:
        with zipfile.ZipFile(folder) as archive:
            yield [
                LocalFile(entry.filename, entry.file_size, lambda entry=entry: archive.open(entry))
                for entry in archive.infolist()
                if not entry.is_dir()
            ]
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{folder} is neither a folder nor a zip that can be read: {error}") from error


def files_below(folder: Path) -> Iterator[LocalFile]:
    """Links are not followed: a folder that was copied has none."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in PROGRAMS)
        for name in sorted(names):
            path = Path(place, name)
            if path.is_symlink() or not path.is_file():
                continue
            shown = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
            yield LocalFile(shown, path.stat().st_size, lambda path=path: path.open("rb"))


# -- the move -------------------------------------------------------------------------------------


def move_in(
    node: ControlClient, files: list[LocalFile], user: str, watch: Callable[[int, int], None]
) -> MoveReport:
    """`watch` is told how many files of how many are there."""
    listed = FolderList(tuple(ListedFile(file.path, file.size) for file in files), user)
    move = msgspec.json.decode(node.ask("POST", "/api/moves", listed), type=Move)
    path = f"/api/moves/{quote(str(move.id))}"
    logged_in_s = time.monotonic()
    for done, number in enumerate(move.files):
        watch(done, len(move.files))
        if time.monotonic() - logged_in_s > LOGIN_S:
            node.log_in()
            logged_in_s = time.monotonic()
        try:
            with opened(files[number]) as file:
                send(node, f"{path}/files/{number}", file, move.piece_bytes)
        except UnreadableError:
            node.ask("DELETE", f"{path}/files/{number}", tries=TRIES)
    watch(len(move.files), len(move.files))
    report = node.ask("POST", f"{path}/end", within_s=MOVE_S, tries=TRIES)
    return msgspec.json.decode(report, type=MoveReport)


class UnreadableError(Exception):
    """The file cannot be read where it lies: it is told so in the report."""


def opened(file: LocalFile) -> IO[bytes]:
    """Raises UnreadableError."""
    try:
        return file.open()
    except UNREADABLE as error:
        raise UnreadableError from error


def send(node: ControlClient, path: str, file: IO[bytes], piece_bytes: int) -> None:
    """Raises UnreadableError."""
    at, piece = 0, read(file, piece_bytes)
    while True:
        after = read(file, piece_bytes)
        node.ask("PUT", f"{path}?at={at}", piece, within_s=MOVE_S, tries=TRIES)
        at += len(piece)
        if not after:
            return
        piece = after


def read(file: IO[bytes], size: int) -> bytes:
    try:
        return file.read(size)
    except UNREADABLE as error:
        raise UnreadableError from error


# -- what is said ---------------------------------------------------------------------------------


def progress(done: int, files: int) -> None:
    sys.stderr.write(f"\rFile {done} of {files}" + ("\n" if done == files else ""))
    sys.stderr.flush()


def quiet(done: int, files: int) -> None:
    """Nobody looks on."""


def told(report: MoveReport) -> Iterator[str]:
    heads = ("", *(count.replace("_", " ") for count in COUNTS), "messages", "versions", "lore entries")
    yield columns(heads, [row(msgspec.to_builtins(kind)) for kind in report.kinds])
    for status, title in (("refused", "Refused:"), ("left_out", "Left there:")):
        items = [item for item in report.items if item.status == status]
        if items:
            yield f"\n{title}"
            yield from (line for item in items for line in lines(item))
    remarked = [item for item in report.items if item.status == "imported" and item.remarks]
    if remarked:
        yield "\nCame in, with a remark:"
        yield from (line for item in remarked for line in lines(item))


def row(kind: dict[str, Any]) -> tuple[str, ...]:
    inside = (kind[name] or "" for name in ("messages", "versions", "entries"))
    return (kind["kind"].replace("_", " "), *(str(kind[count]) for count in COUNTS), *map(str, inside))


def lines(item: MovedItem) -> Iterator[str]:
    several = f" ({item.files} files)" if item.files > 1 else ""
    yield f"  {item.name}{several}: " + " ".join(remark.text for remark in item.remarks)
