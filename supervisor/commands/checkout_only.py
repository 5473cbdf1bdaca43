"""Commands whose work lies among the tests: they run from a checkout of the project alone."""

import importlib
import sys
from pathlib import PurePosixPath
from typing import Any

from supervisor.errors import NotACheckoutError
from supervisor.launch import ROOT


def from_checkout(module: str, command: str) -> Any:
    """The module below tests/ that does the work. Raises NotACheckoutError."""
    if not (ROOT / PurePosixPath(module.replace(".", "/")).with_suffix(".py")).is_file():
        raise NotACheckoutError(f"{command} is part of the tests: run it from a checkout of the project.")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(module)
