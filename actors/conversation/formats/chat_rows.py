"""Between a Chat and the rows of a conversation. Pure."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from actors.conversation.formats.chat import NOTHING, Chat, ChatMessage, clean
from actors.conversation.message_tree import MessageTree
from actors.messages.conversations import StoredConversation, StoredMessage

TITLE = 200  # characters
NAME = 200


class Speaker(Struct, frozen=True):
    """A character version, and what it is called."""

    version: UUID
    name: str


class ChatRows(Struct, frozen=True):
    """A conversation whose head is its root, its messages without the root, and the head it shall have."""

    conversation: StoredConversation
    messages: tuple[StoredMessage, ...]
    head: UUID


def chat_of(
    conversation: StoredConversation, messages: tuple[StoredMessage, ...], names: Mapping[UUID, str]
) -> Chat:
    """`names`: character version → its name. A parent comes before its children, these in their order. What
    was removed is left out.
    """
    tree = MessageTree(conversation.root)
    tree.grow(messages)
    numbers = {conversation.root: NOTHING}
    told: list[ChatMessage] = []
    waiting = deque([conversation.root])
    while waiting:
        above = waiting.popleft()
        children = [tree.messages[child] for child in tree.children[above]]
        for message in sorted(children, key=lambda child: child.sibling):
            numbers[message.id] = len(told)
            told.append(message_of(message, numbers[above], conversation, names))
            waiting.append(message.id)
    return Chat(
        title=conversation.title,
        user_name=conversation.user_name,
        character_name=names.get(conversation.character_version, ""),
        character=str(conversation.character_version),
        created_ms=conversation.created_ms,
        head=numbers[conversation.head],
        messages=tuple(told),
    )


def message_of(
    row: StoredMessage, parent: int, conversation: StoredConversation, names: Mapping[UUID, str]
) -> ChatMessage:
    spoken = conversation.user_name if row.role == "user" else names.get(row.character_version, "")
    return ChatMessage(
        parent=parent,
        role=row.role,
        text=row.body,
        name=row.name or ("" if row.role == "system" else spoken),
        created_ms=row.created_ms,
        thoughts=row.thoughts,
        ended=row.ended,
        tokens=row.tokens,
        seam=row.seam,
    )


def rows_of(
    chat: Chat,
    user: UUID,
    character: UUID,
    new_id: Callable[[], UUID],
    now_ms: int,
    *,
    user_name: str,
    speakers: Sequence[Speaker] = (),
    conversation: UUID | None = None,
) -> ChatRows:
    """The rows of a conversation of its own, with that id where one is given. `character` is the version that
    answers in it from now on; `user_name` stands in where the chat names nobody. `speakers`: of a group, for
    each message.
    """
    conversation, root = conversation or new_id(), new_id()
    ids = sorted(new_id() for _ in chat.messages)  # those of one time come in the order of the file
    taken: dict[int, int] = {}
    named = {"user": one_line(chat.user_name), "assistant": one_line(chat.character_name), "system": ""}
    rows: list[StoredMessage] = []
    for number, (message, row) in enumerate(zip(chat.messages, ids, strict=True)):
        sibling = taken.get(message.parent, 0)
        taken[message.parent] = sibling + 1
        name = one_line(message.name)[:NAME]
        spoke = speakers[number] if speakers else Speaker(character, named["assistant"])
        usual = spoke.name if message.role == "assistant" else named[message.role]
        rows.append(
            StoredMessage(
                id=row,
                conversation=conversation,
                parent=root if message.parent == NOTHING else ids[message.parent],
                sibling=sibling,
                role=message.role,
                body=message.text,
                character_version=spoke.version,
                created_ms=message.created_ms or chat.created_ms or now_ms,
                ended=message.ended,
                tokens=message.tokens,
                thoughts=message.thoughts,
                seam=message.seam,
                name="" if name == usual else name,
            )
        )
    return ChatRows(
        conversation=StoredConversation(
            id=conversation,
            user=user,
            character_version=character,
            title=one_line(chat.title)[:TITLE] or one_line(chat.character_name)[:TITLE],
            root=root,
            head=root,
            created_ms=chat.created_ms or now_ms,
            user_name=one_line(chat.user_name)[:NAME] or user_name,
        ),
        messages=tuple(rows),
        head=root if chat.head == NOTHING else ids[chat.head],
    )


def one_line(text: str) -> str:
    return " ".join(clean(text).split())
