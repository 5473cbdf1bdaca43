"""TreeChanges: what a person does to the tree without saying anything new: another branch, a message that is
removed or comes back, a bookmark, a purge. Pure.
"""

from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from actors.conversation.message_tree import MessageTree
from actors.messages.archive import Write
from actors.messages.chat import Bookmark, ProblemCode, Purge, RemoveMessage, RestoreMessage, Select
from actors.messages.conversations import MarkMessage, MoveHead, PurgeRemoved, StoredMessage

TreeChange = Select | RemoveMessage | RestoreMessage | Bookmark | Purge

NAME_LIMIT = 120  # characters of a bookmark
NOT_THERE: tuple[ProblemCode, str] = ("not_found", "That message is not in this conversation.")


class Changed(Struct, frozen=True):
    """What a change comes to: what is to be written, the head from then on, and the messages that are others,
    or gone. `named`: nothing but the one message is another. `alone`: this one went, or came back, and those
    that followed it stayed. `forgotten`: what was told up to these is dropped, too.
    """

    writes: tuple[Write, ...]
    head: UUID
    put: tuple[StoredMessage, ...] = ()
    dropped: frozenset[UUID] = frozenset()
    named: UUID | None = None
    alone: UUID | None = None
    forgotten: frozenset[UUID] = frozenset()

    def apply(self, tree: MessageTree) -> None:
        """What was written holds."""
        for message in self.put:
            tree.put(message)
        if self.dropped:
            tree.drop(self.dropped)


def refusal(tree: MessageTree, change: TreeChange) -> tuple[ProblemCode, str] | None:
    """Why the change cannot be made, or None."""
    match change:
        case Select() | RemoveMessage():
            return None if tree.shows(change.message) else NOT_THERE
        case Bookmark():
            if len(change.name) > NAME_LIMIT:
                return "too_long", f"A bookmark has at most {NAME_LIMIT} characters."
            return None if tree.shows(change.message) else NOT_THERE
        case RestoreMessage():
            stored = tree.stored.get(change.message)
            return None if stored is not None and stored.removed else NOT_THERE
        case Purge():
            return None


def holds(tree: MessageTree, head: UUID, change: TreeChange) -> bool:
    """Whether all is as the change wants it, where `head` is shown."""
    if not isinstance(change, Select) or not change.keep or not tree.shows(change.message):
        return False
    return tree.is_on_path(change.message, head)


def changed(conversation: UUID, tree: MessageTree, head: UUID, change: TreeChange) -> Changed:
    """What a change that is not refused comes to, where `head` is shown."""
    match change:
        case Select():
            to = tree.newest_leaf(change.message)
            return Changed((MoveHead(conversation, to),), to)
        case RemoveMessage():
            message = replace(tree.messages[change.message], removed="branch" if change.branch else "alone")
            after = head_without(tree, head, message.id, branch=change.branch)
            return marked(message, head, after, alone=not change.branch)
        case RestoreMessage():
            removed = tree.stored[change.message]
            message = replace(removed, removed="")
            after = head_with(tree, head, message, change.head)
            return marked(message, head, after, alone=removed.removed == "alone")
        case Bookmark():
            message = replace(tree.messages[change.message], bookmark=" ".join(change.name.split()))
            return Changed((mark(message),), head, (message,), named=message.id)
        case Purge():
            return purged(conversation, tree, head)


def mark(message: StoredMessage) -> MarkMessage:
    return MarkMessage(message.conversation, message.id, message.removed, message.bookmark)


def marked(message: StoredMessage, before: UUID, head: UUID, *, alone: bool) -> Changed:
    moved = (MoveHead(message.conversation, head),) if head != before else ()
    return Changed((mark(message), *moved), head, (message,), alone=message.id if alone else None)


def head_without(tree: MessageTree, head: UUID, message: UUID, *, branch: bool) -> UUID:
    """What is shown when the message is removed: the version beside it, or what stands before it."""
    if not tree.is_on_path(message, head) or (head != message and not branch):
        return head
    siblings = tree.siblings(message)
    if len(siblings) == 1 or (not branch and tree.children[message]):
        return tree.parents[message]
    place = siblings.index(message)
    return tree.newest_leaf(siblings[place - 1] if place > 0 else siblings[1])


def head_with(tree: MessageTree, head: UUID, message: StoredMessage, wanted: UUID | None) -> UUID:
    """What is shown when the message is back: `wanted`, or else the branch through it."""
    after = MessageTree(tree.root)
    after.grow([message if one.id == message.id else one for one in tree.stored.values()])
    if wanted is not None and (after.shows(wanted) or wanted == tree.root):
        return wanted
    return after.newest_leaf(message.id) if after.shows(message.id) else head


def purged(conversation: UUID, tree: MessageTree, head: UUID) -> Changed:
    """All that was removed goes; a message alone leaves its place, where others hang below it."""
    kept: set[UUID] = set(tree.messages)
    dropped: set[UUID] = set()
    emptied: list[StoredMessage] = []
    for message in reversed(tree.stored.values()):
        if message.id in tree.messages or message.id == message.parent:
            kept.add(message.parent)
        elif message.id in kept:
            kept.add(message.parent)
            if message.body or message.thoughts or message.bookmark:
                emptied.append(replace(message, body="", thoughts="", bookmark="", seam=-1, revised=False))
        else:
            dropped.add(message.id)
    if not dropped and not emptied:
        return Changed((), head)
    ordered = tuple(message for message in tree.stored if message in dropped)
    write = PurgeRemoved(conversation, ordered, tuple(message.id for message in emptied))
    forgotten = frozenset((*dropped, *write.emptied))
    return Changed((write,), head, tuple(emptied), frozenset(dropped), forgotten=forgotten)
