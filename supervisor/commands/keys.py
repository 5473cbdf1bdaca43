"""`samovar keys rotate`: new keys between web node and GPU boxes; nothing is paired anew.

On a web node it changes the server's key, on a GPU box alone the box's.
"""

import argparse

import msgspec

from actors.messages.control import KeysRotating, RotateKeys, encode
from supervisor.commands.options import add_data, data_folder
from supervisor.control import control
from supervisor.data_folder import DataFolder
from supervisor.errors import ControlRefusedError
from supervisor.node_file import read_node
from supervisor.status import ask_node
from web.protocol.boxes import BoxList


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    rotate_parser = actions.add_parser("rotate", help="change the key of this machine")
    add_data(rotate_parser)
    rotate_parser.set_defaults(action=rotate)


def run(arguments: argparse.Namespace) -> int:
    return arguments.action(arguments)


def rotate(arguments: argparse.Namespace) -> int:
    data = data_folder(arguments)
    print(rotate_server_key(data) if "web" in read_node(data).ports else rotate_box_key(data))
    return 0


def rotate_server_key(data: DataFolder) -> str:
    with control(data) as node:
        listed = msgspec.json.decode(node.ask("POST", "/api/keys/rotate"), type=BoxList)
    waits = listed.key_change.waits_for if listed.key_change is not None else ()
    if waits:
        names = ", ".join(waits)
        return f"The server's next key is announced. It is used as soon as these boxes keep it: {names}."
    return "The server's next key is used from now on."


def rotate_box_key(data: DataFolder) -> str:
    answer = msgspec.msgpack.decode(ask_node(data, encode(RotateKeys())), type=KeysRotating)
    if not answer.told:
        raise ControlRefusedError("The link process does not run just now: see samovar status.")
    return "The box's next key is announced to the web node, and is used as soon as that has taken it."
