"""Where models, engine plans and other costly things are kept: once per user, outside every checkout.

Standard library only: the set-up fills the cache before any package is there, and the programs read it.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath


@dataclass(frozen=True)
class ModelFile:
    """One model file of the cache: its name, its size in bytes and its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


DEMONSTRATION_MODEL = ModelFile(
    name="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def cache_folder_for(platform: str, home: str, environ: Mapping[str, str]) -> PurePath:
    """The cache folder on `platform` (as sys.platform names it): SAMOVAR_CACHE, or what is usual there."""
    flavour = PureWindowsPath if platform == "win32" else PurePosixPath
    if chosen := environ.get("SAMOVAR_CACHE"):
        return flavour(chosen)
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (flavour(local) if local else flavour(home, "AppData", "Local")) / "samovar" / "cache"
    if platform == "darwin":
        return flavour(home, "Library", "Caches", "samovar")
    shared = environ.get("XDG_CACHE_HOME", "")
    # The XDG rule: a relative path there is to be ignored.
    return (flavour(shared) if shared.startswith("/") else flavour(home, ".cache")) / "samovar"


def cache_folder() -> Path:
    """This user's cache folder on this machine; it may not exist yet."""
    return Path(cache_folder_for(sys.platform, str(Path.home()), os.environ)).absolute()


def model_path(cache: Path, model: ModelFile = DEMONSTRATION_MODEL) -> Path:
    """Where the cache keeps `model`. A file of that name is whole: it is put there in one move."""
    return cache / "models" / model.name


def demonstration_model() -> Path:
    """The small model that the set-up fetches; it may not exist yet."""
    return model_path(cache_folder())
