"""What lies in the tests of a checkout: benches, the simulator, planted bugs. An installed one has none."""

import importlib
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def checkout_test_module(name: str, root: Path = ROOT) -> Any:
    """The module `name`, which lies below `tests`; None where this is no checkout, or has no such module."""
    file = root.joinpath(*name.split(".")).with_suffix(".py")
    if not (name.startswith("tests.") and file.is_file() and (root / "pyproject.toml").is_file()):
        return None
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module(name)
