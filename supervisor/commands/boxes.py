"""`samovar boxes`: the GPU boxes that may dial in; rename one, or revoke it."""

import argparse
import json
import time
from urllib.parse import quote

import msgspec

from supervisor.commands.options import add_data, data_folder
from supervisor.control import control
from supervisor.table import columns
from web.protocol.boxes import BoxFacts, BoxList, BoxName


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(action=show)
    actions = parser.add_subparsers(metavar="ACTION")
    rename_parser = actions.add_parser("rename", help="call a box otherwise")
    rename_parser.add_argument("name", metavar="NAME")
    rename_parser.add_argument("new_name", metavar="NEW")
    rename_parser.set_defaults(action=rename)
    revoke_parser = actions.add_parser("revoke", help="cut a box off, at once and for good")
    revoke_parser.add_argument("name", metavar="NAME")
    revoke_parser.set_defaults(action=revoke)
    for subparser in (rename_parser, revoke_parser):
        add_data(subparser, again=True)


def run(arguments: argparse.Namespace) -> int:
    return arguments.action(arguments)


def show(arguments: argparse.Namespace) -> int:
    with control(data_folder(arguments)) as node:
        listed = msgspec.json.decode(node.ask("GET", "/api/boxes"), type=BoxList)
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(listed), indent=2))
    elif listed.boxes:
        heads = ("GPU box", "id", "state", "fingerprint", "paired", "last heard", "version")
        print(columns(heads, [row(box) for box in listed.boxes]))
    else:
        print("No GPU box has joined yet. Add one with: samovar pair")
    return 0


def row(box: BoxFacts) -> tuple[str, ...]:
    state = "own" if box.own else "revoked" if box.revoked_ms else "paired"
    return (
        box.name,
        box.id,
        state,
        box.fingerprint or "–",
        when(box.paired_ms),
        when(box.seen_ms),
        box.software or "–",
    )


def when(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(ms / 1000)) if ms else "–"


def rename(arguments: argparse.Namespace) -> int:
    with control(data_folder(arguments)) as node:
        node.ask("PATCH", f"/api/boxes/{quote(arguments.name, safe='')}", BoxName(arguments.new_name))
    print(f'"{arguments.name}" is called "{arguments.new_name}" now.')
    return 0


def revoke(arguments: argparse.Namespace) -> int:
    with control(data_folder(arguments)) as node:
        node.ask("DELETE", f"/api/boxes/{quote(arguments.name, safe='')}")
    print(f'"{arguments.name}" is revoked: it is cut off, and its replies go to other boxes.')
    return 0
