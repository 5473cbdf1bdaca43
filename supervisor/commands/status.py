"""`samovar status`: the state of the running node."""

import argparse
import json
import sys
from typing import Any

import msgspec

from actors.messages.control import NodeStatus
from supervisor.commands.options import add_data, data_folder
from supervisor.status import ask_status
from supervisor.table import status_text


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    status = ask_status(data_folder(arguments))
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(status), indent=2) + "\n")
    else:
        sys.stdout.write(status_text(status))
    return 0


def as_json(status: NodeStatus) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(status)
    del values["type"]
    return values
