"""`samovar backup`: all that cannot be made anew, in one file, while the node runs."""

import argparse
import os
import sys
import time
from pathlib import Path

from supervisor.backup import make_backup
from supervisor.commands.options import add_data, data_folder
from supervisor.progress_line import ProgressLine
from supervisor.settings_file import read_settings
from supervisor.version import version


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="where to (default: samovar-DATE.zip, here)"
    )
    parser.add_argument(
        "--without-keys",
        action="store_true",
        help="leave keys/ out: the file is of no use to others then, and to you only with a copy of keys/",
    )


def run(arguments: argparse.Namespace) -> int:
    data = data_folder(arguments)
    target = (arguments.file or Path(f"samovar-{time.strftime('%Y-%m-%d')}.zip")).absolute()
    line = ProgressLine(sys.stderr, time.monotonic, "written")
    keys = not arguments.without_keys
    try:
        made = make_backup(data, target, version(), line.report, keys=keys)
    finally:
        line.end()
    print(f"{target}: {made.files} files, {made.size / 1e6:.1f} MB")
    if read_settings(data.settings, os.environ).storage.url:
        print("The database is a PostgreSQL server's and is not in it: back it up with pg_dump.")
    if keys:
        print(
            "It has the keys too: whoever has the file can read everything in it. Keep it as you keep a key."
        )
    else:
        print(f"It has no keys, and without a copy of {data.keys} nobody can read it, you neither.")
    print("To bring it back: samovar restore FILE --data DIR")
    return 0
