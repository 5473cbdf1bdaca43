"""CURVE keys that outlive a run: the web node's, by which GPU boxes know it, and this machine's box's.

Each is a JSON file in DATA/keys. The keys between the supervisor and its children, and between link
and engine, are made anew at each start and never touch a disk.
"""

from pathlib import Path

import msgspec
import zmq
from msgspec import Struct

from supervisor.data_folder import read_secret, write_secret
from supervisor.errors import BrokenKeyError

Z85_KEY_LENGTH = 40


class KeyPair(Struct, frozen=True):
    """A CURVE25519 key pair in Z85 (ZeroMQ RFC 32)."""

    public: str
    secret: str

    def __post_init__(self) -> None:
        if len(self.public) != Z85_KEY_LENGTH or len(self.secret) != Z85_KEY_LENGTH:
            raise ValueError(f"a key has {Z85_KEY_LENGTH} characters")


def new_key_pair() -> KeyPair:
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), secret.decode())


def kept_key_pair(path: Path) -> KeyPair:
    """The key pair in `path`, made at the first call. Raises ExposedKeyError, BrokenKeyError."""
    try:
        data = read_secret(path)
    except FileNotFoundError:
        pair = new_key_pair()
        write_secret(path, msgspec.json.encode(pair))
        return pair
    try:
        return msgspec.json.decode(data, type=KeyPair)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenKeyError(
            f"{path} holds no key ({error}). Put it back from a backup, or move it away for a new one."
        ) from error


def web_node_key(keys: Path) -> KeyPair:
    """The identity of the web node towards GPU boxes."""
    return kept_key_pair(keys / "web_node.json")


def gpu_box_key(keys: Path) -> KeyPair:
    """The identity of this machine's GPU box towards web nodes."""
    return kept_key_pair(keys / "gpu_box.json")
