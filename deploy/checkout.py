"""The checkout and the folders that the set-up fills in it."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypeVar

from deploy.cache import cache_folder

AnyPath = TypeVar("AnyPath", bound=PurePath)


def venv_program(venv: AnyPath, name: str, *, windows: bool) -> AnyPath:
    """The path of a program inside a virtual environment."""
    return venv / "Scripts" / f"{name}.exe" if windows else venv / "bin" / name


@dataclass(frozen=True)
class Checkout:
    """All places of one checkout. `root` and `cache` are absolute."""

    root: Path
    cache: Path
    windows: bool = False

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return venv_program(self.venv, "python", windows=self.windows)

    @property
    def samovar(self) -> Path:
        return venv_program(self.venv, "samovar", windows=self.windows)

    @property
    def scripts(self) -> Path:
        return self.python.parent

    @property
    def records(self) -> Path:
        """Where the set-up keeps its logs, its lock and the stamps of what lies outside .venv."""
        return self.root / ".setup"

    @property
    def ui(self) -> Path:
        return self.root / "web" / "ui"

    @property
    def crate(self) -> Path:
        return self.root / "rust_crypto"

    def lock(self, name: str) -> Path:
        """The lock file of one set of packages: runtime, test, build, node, rust or model."""
        return self.root / "requirements" / f"{name}.lock"


def this_checkout() -> Checkout:
    """The checkout that this file lies in."""
    return Checkout(
        root=Path(__file__).resolve().parents[1],
        cache=cache_folder(),
        windows=sys.platform == "win32",
    )


def find_uv() -> str | None:
    """The uv on PATH, or None: then pip does its work."""
    return shutil.which("uv")
