"""`samovar join`: makes this machine a GPU box of the web node whose join string is given."""

import argparse
import os
import platform
import time

from zmq.utils import z85

from actors.wire.join_string import (
    DamagedJoinStringError,
    Invitation,
    NewerJoinStringError,
    read_join_string,
)
from actors.wire.keys import gpu_box_path, joining_key, new_key_pair, pairing_fingerprint, write_key_pair
from gpu_actor.join import Joined, JoinError, JoinRefusedError, StringOverError, join
from gpu_actor.pairing_file import Pairing, pairing_path, write_pairing
from supervisor.commands.options import add_data, data_folder, seconds
from supervisor.data_folder import DataFolder
from supervisor.errors import NotRunningError, UsageError
from supervisor.keys import gpu_box_key
from supervisor.node_file import read_node
from supervisor.settings_file import read_settings, write_default_file
from supervisor.version import version

ANOTHER = "Make a new one on the web node with: samovar pair"


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("join", metavar="STRING", nargs="+", help="what `samovar pair` showed")
    parser.add_argument("--name", help="how the box is called there (default: this machine's name)")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=10.0,
        metavar="SECONDS",
        help="most time to wait for an answer of each address (default: 10)",
    )


def run(arguments: argparse.Namespace) -> int:
    invitation = invitation_in("".join(arguments.join))
    data = data_folder(arguments)
    data.make()
    write_default_file(data.settings)
    settings = read_settings(data.settings, os.environ)
    name = arguments.name or settings.supervisor.box_name or platform.node() or "GPU box"
    pairing = pair(data, invitation, name, arguments.timeout)
    print(f'Joined {pairing.web_node.removeprefix("tcp://")} as "{pairing.name}".')
    print(f"Fingerprint: {pairing.fingerprint} (the web node shows the same one)")
    print(after_words(data))
    return 0


def invitation_in(text: str) -> Invitation:
    """Raises UsageError."""
    try:
        return read_join_string(text)
    except DamagedJoinStringError as error:
        raise UsageError(f"This join string is damaged: {error}. Copy it again, whole.") from error
    except NewerJoinStringError as error:
        raise UsageError(f"This join string cannot be read: {error}. Update this Samovar.") from error


def pair(data: DataFolder, invitation: Invitation, name: str, within_s: float) -> Pairing:
    """Join, and write down what `samovar up --role gpu` needs. Raises UsageError."""
    key = gpu_box_key(data.keys)
    try:
        try:
            joined = join(invitation, key, name, version(), within_s)
        except JoinRefusedError as error:
            if not error.new_key:
                raise
            key = new_key_pair()
            write_key_pair(gpu_box_path(data.keys), key)
            joined = join(invitation, key, name, version(), within_s)
    except StringOverError as error:
        raise UsageError(over_words(invitation)) from error
    except JoinError as error:
        raise UsageError(str(error)) from error
    pairing = pairing_of(invitation, key.public, joined)
    write_pairing(pairing_path(data.keys), pairing)
    return pairing


def pairing_of(invitation: Invitation, box_key: str, joined: Joined) -> Pairing:
    server_key = z85.encode(invitation.server_key).decode()
    joining = joining_key(invitation.secret).public
    fingerprint = pairing_fingerprint(server_key, box_key, joining)
    return Pairing(f"tcp://{joined.address}", server_key, joined.name, fingerprint)


def over_words(invitation: Invitation) -> str:
    """The server does not say why it refuses a key; the clock tells the likely reason."""
    if time.time() > invitation.expires_s:
        return f"This join string is too old. {ANOTHER}"
    return f"This join string holds no more: it was used, replaced by a newer one, or withdrawn. {ANOTHER}"


def after_words(data: DataFolder) -> str:
    try:
        read_node(data)
    except NotRunningError:
        return "Start it with: samovar up --role gpu"
    return "The node that runs here serves it after a restart: stop it, then samovar up --role gpu"
