"""The summaries of a conversation, in the memory of the fake storage."""

from uuid import UUID

from msgspec.structs import replace

from actors.messages.conversations import OutdateSummaries, StoredSummary
from tests.fakes.memory_tables import Tables, in_tree, require


def put(tables: Tables, summary: StoredSummary) -> None:
    require(in_tree(tables, summary.conversation, summary.upto), "no such message there")
    tables.put(tables.summaries, summary.upto, summary)


def outdate(tables: Tables, write: OutdateSummaries) -> None:
    for upto in write.upto:
        old = tables.summaries.get(upto)
        if old is not None and old.conversation == write.conversation:
            tables.put(tables.summaries, upto, replace(old, stale=True))


def summaries_of(tables: Tables, conversation: UUID) -> tuple[StoredSummary, ...]:
    """Oldest first."""
    found = (each for each in tables.summaries.values() if each.conversation == conversation)
    return tuple(sorted(found, key=lambda each: (each.created_ms, each.upto)))
