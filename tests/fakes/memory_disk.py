"""MemoryDisk: what is durable in the fake storage, with the same rules as the tables, in plain dicts.

It outlives the MemoryStorage in front of it: after a "kill" a new one is put before the same disk.
This is its door; the parts are the files memory_*.py beside it.
"""

from typing import Any
from uuid import UUID

from actors.messages.archive import Load, Query, Write
from actors.messages.replies import StoredGeneration
from tests.fakes.memory_reads import run_query
from tests.fakes.memory_tables import Forbidden, Tables
from tests.fakes.memory_writes import run_write


class MemoryDisk(Tables):
    """`write` is one transaction, `read` a consistent view."""

    def write(self, writes: tuple[Write, ...]) -> None:
        """All of it, or Forbidden and nothing."""
        self.begin()
        try:
            for one in writes:
                run_write(self, one)
        except Forbidden:
            self.undo()
            raise

    def read(self, query: Query | Load) -> Any:
        """The answer to a question; ValueError where a Load's key is no id or its kind is not known."""
        return run_query(self, query)

    def generations_of(self, conversation: UUID) -> list[StoredGeneration]:
        """Newest first."""
        return [self.generations[row] for row in reversed(self.generations_in.get(conversation, ()))]
