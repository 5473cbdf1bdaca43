"""KeyKeeper: changes this box's key towards the web node, and follows the server's.

Each step is on disk before the other side is told of it, and may be repeated, so a kill between two steps
loses nothing (actors/wire/PROTOCOL.md, "Keys change"). A box in the web node's own data folder reads the
server's key from there, and keeps its own, which never leaves the machine.
"""

import logging
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from actors.addresses import BOXES, LINK
from actors.messages.link import KeyRefused
from actors.messages.pairing import KeyAnnounced, KeyTaken, ServerKeyAnnounced, ServerKeyTaken
from actors.private_files import ExposedFileError
from actors.wire.keys import (
    BrokenKeyFileError,
    KeyPair,
    gpu_box_path,
    key_name,
    new_key_pair,
    next_path,
    read_key_pair,
    web_node_path,
    write_key_pair,
)
from actors.wire.sockets import Dialler
from gpu_actor.pairing_file import Pairing, pairing_path, read_pairing, write_pairing

log = logging.getLogger(__name__)


class KeyKeeper:
    """Listens in on `dialler`, the line to the web node. `keys` is the folder of the keys; `own`: the web
    node is on this machine, and in this folder.

    Raises ExposedFileError, BrokenKeyFileError, BrokenPairingError.
    """

    def __init__(self, keys: Path, dialler: Dialler, *, own: bool) -> None:
        self.keys = keys
        self.dialler = dialler
        self.own = own
        self.pass_on = dialler.tell
        dialler.tell = self.hear
        dialler.on_strange = self.server_is_strange
        self.pairing: Pairing | None = None if own else read_pairing(pairing_path(keys))
        self.next_key: KeyPair | None = None if own else self.left_over()
        if self.pairing is not None:
            dialler.server_keys = self.server_keys(self.pairing)

    def left_over(self) -> KeyPair | None:
        """The next key, where a change was begun and not ended."""
        try:
            found = read_key_pair(next_path(gpu_box_path(self.keys)))
        except FileNotFoundError:
            return None
        if found.public != self.dialler.dial.public:
            return found
        self.forget_next()
        return None

    def forget_next(self) -> None:
        next_path(gpu_box_path(self.keys)).unlink(missing_ok=True)
        self.next_key = None

    # -- this box's key -------------------------------------------------------------------------

    def rotate(self) -> None:
        """Begin to change this box's key; the web node has to take the next one first."""
        if self.own or self.next_key is not None:
            return
        pair = new_key_pair()
        try:
            write_key_pair(next_path(gpu_box_path(self.keys)), pair)
        except OSError:
            log.exception("the next key cannot be written")
            return
        self.next_key = pair
        self.announce()

    def announce(self) -> None:
        """Say the next key, if there is one; to be repeated, for it may be lost."""
        if self.next_key is not None:
            self.say(KeyAnnounced(self.next_key.public))

    def taken(self, key: str) -> None:
        """The web node lets the next key in: from now on it is the key of this box."""
        pair = self.next_key
        if pair is None or pair.public != key:
            return
        path = gpu_box_path(self.keys)
        try:
            write_key_pair(path, pair)
            self.forget_next()
        except OSError:
            log.exception("the new key cannot be written")
            return
        log.info("security: this box has the key %s now", key_name(key))
        self.dialler.use_key(pair)

    # -- the server's key -----------------------------------------------------------------------

    def hear(self, to: str, message: Any, sender: str) -> None:
        """Whatever the dialler tells: what concerns keys stays here."""
        match message:
            case KeyRefused():
                self.pass_on(to, message, sender)
                return
            case KeyTaken(key):
                self.taken(key)
            case ServerKeyAnnounced(key):
                self.server_key_announced(key)
            case _:
                self.pass_on(to, message, sender)
        self.server_key_proved()

    def say(self, message: KeyAnnounced | ServerKeyTaken) -> None:
        self.dialler.deliver(BOXES, message, LINK)

    def server_key_announced(self, key: str) -> None:
        pairing = self.pairing
        if pairing is None:
            return
        if key not in self.server_keys(pairing) and not self.keep(replace(pairing, next_server_key=key)):
            return
        self.say(ServerKeyTaken(key))

    def server_key_proved(self) -> None:
        """Something came from the server by the connection as it is: its key is the right one."""
        pairing, key = self.pairing, self.dialler.server_key
        if pairing is not None and key != pairing.server_key:
            log.info("security: the web node has the key %s now", key_name(key))
            self.keep(replace(pairing, server_key=key, next_server_key=""))

    def server_is_strange(self) -> None:
        """Whoever answers has not the key that was tried: try the next one that is known."""
        if self.own:
            try:
                key = read_key_pair(web_node_path(self.keys)).public
            except (OSError, ExposedFileError, BrokenKeyFileError) as error:
                log.warning("the web node's key cannot be read: %s", error)
                return
            self.dialler.server_keys = (key,)
        self.dialler.try_next_server_key()

    def keep(self, pairing: Pairing) -> bool:
        try:
            write_pairing(pairing_path(self.keys), pairing)
        except OSError:
            log.exception("the pairing cannot be written")
            return False
        self.pairing = pairing
        self.dialler.server_keys = self.server_keys(pairing)
        return True

    @staticmethod
    def server_keys(pairing: Pairing) -> tuple[str, ...]:
        return tuple(filter(None, (pairing.server_key, pairing.next_server_key)))
