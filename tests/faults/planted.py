"""What is planted in the processes of a node; actors/planting.py calls it, in a checkout alone.

The negative controls of the fault bench go into the web process; a process imports what it needs alone, for
its start is measured.
"""

import importlib
from typing import Any

CONTROLS = ("drop", "duplicate", "reorder", "alter")


def plant(name: str, process: str) -> None:
    """Called once in each process for each name, before it serves."""
    if name not in CONTROLS:
        raise ValueError(f"there is no planted bug {name}")
    if process == "web":
        controls: Any = importlib.import_module("tests.faults.controls")
        controls.plant(name)
