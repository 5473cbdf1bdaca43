"""ServerKey: changes the key by which GPU boxes know this web node, without pairing them anew.

One socket has one key. So the next key is told to every box beforehand, and kept there; when all have it, or
after `rotation_days`, the socket is opened anew with it, and each box finds that the key it tried is not
the server's and tries the next one. Every step is on disk before it is told.
"""

import asyncio
import logging
from pathlib import Path

from actors import addresses
from actors.addresses import BOXES
from actors.mailbox import Runtime
from actors.messages.pairing import ServerKeyAnnounced
from actors.private_files import replace as replace_file
from actors.wire.box_list import BoxList, KeyChange, Register
from actors.wire.keys import KeyPair, key_name, new_key_pair, next_path, read_key_pair, write_key_pair

log = logging.getLogger(__name__)

DAY_MS = 86_400_000


class ServerKey:
    """`path` is the file of the key that is served now. Raises ExposedFileError, BrokenKeyFileError."""

    def __init__(self, path: Path, boxes: BoxList, runtime: Runtime, rotation_days: float) -> None:
        self.path = path
        self.boxes = boxes
        self.runtime = runtime
        self.rotation_ms = rotation_days * DAY_MS
        self.next: KeyPair | None = self.left_over()

    def left_over(self) -> KeyPair | None:
        """The next key, where a change was begun and not ended."""
        change = self.boxes.register.key_change
        try:
            found = read_key_pair(next_path(self.path))
        except FileNotFoundError:
            return None
        return found if change is not None and change.key == found.public else None

    async def make_next(self) -> KeyChange:
        """Make the next key, on disk; the change has begun when the register names it. Raises OSError."""
        pair = new_key_pair()
        await asyncio.to_thread(write_key_pair, next_path(self.path), pair)
        self.next = pair
        log.info("security: the server's key %s is announced", key_name(pair.public))
        return KeyChange(pair.public, self.runtime.world.utc_ms())

    def announce(self) -> None:
        """Tell the next key to the boxes that have not said that they keep it."""
        if self.next is None:
            return
        for box in self.waits_for():
            self.runtime.tell(addresses.worker(box), ServerKeyAnnounced(self.next.public), BOXES)

    def kept_by(self, box: str, key: str) -> Register:
        """The register when that box keeps that key; the same for any other key than the next one."""
        if self.next is None or key != self.next.public:
            return self.boxes.register
        return self.boxes.with_server_key(box, key)

    def waits_for(self) -> list[str]:
        """The ids of the boxes that would not find the server under its next key."""
        if self.next is None:
            return []
        boxes = self.boxes.register.boxes
        return [box.id for box in boxes if not box.revoked_ms and box.server_key != self.next.public]

    @property
    def is_due(self) -> bool:
        """All boxes keep the next key, or have had their time, and nobody is about to join."""
        change = self.boxes.register.key_change
        if self.next is None or change is None or self.boxes.offer is not None:
            return False
        return not self.waits_for() or self.runtime.world.utc_ms() - change.since_ms > self.rotation_ms

    async def switch(self) -> KeyPair:
        """The next key is the server's from now on, also after a restart. Raises OSError."""
        if self.next is None:
            raise ValueError("there is no next key")
        pair = self.next
        await asyncio.to_thread(replace_file, next_path(self.path), self.path)
        self.next = None
        log.info("security: the server has the key %s now", key_name(pair.public))
        return pair
