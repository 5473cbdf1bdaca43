"""Circumstances: what a reply is made under, settled when it is asked for. Pure."""

from collections.abc import Sequence
from uuid import UUID

from actors.conversation.message_tree import MessageTree
from actors.messages.conversations import StoredMessage
from actors.messages.generation import Circumstances


def circumstances_of(
    path: Sequence[StoredMessage],
    tree: MessageTree,
    now_ms: int,
    utc_offset_min: int,
    member: UUID | None = None,
) -> Circumstances:
    """Of a reply to the last message of `path`; in a group, by that member (its version)."""
    return Circumstances(
        utc_offset_min=utc_offset_min,
        idle_ms=idle_ms(path, now_ms),
        greeting=greeting(path, tree) if member is None else greeting_of_member(path, tree, member),
    )


def idle_ms(path: Sequence[StoredMessage], now_ms: int) -> int:
    """Since the user spoke before the last message; 0 where that is the first one."""
    for message in reversed(path[:-1]):
        if message.role == "user":
            return max(0, now_ms - message.created_ms)
    return 0


def greeting(path: Sequence[StoredMessage], tree: MessageTree) -> int:
    """The place of the greeting that the talk began with among the character's own; -1 where it began with
    none of them, or with an edited one.
    """
    if not path or not is_greeting(path[0]):
        return -1
    own = [each for each in tree.siblings(path[0].id) if is_greeting(tree.messages[each])]
    return own.index(path[0].id)


def greeting_of_member(path: Sequence[StoredMessage], tree: MessageTree, member: UUID) -> int:
    """The place of the member's own greeting that the talk began with, counted from its last one: before
    those that a card numbers stand those for groups alone, if it began as a group. -1 where it has none.
    """
    for message in path:
        if not is_greeting(message):
            return -1
        if message.character_version == member:
            beside = [tree.messages[each] for each in tree.siblings(message.id)]
            own = [each.id for each in beside if is_greeting(each) and each.character_version == member]
            return own[::-1].index(message.id)
    return -1


def is_greeting(message: StoredMessage) -> bool:
    """Nobody asked for it: it came with the conversation."""
    return message.role == "assistant" and message.request_key is None and message.generation is None
