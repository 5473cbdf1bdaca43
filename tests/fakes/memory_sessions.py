"""A whole conversation, as its session wakes with it or as it is saved, in the fake storage's memory."""

from uuid import UUID

from actors.messages.archive import ConversationState
from actors.messages.choosing import FindChosen
from actors.messages.conversations import ChatFound, FindChat
from actors.messages.generation import PromptReport
from actors.messages.replies import UNFINISHED
from tests.fakes.memory_choosing import find_chosen
from tests.fakes.memory_filing import is_removed
from tests.fakes.memory_lorebooks import shelf_of
from tests.fakes.memory_messages import oldest_first
from tests.fakes.memory_summaries import summaries_of
from tests.fakes.memory_tables import Tables


def load_session(tables: Tables, conversation: UUID) -> ConversationState | None:
    row = tables.conversations.get(conversation)
    if row is None or is_removed(tables, conversation):
        return None
    generations = [tables.generations[g] for g in tables.generations_in[conversation]]
    live = max(
        (g for g in generations if g.state in UNFINISHED),
        key=lambda g: (g.created_ms, g.id),
        default=None,
    )
    chunks = tables.chunks[live.id] if live else ()
    in_order = sorted(generations, key=lambda g: (g.created_ms, g.id))
    asked = [(g.request_key, g.id) for g in in_order]
    for message in tables.messages_in[conversation]:
        words = tables.revisions.get(message, ())
        asked += [(r.request_key, r.revision) for r in words if r.request_key is not None]
    return ConversationState(
        conversation=row,
        messages=oldest_first(tables, conversation),
        summaries=summaries_of(tables, conversation),
        live=live,
        committed=tuple(token for c in chunks for token in c.token_ids),
        committed_text="".join(c.text for c in chunks),
        committed_thoughts="".join(c.thoughts for c in chunks),
        shelf=shelf_of(tables, row.user),
        chosen=find_chosen(tables, FindChosen(row.user, row.character_version, conversation)),
        request_keys=tuple(asked),
        suggestion=next((g for g in reversed(in_order) if g.made), None),
        report=newest_report(tables, conversation),
    )


def newest_report(tables: Tables, conversation: UUID) -> PromptReport | None:
    messages = reversed(oldest_first(tables, conversation))
    traces = (tables.traces.get((conversation, message.id)) for message in messages)
    newest = next((trace for trace in traces if trace is not None), None)
    return newest.report if newest is not None else None


def find_chat(tables: Tables, query: FindChat) -> ChatFound | None:
    row = tables.conversations.get(query.conversation)
    if row is None or row.user != query.user or is_removed(tables, row.id):
        return None
    told = oldest_first(tables, row.id)
    spoken = {row.character_version, *(m.character_version for m in told)}
    return ChatFound(row, told, tuple((v, tables.versions[v].sheet.name) for v in spoken))
