"""Pull: fetches a model from a hub into the cache, whole or not at all.

A file is fetched under a name that holds its hash, so that a later try goes on with it; when it is
complete its hash is compared with the hub's, and only then it appears under its own name.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Protocol

from msgspec import Struct

from gpu_actor.engine.gguf_file import PART_NAME
from gpu_actor.engine.huggingface_folder import CONFIG, INDEX, NAMED_FILES
from gpu_actor.hub import HubFile, Listing
from gpu_actor.models import file_hash, remember_hash
from gpu_actor.troubles import (
    CacheFolderError,
    DamagedDownloadError,
    HubError,
    ModelNotFoundError,
    UnsupportedModelError,
)

UNFINISHED = ".unfinished"
MARGIN = 1 << 30  # bytes that stay free on the disk: other things are written while a model is fetched
NAMES_SHOWN = 40
CHUNK = 1 << 22
SAFE_NAME = re.compile(r"[\w][\w .+()\-]*")
REPO = re.compile(r"(?P<repo>[^/:\s]+/[^/:\s]+)(?::(?P<choice>.+))?")


class Source(Protocol):
    """What a pull needs of a hub."""

    def listing(self, repo: str, revision: str | None) -> Listing: ...

    def fetch(self, listing: Listing, file: HubFile, path: Path, report: Callable[[int], None]) -> int: ...


class Pulled(Struct, frozen=True):
    """`path`: what --model takes. `resumed_bytes`: what an earlier try had fetched."""

    repo: str
    commit: str
    path: Path
    files: tuple[str, ...]
    bytes: int
    resumed_bytes: int


Report = Callable[[str, int, int], None]
"""Told the name of a file, the bytes that are there and the bytes it will have."""


def pull(named: str, revision: str | None, hub: Source, cache: Path, report: Report) -> Pulled:
    """Fetch what `named` (REPO, REPO:QUANT or REPO:FILE) means; EngineTrouble says why not."""
    parsed = REPO.fullmatch(named)
    if parsed is None:
        raise ModelNotFoundError(f"{named!r} names no model of a hub: give OWNER/NAME, or OWNER/NAME:Q4_K_M")
    listing = hub.listing(parsed["repo"], revision)
    wanted = chosen_files(listing, parsed["choice"] or "")
    folder = cache / "models" / Path(*parsed["repo"].split("/"))
    targets = [folder / checked_name(file.name) for file in wanted]
    try:
        resumed = fetch_all(listing, wanted, targets, hub, cache, report)
    except OSError as error:
        raise CacheFolderError(
            f"the model cannot be written to {folder}: {error.strerror or error}; make room there, "
            "or choose another folder with SAMOVAR_CACHE"
        ) from error
    is_folder = any(file.name == CONFIG for file in wanted)
    return Pulled(
        listing.repo,
        listing.commit,
        folder if is_folder else targets[0],
        tuple(file.name for file in wanted),
        sum(file.size for file in wanted),
        resumed,
    )


def checked_name(name: str) -> Path:
    """The file's place below the folder of its repository: a name from a hub may not lead out of it."""
    parts = PurePosixPath(name).parts
    if not parts or not all(SAFE_NAME.fullmatch(part) for part in parts):
        raise HubError(f"the hub names the file {name!r}, which is no name to write to: choose another model")
    return Path(*parts)


# -- which files ----------------------------------------------------------------------------------


def chosen_files(listing: Listing, choice: str) -> list[HubFile]:
    """The files of one model, the parts of a split one in order."""
    ggufs = grouped(listing)
    if not choice and not ggufs:
        return folder_of(listing)
    if choice:
        by_name = [files for name, files in ggufs.items() if choice in {name, *(f.name for f in files)}]
        found = by_name or [files for name, files in ggufs.items() if has_quantisation(name, choice)]
    else:
        found = list(ggufs.values())
    if len(found) == 1:
        return found[0]
    names = ", ".join(list(ggufs)[:NAMES_SHOWN]) or "none"
    what = f"{len(found)} files for {choice!r}" if choice else f"{len(found)} GGUF files"
    raise ModelNotFoundError(
        f"{listing.repo} has {what if found else f'no file for {choice!r}'}; "
        f"name one as {listing.repo}:FILE or by its quantisation. There are: {names}"
    )


def grouped(listing: Listing) -> dict[str, list[HubFile]]:
    """Name → files of each GGUF model, of a split one all parts; what belongs to pictures is left out."""
    groups: dict[str, list[HubFile]] = {}
    for file in sorted(listing.files, key=lambda each: each.name):
        folder, _, last = file.name.rpartition("/")
        if not last.endswith(".gguf") or last.lower().startswith("mmproj"):
            continue
        part = PART_NAME.fullmatch(last)
        name = file.name if part is None else f"{folder}/{part['stem']}.gguf".lstrip("/")
        groups.setdefault(name, []).append(file)
    return groups


