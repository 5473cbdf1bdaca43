"""Circumstances: what a reply is made under, settled when it is asked for. Pure."""

from collections.abc import Sequence

from actors.conversation.message_tree import MessageTree
from actors.messages.conversations import StoredMessage
from actors.messages.generation import Circumstances


def circumstances_of(
    path: Sequence[StoredMessage], tree: MessageTree, now_ms: int, utc_offset_min: int
) -> Circumstances:
    """Of a reply to the last message of `path`."""
    return Circumstances(
        utc_offset_min=utc_offset_min,
        idle_ms=idle_ms(path, now_ms),
        greeting=greeting(path, tree),
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


def is_greeting(message: StoredMessage) -> bool:
    """Nobody asked for it: it came with the conversation."""
    return message.role == "assistant" and message.request_key is None and message.generation is None
