"""StoragePort: serves the address "storage" (actors/messages/archive.py says who sends what)."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from actors.messages.archive import QueryDone, QueryFailed, RunQuery, RunWrites, WritesDone, WritesFailed
from actors.messages.choosing import PutPersona, RemovePersona, SetChoices
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    AddMessages,
    DropSummary,
    PurgeRemoved,
    PutSummary,
    RenameConversation,
    ReviseMessage,
)
from actors.messages.filing import AddFolder, ChangeFolder, DropFolder, FileConversation, RemoveConversation
from actors.messages.library import AddCharacterVersion, ChooseVersion, RemoveCharacter, ShareCharacter
from actors.messages.lorebooks import RemoveLorebook, SaveLorebook
from actors.messages.replies import EndGeneration
from storage import chunks
from storage.database import Database
from storage.journal import Journal
from storage.purge import Purge
from storage.reads import is_direct, run_query
from storage.search.indexer import Indexer
from storage.trouble import Trouble, trouble_of
from storage.unit import Unit
from storage.work import Db
from storage.writes import DIRECT_WRITES, run_writes

log = logging.getLogger(__name__)

STORAGE = "storage"

OF_THE_INDEX = frozenset(
    {
        AddCharacterVersion,
        AddConversation,
        AddFolder,
        AddMessage,
        AddMessages,
        ChangeFolder,
        ChooseVersion,
        DropFolder,
        DropSummary,
        EndGeneration,
        FileConversation,
        PurgeRemoved,
        PutPersona,
        PutSummary,
        RemoveCharacter,
        RemoveConversation,
        RemoveLorebook,
        RemovePersona,
        RenameConversation,
        ReviseMessage,
        SaveLorebook,
        SetChoices,
        ShareCharacter,
    }
)
"""Writes that leave something for the index."""

Tell = Callable[[str, Any, str], object]
Answer = WritesDone | WritesFailed | QueryDone | QueryFailed


class StoragePort:
    """Each message is a unit of work of its own, answered to its sender. The archive has one that writes
    under way at a time: two at once could be done in either order, for there are two ways to the database.
    Beside them the index takes in what was written, and what was removed long ago is dropped.
    """

    def __init__(
        self,
        database: Database,
        unit: Callable[[Db], Unit],
        tell: Tell,
        indexer: Indexer,
        purge: Purge,
        journal: Journal,
    ) -> None:
        self._database = database
        self._unit = unit
        self._tell = tell
        self._indexer = indexer
        self._journal = journal
        self._answering: set[asyncio.Task[None]] = set()
        loop = asyncio.get_running_loop()
        self._background = [
            loop.create_task(indexer.run(), name="index of words"),
            loop.create_task(purge.run(), name="purge"),
        ]

    def deliver(self, address: str, message: Any, sender: str) -> None:
        match message:
            case RunWrites() if self._write_direct(message, sender):
                return
            case RunWrites():
                work = self._write(message)
            case RunQuery():
                work = self._query(message)
            case _:
                raise TypeError(f"{address} does not understand {type(message).__name__}")
        task = asyncio.get_running_loop().create_task(self._answer(sender, work))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def close(self) -> None:
        """Finishes and answers what was delivered, then closes the database. The index goes on at the next
        start.
        """
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        while self._answering:
            await asyncio.wait(self._answering)
        try:
            await self._tidy_up()
        finally:
            await self._database.close()

    async def _tidy_up(self) -> None:
        """So the next start has nothing to read from the journal."""
        if self._journal.wrote:
            try:
                await self._database.write(lambda db: chunks.move_all(self._unit(db)))
            except Exception as error:  # noqa: BLE001 - they are as safe where they are
                log.warning("the newest chunks stay in the journal: %s", trouble_of(error).why)

    async def _answer(self, sender: str, work: Coroutine[Any, Any, Answer]) -> None:
        self._tell(sender, await work, STORAGE)

    def _write_direct(self, message: RunWrites, sender: str) -> bool:
        """The writes that replies are made of, without a task. False where they have to go the other way."""
        if not all(type(write) in DIRECT_WRITES for write in message.writes):
            return False

        def then(_: Any, error: BaseException | None) -> None:
            answer = self._written(message) if error is None else failed(message, error)
            self._tell(sender, answer, STORAGE)

        try:
            return self._database.write_direct(lambda db: run_writes(self._unit(db), message.writes), then)
        except Exception as error:  # noqa: BLE001 - every failure is answered
            self._tell(sender, failed(message, error), STORAGE)
            return True

    async def _write(self, message: RunWrites) -> Answer:
        try:
            await self._database.write(lambda db: run_writes(self._unit(db), message.writes))
        except Exception as error:  # noqa: BLE001 - every failure is answered
            return failed(message, error)
        return self._written(message)

    def _written(self, message: RunWrites) -> WritesDone:
        if any(type(write) in OF_THE_INDEX for write in message.writes):
            self._indexer.poke()
        return WritesDone(message.number)

    async def _query(self, message: RunQuery) -> Answer:
        try:
            direct = is_direct(message.query)
            result = await self._database.read(
                lambda db: run_query(self._unit(db), message.query), direct=direct
            )
        except Exception as error:  # noqa: BLE001 - every failure is answered
            return QueryFailed(message.number, noted(error).why)
        return QueryDone(message.number, result)


def failed(message: RunWrites, error: BaseException) -> WritesFailed:
    trouble = noted(error)
    return WritesFailed(message.number, trouble.why, trouble.conflict)


def noted(error: BaseException) -> Trouble:
    """The trouble; in the log where it is more than a refusal."""
    trouble = trouble_of(error)
    if trouble.fault:
        log.error("a unit of work failed by a fault of the storage", exc_info=error)
    elif not trouble.conflict:
        log.warning("a unit of work failed: %s", trouble.why)
    return trouble
