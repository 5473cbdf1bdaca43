"""CURVE keys that outlive a run: the web node's, by which GPU boxes know it, and this machine's box's.

Each is a JSON file in DATA/keys. The keys between the supervisor and its children, and between link
and engine, are made anew at each start and never touch a disk.
"""

from pathlib import Path

from actors.private_files import ExposedFileError
from actors.wire import keys
from actors.wire.keys import BrokenKeyFileError, KeyPair
from gpu_actor.pairing_file import BrokenPairingError, Pairing, pairing_path, read_pairing
from supervisor.errors import BrokenKeyError, ExposedKeyError


def kept_key_pair(path: Path) -> KeyPair:
    """The key pair in `path`, made at the first call. Raises ExposedKeyError, BrokenKeyError."""
    try:
        return keys.kept_key_pair(path)
    except ExposedFileError as error:
        raise ExposedKeyError(str(error)) from error
    except BrokenKeyFileError as error:
        raise BrokenKeyError(str(error)) from error


def web_node_key(folder: Path) -> KeyPair:
    """The identity of the web node towards GPU boxes."""
    return kept_key_pair(keys.web_node_path(folder))


def gpu_box_key(folder: Path) -> KeyPair:
    """The identity of this machine's GPU box towards web nodes."""
    return kept_key_pair(keys.gpu_box_path(folder))


def pairing(folder: Path) -> Pairing | None:
    """The web node that this machine's GPU box joined. Raises ExposedKeyError, BrokenKeyError."""
    try:
        return read_pairing(pairing_path(folder))
    except ExposedFileError as error:
        raise ExposedKeyError(str(error)) from error
    except BrokenPairingError as error:
        raise BrokenKeyError(str(error)) from error
