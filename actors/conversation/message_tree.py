"""MessageTree: the messages of a conversation, as a tree with a selected head. Pure."""

from collections.abc import Collection
from uuid import UUID

from actors.messages.chat import ShownMessage
from actors.messages.conversations import StoredMessage


class MessageTree:
    """Swipes, edits and branches are siblings. What was removed is stored still, and stands in nothing that
    is shown: a branch goes as a whole; a message that goes alone leaves what followed it to the one before.
    `user_name` is who the user was where a message does not say.
    """

    def __init__(self, root: UUID, user_name: str = "") -> None:
        self.root = root
        self.user_name = user_name
        self.stored: dict[UUID, StoredMessage] = {}  # all, in the order of their making
        self.grow(())

    def grow(self, messages: Collection[StoredMessage]) -> None:
        """Anew, of these messages."""
        self.stored.clear()
        self.messages: dict[UUID, StoredMessage] = {}  # those that can be shown
        self.children: dict[UUID, list[UUID]] = {self.root: []}  # … as all below
        self.parents: dict[UUID, UUID] = {}
        self.depths: dict[UUID, int] = {self.root: 0}
        self.places: dict[UUID, int] = {}  # parent → how many children it ever had
        self.hosts: dict[UUID, UUID] = {self.root: self.root}  # message → below which its children are shown
        for message in messages:
            self.add(message)

    def add(self, message: StoredMessage) -> None:
        """A message that is newer than all others."""
        self.stored[message.id] = message
        if message.id == message.parent:
            self.messages[message.id] = message
            return
        self.places[message.parent] = self.next_place(message.parent) + 1
        host = self.hosts.get(message.parent)
        if host is None or message.removed == "branch":
            return
        if message.removed == "alone":
            self.hosts[message.id] = host
            return
        self.hosts[message.id] = message.id
        self.messages[message.id] = message
        self.children[message.id] = []
        self.children[host].append(message.id)
        self.parents[message.id] = host
        self.depths[message.id] = self.depths[host] + 1

    def with_message(self, message: StoredMessage) -> "MessageTree":
        """The tree as it would be with this one; its paths alone."""
        grown = MessageTree(self.root)
        host = self.hosts[message.parent]
        grown.messages = {**self.messages, message.id: message}
        grown.parents = {**self.parents, message.id: host}
        grown.depths = {**self.depths, message.id: self.depths[host] + 1}
        return grown

    def put(self, message: StoredMessage) -> None:
        """The message as it is now: in other words, named, removed or brought back."""
        changed = message.removed != self.stored[message.id].removed
        self.stored[message.id] = message
        if changed:
            self.grow(tuple(self.stored.values()))
        elif message.id in self.messages:
            self.messages[message.id] = message

    def drop(self, messages: Collection[UUID]) -> None:
        """These are stored no more."""
        self.grow([message for message in self.stored.values() if message.id not in messages])

    def next_place(self, parent: UUID) -> int:
        """Which `sibling` the next child of this message is stored as."""
        return self.places.get(parent, 0)

    def shows(self, message: UUID) -> bool:
        """Whether it is a message that can be shown; the root is none."""
        return message in self.parents

    def siblings(self, message: UUID) -> tuple[UUID, ...]:
        """All versions at the message's place, oldest first, itself included."""
        return tuple(self.children[self.parents[message]])

    def path(self, head: UUID, most: int | None = None) -> list[StoredMessage]:
        """From the first message to `head`, without the root; the newest `most` of them."""
        path: list[StoredMessage] = []
        at = head
        while at != self.root and len(path) != most:
            path.append(self.messages[at])
            at = self.parents[at]
        path.reverse()
        return path

    def is_on_path(self, message: UUID, head: UUID) -> bool:
        at = head
        while self.depths[at] > self.depths[message]:
            at = self.parents[at]
        return at == message

    def below(self, message: UUID) -> list[UUID]:
        """The message, and all that can be shown below it."""
        found = [message]
        for one in found:
            found += self.children[one]
        return found

    def newest_leaf(self, message: UUID) -> UUID:
        """Down from `message`, always by the newest child."""
        at = message
        while self.children[at]:
            at = self.children[at][-1]
        return at

    def speakers(self) -> set[UUID]:
        """The character versions that have said something."""
        return {message.character_version for message in self.stored.values() if message.role == "assistant"}

    def shown(self, message: StoredMessage) -> ShownMessage:
        return ShownMessage(
            id=message.id,
            parent=self.parents[message.id],
            role=message.role,
            text=message.body,
            created_ms=message.created_ms,
            siblings=self.siblings(message.id),
            ended=message.ended,
            thoughts=message.thoughts,
            seam=message.seam,
            name=message.name or (self.user_name if message.role == "user" else ""),
            speaker=message.character_version if message.role == "assistant" else None,
            bookmark=message.bookmark,
            revised=message.revised,
        )
