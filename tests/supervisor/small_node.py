"""A node of fixture children, in a process of its own: `small_node DATA SPEC SETTINGS`.

SPEC is a TreeSpec and SETTINGS a NodeSettings, both as JSON. It prints a line for each change of a child.
"""

import sys
from pathlib import Path

import msgspec

from supervisor.data_folder import DataFolder
from supervisor.node_start import run_node
from supervisor.settings import NodeSettings
from supervisor.spares import Spares
from supervisor.strategy import TreeSpec
from supervisor.tree_messages import ChildView


class Printed:
    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def changed(self, view: ChildView, now_s: float) -> None:
        line = f"{view.name} {view.state.value}"
        if self.seen.get(view.name) != line:
            self.seen[view.name] = line
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    def facts(self, view: ChildView, now_s: float) -> None:
        pass

    def stopping(self) -> None:
        sys.stdout.write("stopping\n")
        sys.stdout.flush()


if __name__ == "__main__":
    folder = DataFolder(Path(sys.argv[1]))
    folder.make()
    with folder.locked(), Spares(folder.logs) as spares:
        run_node(
            folder,
            msgspec.json.decode(sys.argv[3], type=NodeSettings),
            msgspec.json.decode(sys.argv[2], type=TreeSpec),
            Printed(),
            spares,
        )
