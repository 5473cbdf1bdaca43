"""Indexer: takes into the index what waits for it, the newest first, a few at a time, while others write.

What waits is durable: after a kill it goes on from there. It makes the terms on a thread of its own, and only
then holds the database, for a moment; messages wait for a quiet one, of the loop of events (quiet.py).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from storage import tables
from storage.characters import secrets_of
from storage.conversations import ONE, TITLE, USER_NAME, open_conversation
from storage.database import Database, raw
from storage.errors import DamagedRowError
from storage.fields import as_id
from storage.marks import REVISION_COLUMNS, WORDS, newest_words
from storage.messages import BODY, COLUMNS, open_body
from storage.sealing import Row, Secrets
from storage.search import index, thing_index
from storage.search.index import Entry
from storage.search.quiet import quiet_moment
from storage.search.terms import TermKey, Terms
from storage.search.thing_index import EVERYBODY, Wanted
from storage.search.things import Thing, read_thing
from storage.select import Select, ask_ahead
from storage.settings import StorageSettings
from storage.trouble import trouble_of
from storage.unit import Unit
from storage.work import Db

log = logging.getLogger(__name__)

PENDING = "SELECT conversation_id, user_id, message FROM search_pending ORDER BY id DESC LIMIT {limit}"
A_THING = "SELECT id FROM search_thing_pending LIMIT 1"
MESSAGE = Select(tables.Message, COLUMNS, ("id",))
REVISIONS_OF = Select(tables.MessageRevision, REVISION_COLUMNS, ("message",), order=("number",))
SHORT_BYTES = 32_768  # of terms at once that hold up the loop for a moment alone


class Waiting(NamedTuple):
    """A text that is to be taken in; None where it cannot be read."""

    conversation: UUID
    user: UUID
    message: UUID
    created_ms: int
    text: str | None


class Newest(NamedTuple):
    """Messages and titles that wait, and whether a thing does."""

    messages: list[Waiting]
    thing: bool


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
        """Takes some in, and merges some of what was taken in before; False where no more is known of."""
        batch = self._settings.index_batch
        await self.quiet()
        found = await self._database.read(lambda db: newest(self._unit(db), batch), direct=True)
        if found.messages:
            await self.take_messages(found.messages)
        await self.quiet()
        merged = await self._database.write_here(index.merge_some)
        if found.thing:
            await self.take_thing()
        return len(found.messages) == batch or found.thing or merged

    async def _merge_by_hand(self) -> None:
        try:
            await self._database.write_here(index.merge_by_hand)
        except Exception as error:  # noqa: BLE001 - FTS5 goes on by itself
            log.warning("the index of words is merged by the database: %s", trouble_of(error).why)

    async def take_thing(self) -> None:
        """A thing, or where it has many parts some of them."""
        found = await self._database.read(lambda db: newest_thing(self._unit(db)))
        if found is None:
            return
        wanted = await asyncio.to_thread(self._wanted_of, found)
        await self._database.write(lambda db: thing_index.bring(self._unit(db), found.waiting, wanted))

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

    async def take_messages(self, waiting: Sequence[Waiting]) -> None:
        entries = await asyncio.to_thread(self._entries, waiting)
        size = sum(len(entry.terms.stems) + len(entry.terms.prefixes) for entry in entries)
        write = self._database.write_here if size <= SHORT_BYTES else self._database.write
        await self.quiet()
        await write(lambda db: index.put(self._unit(db), entries))

    async def quiet(self) -> None:
        settings = self._settings
        await quiet_moment(settings.index_quiet_turns, settings.index_quiet_turn_s, settings.index_patience_s)

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


async def newest(unit: Unit, limit: int) -> Newest:
    """It asks nothing of the ORM (direct.py)."""
    rows = await raw(unit.db, PENDING.format(limit=limit))
    things = await raw(unit.db, A_THING)
    pending = [(as_id(row["conversation_id"]), as_id(row["user_id"]), as_id(row["message"])) for row in rows]
    messages = [message for conversation, _, message in pending if message != conversation]
    titles = [message for conversation, _, message in pending if message == conversation]
    found = {one.message: one for one in await read_messages(unit, messages)}
    found |= {one.message: one for one in await read_titles(unit, titles)}
    # A message that was dropped and still waits: an entry without words ends that.
    waiting = [
        found.get(message) or Waiting(conversation, user, message, 0, None)
        for conversation, user, message in pending
    ]
    return Newest(waiting, bool(things))


async def read_messages(unit: Unit, messages: Sequence[UUID]) -> list[Waiting]:
    if not messages:
        return []
    await ask_ahead(unit.db, *((ask, (message,)) for message in messages for ask in (MESSAGE, REVISIONS_OF)))
    rows: list[Row] = []
    revisions: list[Row] = []
    for message in messages:
        rows += await MESSAGE.rows(unit.db, message)
        revisions += await REVISIONS_OF.rows(unit.db, message)
    secrets = {**await secrets_of(unit, rows, BODY), **await secrets_of(unit, revisions, WORDS)}
    return [
        Waiting(
            row["conversation_id"],
            row["user_id"],
            row["id"],
            row["created_ms"],
            text_of(lambda row=row: said_now(secrets, row, revisions)),
        )
        for row in rows
    ]


def said_now(secrets: Secrets, row: Row, revisions: Sequence[Row]) -> str:
    """What the message says now."""
    mine = [revision for revision in revisions if revision["message"] == row["id"]]
    return newest_words(secrets, mine).get(row["id"]) or open_body(secrets, row).text


async def read_titles(unit: Unit, conversations: Sequence[UUID]) -> list[Waiting]:
    rows = [row for conversation in conversations for row in await ONE.rows(unit.db, conversation)]
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
