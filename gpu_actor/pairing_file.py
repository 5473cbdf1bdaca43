"""DATA/keys/pairing.json: which web node this GPU box serves, as `samovar join` learnt it."""

from pathlib import Path

import msgspec
from msgspec import Struct

from actors.private_files import read_private, write_private


class BrokenPairingError(Exception):
    """The pairing cannot be read: remove the file that the text names, and pair anew with `samovar join`."""


class Pairing(Struct, frozen=True):
    """`web_node` is tcp://HOST:PORT, `server_key` its public key (Z85), `name` how it calls this box."""

    web_node: str
    server_key: str
    name: str
    fingerprint: str
    next_server_key: str = ""  # announced by the web node; "": none


def pairing_path(keys: Path) -> Path:
    return keys / "pairing.json"


def read_pairing(path: Path) -> Pairing | None:
    """None where the box was never paired. Raises ExposedFileError, BrokenPairingError."""
    try:
        return msgspec.json.decode(read_private(path), type=Pairing)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenPairingError(
            f"{path} is damaged ({error}): remove it, and pair anew with: samovar join"
        ) from error


def write_pairing(path: Path, pairing: Pairing) -> None:
    write_private(path, msgspec.json.format(msgspec.json.encode(pairing)))
