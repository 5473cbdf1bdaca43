"""TreeMap: all branches of a conversation, as runs of messages that nothing branches off from. Pure."""

from uuid import UUID

from actors.conversation.message_tree import MessageTree
from actors.messages.chat import ConversationMap, MapNode
from actors.messages.conversations import StoredMessage

PREVIEW = 120  # characters
READ = 400  # … of which so many are looked at


def map_of(tree: MessageTree, head: UUID) -> ConversationMap:
    """The map, where `head` is shown. What was removed is in it, where it was."""
    shown = {message.id for message in tree.path(head)}
    below: dict[UUID, list[StoredMessage]] = {}
    for message in tree.stored.values():
        if message.id != message.parent:
            below.setdefault(message.parent, []).append(message)
    nodes: list[MapNode] = []
    waiting = [(message, -1) for message in reversed(below.get(tree.root, []))]
    while waiting:
        first, parent = waiting.pop()
        last, count = first, 1
        while (after := only_child(below, last)) is not None and goes_on(tree, last, after, head, shown):
            last, count = after, count + 1
        waiting += [(child, len(nodes)) for child in reversed(below.get(last.id, []))]
        nodes.append(
            MapNode(
                first=first.id,
                last=last.id,
                parent=parent,
                count=count,
                role=first.role,
                last_role=last.role,
                text=preview(first.body),
                last_text=preview(last.body),
                created_ms=last.created_ms,
                bookmark=last.bookmark,
                removed=first.removed,
                is_gone=not tree.shows(first.id),
                is_shown=first.id in shown,
            )
        )
    here = len(tree.parents)
    return ConversationMap(tuple(nodes), here, sum(map(len, below.values())) - here)


def only_child(below: dict[UUID, list[StoredMessage]], message: StoredMessage) -> StoredMessage | None:
    children = below.get(message.id, [])
    return children[0] if len(children) == 1 else None


def goes_on(
    tree: MessageTree, last: StoredMessage, after: StoredMessage, head: UUID, shown: set[UUID]
) -> bool:
    """Whether `after` is of the run that ends with `last` so far."""
    return (
        not last.bookmark
        and last.id != head
        and not after.removed
        and last.removed != "alone"
        and tree.shows(last.id) == tree.shows(after.id)
        and (last.id in shown) == (after.id in shown)
    )


def preview(text: str) -> str:
    line = " ".join(text[:READ].split())
    return line if len(line) <= PREVIEW else line[: PREVIEW - 1].rstrip() + "…"
