"""Speeds that `samovar bench engine` measured on this machine, kept beside the models."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from deploy.stamps import write_in_one_move
from gpu_actor.engine_choice import NAMES, Runtime
from gpu_actor.troubles import CacheFolderError

SPEEDS = "engine-speeds.json"

Speeds = dict[str, dict[str, float]]
"""Model's hash → engine → tokens a second of one stream."""


def read_speeds(cache: Path, model_hash: str) -> dict[Runtime, float]:
    """Nothing where nothing was measured or the file cannot be read: it can be measured again."""
    return {name: speed for name, speed in known_speeds(cache).get(model_hash, {}).items() if name in NAMES}


def write_speeds(cache: Path, model_hash: str, speeds: Mapping[Runtime, float]) -> None:
    """Keep them. Raises CacheFolderError."""
    known = known_speeds(cache)
    known[model_hash] = {**known.get(model_hash, {}), **speeds}
    try:
        write_in_one_move(cache / SPEEDS, msgspec.json.encode(known).decode())
    except OSError as error:
        raise CacheFolderError(
            f"the cache folder {cache} cannot be written: {error.strerror or error}; "
            "make room there, or choose another folder with SAMOVAR_CACHE"
        ) from error


def known_speeds(cache: Path) -> Speeds:
    try:
        return msgspec.json.decode((cache / SPEEDS).read_bytes(), type=Speeds)
    except (OSError, msgspec.MsgspecError):
        return {}
