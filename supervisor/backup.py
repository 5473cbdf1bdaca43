"""Backups: one zip with all of a node that cannot be made anew, and the way back.

    samovar-backup.json   what the file is     keys/     secrets, where they are wanted
    samovar.toml          settings             assets/   pictures
    db/                   the database as it was at one moment

A node may run meanwhile: SQLite copies the database in one transaction, which holds up nobody, and pictures
never change. Logs and what belongs to the run stay out, and models, which are fetched again.
"""

import json
import os
import re
import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
from msgspec import Struct

from actors.private_files import FLAGS, replace
from supervisor.data_folder import DataFolder
from supervisor.errors import OperatorError, UsageError
from supervisor.zip_files import UNREADABLE

MANIFEST = "samovar-backup.json"
FORMAT = 1
SETTINGS = "samovar.toml"
PARTS = ("db", "keys", "assets")
NAMES = re.compile(r"samovar\.toml|(db|keys|assets)/[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""What may stand in a backup; nothing else is ever written."""
PIECE = 1 << 20

Tell = Callable[[str, int, int], None]
"""Hears the name of the file, how many bytes are done, and of how many."""


class BackupError(OperatorError):
    """The backup cannot be made or brought back: mend what the text names, and call again."""


class Manifest(Struct, frozen=True):
    """`parts`: of PARTS, those that were put in."""

    format: int
    samovar: str
    made: str  # ISO 8601, UTC
    parts: tuple[str, ...]


class Made(Struct, frozen=True):
    """What stands in a backup. `size`: of the file, in bytes."""

    manifest: Manifest
    files: int
    size: int


# -- there ----------------------------------------------------------------------------------------


def make_backup(data: DataFolder, target: Path, version: str, tell: Tell, *, keys: bool) -> Made:
    """The file is there whole or not at all, and its owner's alone. Raises UsageError, BackupError."""
    if target.exists():
        raise UsageError(f"{target} is there already: give another name, or move it away")
    if not (data.root / "db").is_dir() and not data.settings.is_file():
        raise UsageError(f"there is no node in {data.root}: name its data folder with --data")
    part = target.with_name(target.name + ".part")
    try:
        data.make()
        with tempfile.TemporaryDirectory(dir=data.root / "backup") as apart:
            made = write_backup(data, part, Path(apart), version, tell, keys=keys)
        replace(part, target)
    except (*UNREADABLE, sqlite3.Error) as error:
        raise BackupError(f"the backup cannot be made: {said(error)}") from error
    finally:
        part.unlink(missing_ok=True)
    return made


def write_backup(data: DataFolder, part: Path, apart: Path, version: str, tell: Tell, *, keys: bool) -> Made:
    files = [*copied_databases(data.root / "db", apart), *plain_files(data, keys=keys)]
    manifest = Manifest(
        FORMAT,
        version,
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        tuple(name for name in PARTS if keys or name != "keys"),
    )
    size, done = sum(path.stat().st_size for _, path in files), 0
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, FLAGS, 0o600), "wb") as raw:
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as backup:
            backup.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            for name, path in files:
                try:
                    source = path.open("rb")
                except FileNotFoundError:
                    continue  # a picture that nobody needs any more was taken away meanwhile
                # Pictures are packed already.
                entry = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
                entry.compress_type = (
                    zipfile.ZIP_STORED if name.startswith("assets/") else zipfile.ZIP_DEFLATED
                )
                with source, backup.open(entry, "w", force_zip64=True) as sink:
                    while piece := source.read(PIECE):
                        sink.write(piece)
                        done += len(piece)
                        tell(part.with_suffix("").name, done, size)
        raw.flush()
        os.fsync(raw.fileno())
    return Made(manifest, len(files), part.stat().st_size)


def copied_databases(folder: Path, apart: Path) -> Iterator[tuple[str, Path]]:
    """Each database of the folder, as it is at this moment."""
    for path in sorted(folder.glob("*.db")):
        copy = apart / path.name
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        yield f"db/{path.name}", copy


def plain_files(data: DataFolder, *, keys: bool) -> Iterator[tuple[str, Path]]:
    if data.settings.is_file():
        yield SETTINGS, data.settings
    for part in PARTS:
        if part == "keys" and not keys:
            continue
        for path in sorted((data.root / part).glob("*")):
            name = f"{part}/{path.name}"
            is_database = part == "db" and ".db" in path.name  # with its journal
            if path.is_file() and not is_database and NAMES.fullmatch(name):
                yield name, path


# -- and back -------------------------------------------------------------------------------------


def bring_back(backup: Path, data: DataFolder, tell: Tell) -> Made:
    """Into a data folder that has nothing yet. Raises UsageError, BackupError."""
    if kept := next(what_is_there(data), None):
        raise UsageError(f"{data.root} has {kept} already: give an empty folder with --data, or move it away")
    try:
        with zipfile.ZipFile(backup) as archive:
            manifest = manifest_of(archive, backup)
            entries = [entry for entry in archive.infolist() if entry.filename != MANIFEST]
            for entry in entries:
                if not NAMES.fullmatch(entry.filename):
                    raise UsageError(f"{backup} holds {json.dumps(entry.filename)}, which no backup does")
            data.make()
            with tempfile.TemporaryDirectory(dir=data.root / "backup") as apart:
                unpack(archive, entries, Path(apart), backup.name, tell)
                put_in_place(Path(apart), data)
    except (*UNREADABLE, sqlite3.Error) as error:
        raise BackupError(f"{backup} cannot be brought back: {said(error)}") from error
    return Made(manifest, len(entries), backup.stat().st_size)


def what_is_there(data: DataFolder) -> Iterator[str]:
    if data.settings.exists():
        yield SETTINGS
    for part in PARTS:
        yield from (f"{part}/{path.name}" for path in sorted((data.root / part).glob("*")))


def manifest_of(archive: zipfile.ZipFile, backup: Path) -> Manifest:
    """Raises UsageError."""
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except (KeyError, msgspec.DecodeError) as error:
        raise UsageError(f"{backup} is no backup of Samovar") from error
    if manifest.format > FORMAT:
        raise UsageError(f"{backup} was made by a newer Samovar ({manifest.samovar}): update this one")
    return manifest


def unpack(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path, title: str, tell: Tell
) -> None:
    """Raises BackupError. What is damaged is found here: zip has a checksum for each file."""
    size, done = sum(entry.file_size for entry in entries), 0
    free = shutil.disk_usage(folder).free
    if size > free:
        raise BackupError(f"the backup needs {size / 1e6:.0f} MB, and {free / 1e6:.0f} are free")
    for entry in entries:
        path = folder / entry.filename
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with archive.open(entry) as source, os.fdopen(os.open(path, FLAGS, 0o600), "wb") as sink:
            while piece := source.read(PIECE):
                sink.write(piece)
                done += len(piece)
                tell(title, done, size)
            sink.flush()
            os.fsync(sink.fileno())
    for path in sorted((folder / "db").glob("*.db")):
        with closing(sqlite3.connect(path)) as database:
            (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise BackupError(f"the database in the backup is damaged: {state}. Take an older one")


def put_in_place(unpacked: Path, data: DataFolder) -> None:
    for part in PARTS:
        for path in sorted((unpacked / part).glob("*")):
            replace(path, data.root / part / path.name)
    if (unpacked / SETTINGS).exists():
        replace(unpacked / SETTINGS, data.settings)


def said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
