"""Stamps: what a finished step leaves behind, so that it is not done again.

A stamp is a small file that holds the fingerprint of everything the step was made from. It is written
in one move after the work: a step that was cut off has none and is done again.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def fingerprint(*parts: str | Path) -> str:
    """SHA-256 over texts and the contents of files; a missing file counts as such."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            content = b"text " + part.encode()
        elif part.is_file():
            content = b"file " + hashlib.sha256(part.read_bytes()).digest()
        else:
            content = b"nothing"
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def files_below(folder: Path, *, without: Iterable[str]) -> list[Path]:
    """All files below `folder` in a steady order, leaving out the names in `without` at every depth."""
    left_out = frozenset(without)
    found: list[Path] = []
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in left_out)
        found += [Path(here, name) for name in sorted(files) if name not in left_out]
    return found


def tree_fingerprint(folder: Path, *, without: Iterable[str]) -> str:
    """The fingerprint of the names and contents below `folder`."""
    parts: list[str | Path] = []
    for file in files_below(folder, without=without):
        parts += [file.relative_to(folder).as_posix(), file]
    return fingerprint(*parts)


def write_in_one_move(file: Path, text: str, encoding: str = "utf-8") -> None:
    """Write `file` so that no reader and no crash ever sees a part of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding=encoding, newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def read_stamp(file: Path) -> str | None:
    """The fingerprint in a stamp; None where there is no stamp."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def write_stamp(file: Path, value: str) -> None:
    write_in_one_move(file, value + "\n")
