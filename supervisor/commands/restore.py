"""`samovar restore`: a backup becomes the data folder of a node."""

import argparse
import sys
import time
from pathlib import Path

from supervisor.backup import bring_back
from supervisor.commands.options import add_data, data_folder
from supervisor.errors import UsageError
from supervisor.progress_line import ProgressLine


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help="what `samovar backup` made")


def run(arguments: argparse.Namespace) -> int:
    data = data_folder(arguments)
    if not arguments.file.is_file():
        raise UsageError(f"there is no file {arguments.file}")
    line = ProgressLine(sys.stderr, time.monotonic, "brought back")
    try:
        made = bring_back(arguments.file, data, line.report)
    finally:
        line.end()
    print(f"{data.root}: {made.files} files of {made.manifest.made}, by Samovar {made.manifest.samovar}")
    if "keys" not in made.manifest.parts:
        print(f"The backup has no keys: put your copy of them into {data.keys} before anything starts.")
    print("Never let two nodes run with the same data: stop the old one for good, then: samovar up")
    return 0
