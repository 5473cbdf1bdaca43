"""Bugs that the fault bench plants in a process of a node, each of which its checker must catch.

They live in the tests of a checkout and nowhere else: an installed Samovar has no tests, so there the
variable does nothing.
"""

import importlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "SAMOVAR_PLANTED"  # names with commas between them


def plant(process: str, environ: Mapping[str, str] = os.environ, root: Path = ROOT) -> tuple[str, ...]:
    """Plant what the environment names in this process, before it serves; returns what was planted."""
    names = tuple(filter(None, environ.get(VARIABLE, "").split(",")))
    if not names:
        return ()
    if not ((root / "pyproject.toml").is_file() and (root / "tests" / "faults" / "planted.py").is_file()):
        log.warning("%s is for a checkout alone: ignored", VARIABLE)
        return ()
    planted: Any = importlib.import_module("tests.faults.planted")
    for name in names:
        planted.plant(name, process)
        log.warning("planted by the environment: %s", name)
    return names
