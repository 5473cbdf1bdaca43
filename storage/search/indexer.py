"""Indexer: takes into the index what waits for it, the newest first, a few at a time, while others write.

What waits is durable: after a kill it goes on from there. It makes the terms on a thread of its own, and only
then holds the database, for a moment.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from storage import tables
from storage.characters import secrets_of
from storage.conversations import COLUMNS, TITLE, USER_NAME, open_conversation
from storage.database import Database
from storage.errors import DamagedRowError
from storage.marks import revised_words
from storage.messages import BODY, message_rows, open_body
from storage.search import index, thing_index
from storage.search.index import Entry
from storage.search.terms import TermKey, Terms
from storage.search.thing_index import EVERYBODY, Wanted
from storage.search.things import Thing, read_thing
from storage.settings import StorageSettings
from storage.trouble import trouble_of
from storage.unit import Unit
from storage.work import Db

log = logging.getLogger(__name__)

SHORT_BYTES = 32_768  # of terms at once that hold up the loop for a moment alone


class Waiting(NamedTuple):
    """A text that is to be taken in; None where it cannot be read."""

    conversation: UUID
    user: UUID
    message: UUID
    created_ms: int
    text: str | None


class WaitingThing(NamedTuple):
    """A thing as it is now, None where nobody is to find it; `known`: digests that the index has."""

    waiting: thing_index.Waiting
    thing: Thing | None
    known: set[bytes]


class Indexer:
    def __init__(
        self, database: Database, unit: Callable[[Db], Unit], term_key: Callable[[UUID], TermKey],
        settings: StorageSettings,
    ) -> None:  # fmt: skip
        self._database = database
        self._unit = unit
        self._term_key = term_key
        self._settings = settings
        self._wanted = asyncio.Event()
        self._wanted.set()

    def poke(self) -> None:
        """Something was written that it is to take in."""
        self._wanted.set()

    async def run(self) -> None:
        """For ever."""
        await self._merge_by_hand()
        while True:
            if not self._wanted.is_set():
                await self._wanted.wait()
                await asyncio.sleep(self._settings.index_gather_s)  # others come along meanwhile
            self._wanted.clear()
            try:
                if await self.step():
                    self._wanted.set()
                    await asyncio.sleep(self._settings.index_pause_s)
            except Exception as error:  # noqa: BLE001 - nothing is lost: it waits in the database
                log.warning("the index of words waits: %s", trouble_of(error).why)
                self._wanted.set()
                await asyncio.sleep(self._settings.index_retry_s)

    async def step(self) -> bool:
        """Takes some in, and merges some of what was taken in before; False where nothing is left to do."""
        took = await self.take_messages()
        merged = await self._database.write_here(index.merge_some)
        return await self.take_thing() or took or merged

    async def _merge_by_hand(self) -> None:
        try:
            await self._database.write_here(index.merge_by_hand)
        except Exception as error:  # noqa: BLE001 - FTS5 goes on by itself
            log.warning("the index of words is merged by the database: %s", trouble_of(error).why)

    async def take_thing(self) -> bool:
        """A thing, or where it has many parts some of them."""
        found = await self._database.read(lambda db: newest_thing(self._unit(db)))
        if found is None:
            return False
        wanted = await asyncio.to_thread(self._wanted_of, found)
        await self._database.write(lambda db: thing_index.bring(self._unit(db), found.waiting, wanted))
        return True

    def _wanted_of(self, found: WaitingThing) -> Wanted:
        thing = found.thing
        if thing is None:
            return Wanted({}, {})
        key = self._term_key(EVERYBODY if thing.shared else found.waiting.user)
        digests = {number: key.digest(part.text) for number, part in thing.parts.items()}
        missing = [number for number, digest in digests.items() if digest not in found.known]
        terms = {
            digests[number]: key.terms(thing.parts[number].text)
            for number in missing[: self._settings.index_batch]
        }
        return Wanted(digests, terms, thing.shared, thing.changed_ms, thing.conversation)

    async def take_messages(self) -> bool:
        waiting = await self._database.read(lambda db: newest(self._unit(db), self._settings.index_batch))
        if not waiting:
            return False
        entries = await asyncio.to_thread(self._entries, waiting)
        size = sum(len(entry.terms.stems) + len(entry.terms.prefixes) for entry in entries)
        write = self._database.write_here if size <= SHORT_BYTES else self._database.write
        await write(lambda db: index.put(self._unit(db), entries))
        return True

    def _entries(self, waiting: Sequence[Waiting]) -> list[Entry]:
        keys = {user: self._term_key(user) for user in {one.user for one in waiting}}
        return [
            Entry(
                one.conversation,
                one.user,
                one.message,
                one.created_ms,
                Terms(b"", b"") if one.text is None else keys[one.user].terms(one.text),
            )
            for one in waiting
        ]


async def newest_thing(unit: Unit) -> WaitingThing | None:
    waiting = await thing_index.newest_waiting(unit.db)
    if waiting is None:
        return None
    thing = await read_thing(unit, waiting.kind, waiting.user, waiting.thing)
    return WaitingThing(waiting, thing, await thing_index.known_digests(unit.db, waiting))


async def newest(unit: Unit, limit: int) -> list[Waiting]:
    pending = tables.SearchPending.all().using_db(unit.db).order_by("-id").limit(limit)
    rows = await pending.values("conversation_id", "user_id", "message")
    messages = {row["message"] for row in rows if row["message"] != row["conversation_id"]}
    titles = {row["message"] for row in rows} - messages
    found = [*await read_messages(unit, messages), *await read_titles(unit, titles)]
    gone = {row["message"]: row for row in rows}
    for one in found:
        del gone[one.message]
    # A message that was dropped and still waits: an entry without words ends that.
    return found + [
        Waiting(row["conversation_id"], row["user_id"], row["message"], 0, None) for row in gone.values()
    ]


async def read_messages(unit: Unit, messages: set[UUID]) -> list[Waiting]:
    if not messages:
        return []
    rows = await message_rows(unit.db, id__in=messages)
    secrets = await secrets_of(unit, rows, BODY)
    revised = await revised_words(unit, messages)
    return [
        Waiting(
            row["conversation_id"],
            row["user_id"],
            row["id"],
            row["created_ms"],
            text_of(lambda row=row: revised.get(row["id"]) or open_body(secrets, row).text),
        )
        for row in rows
    ]


async def read_titles(unit: Unit, conversations: set[UUID]) -> list[Waiting]:
    if not conversations:
        return []
    rows = await tables.Conversation.filter(id__in=conversations).using_db(unit.db).values(*COLUMNS)
    secrets = await secrets_of(unit, rows, TITLE, USER_NAME)
    return [
        Waiting(
            row["id"],
            row["user_id"],
            row["id"],
            row["updated_ms"],
            text_of(lambda row=row: open_conversation(secrets, row).title),
        )
        for row in rows
    ]


def text_of(read: Callable[[], str]) -> str | None:
    """A damaged row is found by nobody; whoever opens its conversation is told."""
    try:
        return read()
    except DamagedRowError as error:
        log.warning("not in the index of words: %s", error)
        return None
