"""What a session needs to wake: the whole conversation, and the live reply with its tokens."""

from heapq import heappop, heappush
from uuid import UUID

from msgspec.structs import replace

from actors.messages.archive import ConversationState
from actors.messages.choosing import FindChosen
from actors.messages.conversations import ChatFound, FindChat, StoredMessage
from storage import tables
from storage.characters import SHEET, open_face, secrets_of, versions
from storage.choices import ONE_CHOICE, WHOSE_VERSION, find_chosen
from storage.chunks import OF_A_REPLY as CHUNKS
from storage.chunks import Tokens, open_chunks
from storage.conversations import ONE as CONVERSATION
from storage.conversations import TITLE, USER_NAME, conversation_rows, open_conversation
from storage.errors import DamagedRowError
from storage.filing import REMOVED, is_removed
from storage.generations import COLUMNS, INPUTS, UNDER_WAY, open_generation
from storage.groups import ONE as GROUP_OF
from storage.groups import find_group
from storage.journal import newest_of
from storage.lorebooks import USES, shelf_of
from storage.marks import BOOKMARK, MARKS, REVISIONS, WORDS, as_it_is_now
from storage.messages import BODY, OF_A_CONVERSATION, open_message
from storage.select import Select, ask_ahead
from storage.summaries import OF_A_CONVERSATION as SUMMARIES
from storage.summaries import find_summaries
from storage.traces import ONE as TRACE
from storage.traces import TRACED, newest_traced, report_of
from storage.unit import Unit

IN_ORDER = ("created_ms", "id")
REQUEST_KEYS = Select(tables.Generation, ("request_key", "id"), ("conversation_id",), order=IN_ORDER)
LIVE = Select(
    tables.Generation,
    COLUMNS,
    ("conversation_id",),
    also=UNDER_WAY,
    order=IN_ORDER,
)
IMPERSONATIONS = Select(
    tables.Generation,
    COLUMNS,
    ("conversation_id", "kind"),
    also="state IN ('done', 'cancelled', 'failed')",
    order=IN_ORDER,
)


async def load_session(unit: Unit, conversation: UUID) -> ConversationState | None:
    view = unit.journal.view()  # before the first question
    await ask_ahead(
        unit.db,
        (CONVERSATION, (conversation,)),
        (REMOVED, (conversation,)),
        (OF_A_CONVERSATION, (conversation,)),
        (REQUEST_KEYS, (conversation,)),
        (LIVE, (conversation,)),
        (MARKS, (conversation,)),
        (REVISIONS, (conversation,)),
        (IMPERSONATIONS, (conversation, "impersonate")),
        (GROUP_OF, (conversation,)),
        (SUMMARIES, (conversation,)),
        (TRACED, (conversation,)),
    )
    rows = await conversation_rows(unit.db, conversation)
    if not rows or await is_removed(unit, conversation):
        return None
    messages = await OF_A_CONVERSATION.rows(unit.db, conversation)
    request_keys = await REQUEST_KEYS.rows(unit.db, conversation)
    unfinished = await LIVE.rows(unit.db, conversation)
    live = unfinished[-1] if unfinished else None
    marks = await MARKS.rows(unit.db, conversation)
    revisions = await REVISIONS.rows(unit.db, conversation)
    drafts = await IMPERSONATIONS.rows(unit.db, conversation, "impersonate")
    user = rows[0]["user_id"]
    newest = await newest_traced(unit, conversation, (row["id"] for row in reversed(messages)))
    await ask_ahead(
        unit.db,
        *([(CHUNKS, (live["id"],))] if live else []),
        *([(TRACE, (newest, conversation))] if newest else []),
        (USES, (user,)),
        (WHOSE_VERSION, (rows[0]["character_version_id"],)),
        (ONE_CHOICE, (user, conversation)),
        (ONE_CHOICE, (user, user)),
    )
    tokens = Tokens((), "")
    if live is not None:
        tokens = await open_chunks(unit, live, await newest_of(unit.db, view, live["id"]))
    secrets = {
        **await secrets_of(unit, rows, TITLE, USER_NAME),
        **await secrets_of(unit, messages, BODY),
        **await secrets_of(unit, [*([live] if live else []), *drafts], INPUTS),
        **await secrets_of(unit, marks, BOOKMARK),
        **await secrets_of(unit, revisions, WORDS),
    }
    opened = open_conversation(secrets, rows[0])
    stored = [open_message(secrets, message) for message in messages]
    made = (draft for row in reversed(drafts) if (draft := open_generation(secrets, row)).made)
    return ConversationState(
        conversation=replace(opened, group=await find_group(unit, conversation)),
        messages=oldest_first(as_it_is_now(secrets, stored, marks, revisions)),
        live=open_generation(secrets, live) if live else None,
        summaries=await find_summaries(unit, conversation),
        committed=tokens.ids,
        committed_text=tokens.text,
        committed_thoughts=tokens.thoughts,
        shelf=await shelf_of(unit, user),
        chosen=await find_chosen(unit, FindChosen(opened.user, opened.character_version, conversation)),
        request_keys=tuple(
            (row["request_key"], row["id"]) for row in (*request_keys, *revisions) if row["request_key"]
        ),
        suggestion=next(made, None),
        report=await report_of(unit, conversation, newest) if newest else None,
    )


async def find_chat(unit: Unit, query: FindChat) -> ChatFound | None:
    rows = [
        row for row in await conversation_rows(unit.db, query.conversation) if row["user_id"] == query.user
    ]
    if not rows or await is_removed(unit, query.conversation):
        return None
    messages = await OF_A_CONVERSATION.rows(unit.db, query.conversation)
    marks = await MARKS.rows(unit.db, query.conversation)
    revisions = await REVISIONS.rows(unit.db, query.conversation)
    spoken = {row["character_version_id"] for row in (*rows, *messages)}
    characters = await versions(unit.db, spoken)
    secrets = {
        **await secrets_of(unit, rows, TITLE, USER_NAME),
        **await secrets_of(unit, messages, BODY),
        **await secrets_of(unit, marks, BOOKMARK),
        **await secrets_of(unit, revisions, WORDS),
        **await secrets_of(unit, characters, SHEET),
    }
    stored = [open_message(secrets, message) for message in messages]
    return ChatFound(
        open_conversation(secrets, rows[0]),
        oldest_first(as_it_is_now(secrets, stored, marks, revisions)),
        tuple((row["id"], open_face(secrets, row).sheet.name) for row in characters),
    )


def oldest_first(messages: list[StoredMessage]) -> tuple[StoredMessage, ...]:
    """By time of making, but no message before its parent: a clock may have gone back."""
    below: dict[UUID, list[StoredMessage]] = {}
    for message in messages:
        if message.id != message.parent:
            below.setdefault(message.parent, []).append(message)
    ready = [(m.created_ms, m.id, m) for m in messages if m.id == m.parent]
    placed: list[StoredMessage] = []
    while ready:
        _, _, message = heappop(ready)
        placed.append(message)
        for child in below.pop(message.id, ()):
            heappush(ready, (child.created_ms, child.id, child))
    if below:
        raise DamagedRowError(f"The parent {next(iter(below))} of a message is gone. Restore a backup.")
    return tuple(placed)
