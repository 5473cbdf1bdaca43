"""CURVE25519 key pairs: made, kept in files, derived for joining, and named by short fingerprints."""

import base64
import hashlib
from pathlib import Path

import msgspec
import zmq
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct
from zmq.utils import z85

from actors.private_files import read_private, write_private

Z85_KEY_LENGTH = 40
JOINING = b"samovar joining key 1"
PAIRING = b"samovar pairing 1"
FINGERPRINT_GROUPS, FINGERPRINT_GROUP = 3, 4


class BrokenKeyFileError(Exception):
    """A key file holds no key: put it back from a backup, or move it away to have a new one made."""


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


def write_key_pair(path: Path, pair: KeyPair) -> None:
    write_private(path, msgspec.json.encode(pair))


def read_key_pair(path: Path) -> KeyPair:
    """Raises FileNotFoundError, ExposedFileError, BrokenKeyFileError."""
    data = read_private(path)
    try:
        return msgspec.json.decode(data, type=KeyPair)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenKeyFileError(
            f"{path} holds no key ({error}). Put it back from a backup, or move it away for a new one."
        ) from error


def kept_key_pair(path: Path) -> KeyPair:
    """The key pair in `path`, made at the first call. Raises ExposedFileError, BrokenKeyFileError."""
    try:
        return read_key_pair(path)
    except FileNotFoundError:
        pair = new_key_pair()
        write_key_pair(path, pair)
        return pair


def web_node_path(folder: Path) -> Path:
    """The identity of the web node towards GPU boxes."""
    return folder / "web_node.json"


def gpu_box_path(folder: Path) -> Path:
    """The identity of this machine's GPU box towards web nodes."""
    return folder / "gpu_box.json"


def next_path(path: Path) -> Path:
    """Where the key lies that is to take the place of the one in `path`."""
    return path.with_suffix(".next.json")


def joining_key(secret: bytes) -> KeyPair:
    """The key pair that a box joins with: HKDF-SHA256 (RFC 5869) of the secret in the join string.

    The web node lets it in for one message. So who does not know the secret gets no message across.
    """
    private = HKDF(SHA256(), length=32, salt=None, info=JOINING).derive(secret)
    encoded = z85.encode(private)
    return KeyPair(zmq.curve_public(encoded).decode(), encoded.decode())


def pairing_fingerprint(server_key: str, box_key: str, joining: str) -> str:
    """Three groups of four letters that both sides show: 60 bits of SHA-256 over the three public keys.

    Each side computes it from what it knows itself: alike means that nobody stood between.
    """
    digest = hashlib.sha256(PAIRING + b"".join(z85.decode(key) for key in (server_key, box_key, joining)))
    letters = base64.b32encode(digest.digest()).decode()
    places = range(0, FINGERPRINT_GROUPS * FINGERPRINT_GROUP, FINGERPRINT_GROUP)
    return "-".join(letters[place : place + FINGERPRINT_GROUP] for place in places)


def key_name(public: str) -> str:
    """A key in a line of the log: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(public.encode()).hexdigest()[:12]
