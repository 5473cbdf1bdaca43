"""MessageTree: the messages of a conversation, as a tree with a selected head. Pure."""

from uuid import UUID

from actors.messages.archive import StoredMessage
from actors.messages.chat import ShownMessage


class MessageTree:
    """Messages are never changed: swipes, edits and branches are siblings. `user_name` is who the user was
    where a message does not say.
    """

    def __init__(self, root: UUID, user_name: str = "") -> None:
        self.root = root
        self.user_name = user_name
        self.messages: dict[UUID, StoredMessage] = {}
        self.children: dict[UUID, list[UUID]] = {root: []}

    def add(self, message: StoredMessage) -> None:
        self.messages[message.id] = message
        self.children.setdefault(message.id, [])
        if message.id != message.parent:
            self.children.setdefault(message.parent, []).append(message.id)

    def siblings(self, message: UUID) -> tuple[UUID, ...]:
        """All versions at the message's place, oldest first, itself included."""
        parent = self.messages[message].parent
        return tuple(self.children[parent])

    def path(self, head: UUID) -> list[StoredMessage]:
        """From the first message to `head`, without the root."""
        path: list[StoredMessage] = []
        at = head
        while at != self.root:
            message = self.messages[at]
            path.append(message)
            at = message.parent
        path.reverse()
        return path

    def newest_leaf(self, message: UUID) -> UUID:
        """Down from `message`, always by the newest child."""
        at = message
        while self.children[at]:
            at = self.children[at][-1]
        return at

    def speakers(self) -> set[UUID]:
        """The character versions that have said something."""
        return {
            message.character_version for message in self.messages.values() if message.role == "assistant"
        }

    def shown(self, message: StoredMessage) -> ShownMessage:
        return ShownMessage(
            id=message.id,
            parent=message.parent,
            role=message.role,
            text=message.body,
            created_ms=message.created_ms,
            siblings=self.siblings(message.id),
            ended=message.ended,
            thoughts=message.thoughts,
            seam=message.seam,
            name=message.name or (self.user_name if message.role == "user" else ""),
            speaker=message.character_version if message.role == "assistant" else None,
        )
