"""The model that the engine is to run: where it is, what it is called, and the hash of its file."""

import hashlib
from pathlib import Path

import msgspec
from msgspec import Struct

from deploy.cache import model_path
from deploy.stamps import write_in_one_move
from gpu_actor.troubles import CacheFolderError, ModelNotFoundError

HASHES = "model-hashes.json"
CHUNK = 1 << 22


class ChosenModel(Struct, frozen=True):
    """`sha256` is that of the file, hex. `demonstration`: the small model that the set-up fetched."""

    path: Path
    sha256: str
    demonstration: bool


class KnownHash(Struct, frozen=True):
    size: int
    modified_ns: int
    sha256: str


def choose_model(path: str, cache: Path) -> ChosenModel:
    """The file at `path`, or the demonstration model where it is empty; ModelNotFoundError where there is
    none. `cache` is the folder of deploy.cache.
    """
    chosen = Path(path).expanduser().absolute() if path else model_path(cache)
    if not chosen.is_file():
        raise ModelNotFoundError(
            f"there is no model file at {chosen}; name one with --model PATH"
            + ("" if path else ", or fetch the demonstration model with `python3 -m deploy setup`")
        )
    return ChosenModel(chosen, file_hash(chosen, cache), demonstration=chosen == model_path(cache))


def file_hash(path: Path, cache: Path) -> str:
    """SHA-256 of the file, hex; remembered until its size or time of change differs."""
    facts = path.stat()
    hashes = known_hashes(cache)
    known = hashes.get(str(path))
    if known is not None and (known.size, known.modified_ns) == (facts.st_size, facts.st_mtime_ns):
        return known.sha256
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    hashes[str(path)] = KnownHash(facts.st_size, facts.st_mtime_ns, digest.hexdigest())
    try:
        write_in_one_move(cache / HASHES, msgspec.json.encode(hashes).decode())
    except OSError as error:
        raise CacheFolderError(
            f"the cache folder {cache} cannot be written: {error.strerror or error}; "
            "make room there, or choose another folder with SAMOVAR_CACHE"
        ) from error
    return digest.hexdigest()


def known_hashes(cache: Path) -> dict[str, KnownHash]:
    """What was remembered; nothing where it cannot be read, for it can be made again."""
    try:
        return msgspec.json.decode((cache / HASHES).read_bytes(), type=dict[str, KnownHash])
    except (OSError, msgspec.MsgspecError):
        return {}