def has_quantisation(name: str, wanted: str) -> bool:
    """Whether the file's name says this quantisation: Q4_K is neither in Q4_K_M nor in IQ4_K."""
    last = name.rpartition("/")[2]
    pattern = rf"(?<![A-Za-z0-9]){re.escape(wanted)}(?![A-Za-z0-9_])"
    return re.search(pattern, last, re.IGNORECASE) is not None


def folder_of(listing: Listing) -> list[HubFile]:
    """The files of a model in the form of transformers."""
    top = {file.name: file for file in listing.files if "/" not in file.name}
    weights = [name for name in top if name.endswith(".safetensors")]
    if INDEX in top:
        weights = [name for name in weights if re.search(r"-\d{5}-of-\d{5}\.safetensors$", name)]
    elif "model.safetensors" in top:
        weights = ["model.safetensors"]
    if CONFIG not in top or not weights:
        raise UnsupportedModelError(
            f"{listing.repo} has neither GGUF nor safetensors files: take a repository of the model that has"
        )
    return [top[name] for name in sorted({name for name in NAMED_FILES if name in top} | {*weights})]


# -- fetching -------------------------------------------------------------------------------------


def fetch_all(
    listing: Listing, wanted: list[HubFile], targets: list[Path], hub: Source, cache: Path, report: Report
) -> int:
    """Bytes that were there already."""
    parts = [part_path(file, cache) for file in wanted]
    parts[0].parent.mkdir(parents=True, exist_ok=True)
    whole = [is_whole(target, file, cache) for file, target in zip(wanted, targets, strict=True)]
    there = [
        file.size if done else size_of(part) for file, part, done in zip(wanted, parts, whole, strict=True)
    ]
    missing = sum(file.size for file in wanted) - sum(there)
    free = shutil.disk_usage(parts[0].parent).free
    if missing and missing + MARGIN > free:
        raise CacheFolderError(
            f"{listing.repo} needs {missing / 1e9:.1f} GB more and {cache} has {free / 1e9:.1f} GB free; "
            "make room there, or choose another folder with SAMOVAR_CACHE"
        )
    for file, target, part, done in zip(wanted, targets, parts, whole, strict=True):
        if not done:
            fetch_one(listing, file, target, part, hub, cache, report)
    return sum(there)


def fetch_one(
    listing: Listing, file: HubFile, target: Path, part: Path, hub: Source, cache: Path, report: Report
) -> None:
    def told(count: int) -> None:
        report(file.name, count, file.size)

    if size_of(part) != file.size or not file.size:
        hub.fetch(listing, file, part, told)
    told(size_of(part))
    sha256 = verified(file, part)
    target.parent.mkdir(parents=True, exist_ok=True)
    with part.open("rb+") as stream:
        os.fsync(stream.fileno())  # what appears under its name is whole even after a power cut
    part.replace(target)
    remember_hash(target, sha256, cache)


def verified(file: HubFile, part: Path) -> str:
    """SHA-256 of the fetched file; where it is not what the hub says, the file is removed."""
    sha256, sound = hashed(file, part)
    if not sound:
        part.unlink()
        raise DamagedDownloadError(
            f"{file.name} is not what the hub says it should be (another hash): it was removed; "
            "run the command again, and if it happens again do not use this repository"
        )
    return sha256


def hashed(file: HubFile, path: Path) -> tuple[str, bool]:
    """SHA-256 of what is at `path`, and whether it is the hub's file."""
    sha256 = hashlib.sha256()
    # Git's name of a file that is not in LFS: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    blob = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            sha256.update(chunk)
            blob.update(chunk)
    sound = sha256.hexdigest() == file.sha256 if file.sha256 else blob.hexdigest() == file.blob_id
    return sha256.hexdigest(), sound


def part_path(file: HubFile, cache: Path) -> Path:
    """Where the unfinished file is kept; the name is that of its content, so it never goes on as another."""
    key = hashlib.sha256(f"{file.sha256 or file.blob_id} {file.size}".encode()).hexdigest()
    return cache / "models" / UNFINISHED / f"{key[:32]}.part"


def size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def is_whole(target: Path, file: HubFile, cache: Path) -> bool:
    """Whether the file is there already, from this revision or one with the same content."""
    if not target.is_file() or target.stat().st_size != file.size:
        return False
    return file_hash(target, cache) == file.sha256 if file.sha256 else hashed(file, target)[1]
