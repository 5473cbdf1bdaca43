"""What a session needs to wake: the whole conversation, and the live reply with its tokens."""

from uuid import UUID

from actors.messages.archive import UNFINISHED, ConversationState, StoredMessage
from storage import tables
from storage.characters import secrets_of
from storage.chunks import Tokens, open_chunks
from storage.conversations import TITLE, USER_NAME, conversation_rows, open_conversation
from storage.errors import DamagedRowError
from storage.generations import COLUMNS, INPUTS, open_generation
from storage.messages import BODY, message_rows, open_message
from storage.unit import Unit


async def load_session(unit: Unit, conversation: UUID) -> ConversationState | None:
    rows = await conversation_rows(unit.db, conversation)
    if not rows:
        return None
    messages = await message_rows(unit.db, conversation_id=conversation)
    generations = tables.Generation.filter(conversation_id=conversation).using_db(unit.db)
    in_order = generations.order_by("created_ms", "id")
    request_keys = await in_order.values_list("request_key", "id")
    unfinished = await in_order.filter(state__in=UNFINISHED).values(*COLUMNS)
    live = unfinished[-1] if unfinished else None
    tokens = await open_chunks(unit, live) if live else Tokens((), "")
    secrets = {
        **await secrets_of(unit, rows, TITLE, USER_NAME),
        **await secrets_of(unit, messages, BODY),
        **await secrets_of(unit, [live] if live else [], INPUTS),
    }
    return ConversationState(
        conversation=open_conversation(secrets, rows[0]),
        messages=oldest_first([open_message(secrets, message) for message in messages]),
        live=open_generation(secrets, live) if live else None,
        committed=tokens.ids,
        committed_text=tokens.text,
        committed_thoughts=tokens.thoughts,
        request_keys=tuple((key, generation) for key, generation in request_keys),
    )


def oldest_first(messages: list[StoredMessage]) -> tuple[StoredMessage, ...]:
    """By time of making, but no message before its parent: a clock may have gone back."""
    placed: dict[UUID, StoredMessage] = {}
    waiting = sorted(messages, key=lambda m: (m.id != m.parent, m.created_ms, m.id))
    while waiting:
        late: list[StoredMessage] = []
        for message in waiting:
            if message.parent in placed or message.parent == message.id:
                placed[message.id] = message
            else:
                late.append(message)
        if len(late) == len(waiting):
            raise DamagedRowError(f"The parent {late[0].parent} of a message is gone. Restore a backup.")
        waiting = late
    return tuple(placed.values())
