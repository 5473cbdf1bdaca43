"""What is planted in the processes of a node; actors/planting.py calls it, in a checkout alone.

    drop, duplicate, reorder, alter    negative controls: the web process damages tokens
    death-before-showing               the web process dies between a commit and its showing, once
    another-version                    the link speaks a version that the web node does not know

A process imports what it needs alone, for its start is measured.
"""

import importlib
from typing import Any

CONTROLS = ("drop", "duplicate", "reorder", "alter")
DEATH_MARK = "SAMOVAR_FAULTS_DEATH_MARK"  # path; once this file is there, nobody dies any more

PLACES = {
    **dict.fromkeys(CONTROLS, ("web", "tests.faults.controls")),
    "death-before-showing": ("web", "tests.faults.single_faults"),
    "another-version": ("link", "tests.faults.single_faults"),
}


def plant(name: str, process: str) -> None:
    """Called once in each process for each name, before it serves."""
    if name not in PLACES:
        raise ValueError(f"there is no planted bug {name}")
    where, module = PLACES[name]
    if process == where:
        planter: Any = importlib.import_module(module)
        planter.plant(name)
