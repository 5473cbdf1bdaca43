"""PlanManifest: what lies beside a TensorRT plan. The builder writes it, last; the runtime believes it.

A plan folder holds PLAN, MANIFEST, and what the first start on a card leaves there. Folders lie below
`cache/plans`, one for each model, target and size, named for people: the manifest decides.
"""

import hashlib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from gpu_actor.engine.tensorrt_library import LibraryName
from gpu_actor.troubles import PlanError, PlanNotFoundError

PLAN, MANIFEST = "model.plan", "manifest.json"
MANIFEST_VERSION = 1
"""Goes up when an older plan cannot be run any more."""

CacheElements = Literal["fp32", "fp16", "bf16", "fp8", "int8", "int6"]


class PlanManifest(Struct, frozen=True):
    """Sizes: `slots` rows at most in a run, `context` positions that a sequence may fill, `positions` of the
    cache (T: more than the context, and such that a slot's cache is a multiple of 256 bytes), `chunk` tokens
    at most in a run of one row. Hashes are SHA-256, hex.
    """

    version: int
    library: LibraryName
    library_version: str
    target: str  # of the card: "sm89"
    model_hash: str
    plan_hash: str
    slots: int
    context: int
    positions: int
    chunk: int
    elements: str  # of activations: "float16"
    cache: CacheElements
    graph_version: int = 0  # of the generator of the graph
    plan_bytes: int = 0
    # What the walk over the built network found, and what the build took: seconds, bytes of host memory.
    attentions: int = 0
    attentions_with_lengths: int = 0
    kv_updates: int = 0
    profiles: int = 0
    seconds: float = 0.0
    peak: int = 0
    predicted: int = 0


def plans_folder(cache: Path) -> Path:
    """`cache` is the folder of deploy.cache."""
    return cache / "plans"


def read_manifest(folder: Path) -> PlanManifest:
    """PlanError where there is none that can be used."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=PlanManifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise PlanError(
            f"the TensorRT plan in {folder} has no manifest that can be read ({error}); build it with "
            "`samovar engine build`"
        ) from error
    if manifest.version != MANIFEST_VERSION:
        raise PlanError(f"the TensorRT plan in {folder} is too old; build it with `samovar engine build`")
    return manifest


def find_plan(cache: Path, model_hash: str, target: str) -> Path:
    """The folder of the newest usable plan of the model for such cards; PlanNotFoundError says what to do."""
    found: list[Path] = []
    for manifest_file in sorted(plans_folder(cache).glob(f"*/{MANIFEST}")):
        try:
            manifest = read_manifest(manifest_file.parent)
        except PlanError:
            continue  # it cannot be used, and another may be there
        if (manifest.model_hash, manifest.target) == (model_hash, target):
            found.append(manifest_file.parent)
    if not found:
        raise PlanNotFoundError(
            f"there is no TensorRT plan of this model for {target} cards in {plans_folder(cache)}; build it "
            f"with `samovar engine build --target {target}`"
        )
    return max(found, key=lambda folder: (folder / MANIFEST).stat().st_mtime_ns)


def key_of(*parts: str) -> str:
    """A short name for what holds only for all of these together."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
