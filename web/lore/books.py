"""Books: what users do with their lorebooks. Nothing is ever overwritten unseen: a change names the version
that it was made of, a book that is removed can come back.
"""

from typing import cast
from uuid import UUID

from actors.character.formats.json_tree import tree_bytes
from actors.character.formats.limits import CardLimits
from actors.character.formats.lorebook_edit import new_book
from actors.messages.lore import BookSheet
from actors.messages.lorebooks import LorebookFound, LorebookRow, PurgeLorebooks, RemoveLorebook, SaveLorebook
from actors.world import World
from web.library.bench import Bench
from web.library.content_ids import content_id
from web.library.importing import CannotExportError, Upload, shown_name
from web.library.work import CardRefused
from web.lore.shelves import Shelves
from web.lore.work import BookOpened, BookRead, BookWritten, ChangeBook, OpenBook, ReadBook, WriteBook
from web.protocol.lorebooks import ImportedLorebook
from web.records import Records

DAY_MS = 86_400_000


class BookTrouble(Exception):  # noqa: N818 - a refusal, for people
    """The text says why, in one line; `code` and `facts` as in a Remark."""

    def __init__(self, text: str, code: str = "", *facts: str) -> None:
        super().__init__(text)
        self.code = code
        self.facts = facts


class Books:
    """`bench` runs the workshop of lorebooks."""

    def __init__(self, records: Records, shelves: Shelves, world: World, bench: Bench) -> None:
        self.records = records
        self.shelves = shelves
        self.world = world
        self.bench = bench

    # -- coming in ----------------------------------------------------------------------------

    async def make(self, user: UUID, name: str) -> LorebookRow:
        """An empty one. Raises BookTrouble, BusyError."""
        await self.room(user)
        read = await self.read(ReadBook(tree_bytes(new_book(name).tree), name, *self.limits))
        return await self.save(user, self.world.new_id(), read, None)

    async def take_in(self, upload: Upload, user: UUID) -> ImportedLorebook:
        """Raises BusyError, StorageTroubleError."""
        name = shown_name(upload.name)
        try:
            await self.room(user)
            read = await self.read(ReadBook(upload.data, name.rpartition(".")[0] or name, *self.limits))
        except BookTrouble as trouble:
            return ImportedLorebook(name, "refused", str(trouble), code=trouble.code, facts=trouble.facts)
        for row in await self.records.lorebooks(user):
            if row.digest == read.digest:
                return await self.known(user, name, row)
        row = await self.save(user, self.world.new_id(), read, None)
        return ImportedLorebook(name, "imported", "", read.warnings, row.lorebook, row.name, row.entries)

    async def known(self, user: UUID, file: str, row: LorebookRow) -> ImportedLorebook:
        if row.removed_ms:
            await self.remove(user, row.lorebook, removed=False)
            why = "You removed this lorebook: it is back."
            return ImportedLorebook(file, "imported", why, (), row.lorebook, row.name, row.entries)
        why = "You have this lorebook already."
        return ImportedLorebook(file, "known", why, (), row.lorebook, row.name, row.entries)

    async def room(self, user: UUID) -> None:
        """Raises BookTrouble."""
        most = self.bench.settings.lorebooks
        if len(await self.records.lorebooks(user)) >= most:
            why = f"You have {most:,} lorebooks, as many as this server allows."
            raise BookTrouble(why, "lorebooks", str(most))

    # -- changes ------------------------------------------------------------------------------

    async def change(
        self, user: UUID, found: LorebookFound, version: UUID, *, name: str = "", book: bytes = b""
    ) -> LorebookRow:
        """Raises BookTrouble, BusyError; ConflictError where `version` is not the newest any more."""
        work = ChangeBook(found.file, name or found.row.name, book, *self.limits)
        return await self.save(user, found.row.lorebook, await self.read(work), version)

    async def remove(self, user: UUID, book: UUID, *, removed: bool) -> None:
        """Raises ConflictError."""
        write = RemoveLorebook(book, user, self.world.utc_ms() if removed else 0)
        await self.shelves.commit(user, write, self.purge(user))

    async def save(self, user: UUID, book: UUID, read: BookRead, replaces: UUID | None) -> LorebookRow:
        version = content_id("lorebook", book.bytes + read.digest)
        write = SaveLorebook(
            lorebook=book,
            owner=user,
            sheet=BookSheet(version, read.name, read.packed),
            file=read.file,
            digest=read.digest,
            entries=read.entries,
            changed_ms=self.world.utc_ms(),
            replaces=replaces,
        )
        await self.shelves.commit(user, write, self.purge(user))
        found = await self.records.lorebook(book, user)
        if found is None:
            raise BookTrouble("The lorebook was removed meanwhile.", "removed_meanwhile")
        return found.row

    def purge(self, user: UUID) -> PurgeLorebooks:
        settings, now_ms = self.bench.settings, self.world.utc_ms()
        return PurgeLorebooks(
            user,
            removed_before_ms=now_ms - int(settings.undo_days * DAY_MS),
            replaced_before_ms=now_ms - int(settings.replaced_s * 1_000),
        )

    # -- going out ----------------------------------------------------------------------------

    async def opened(self, file: bytes) -> bytes:
        """The JSON that the editor works on. Raises BookTrouble, BusyError."""
        answer = await self.bench.do(OpenBook(file, self.bench.limits))
        if isinstance(answer, CardRefused):
            raise BookTrouble(answer.why, answer.code, *answer.facts)
        return cast("BookOpened", answer).book

    async def written(self, file: bytes, kind: str) -> bytes:
        """Raises CannotExportError, BusyError."""
        answer = await self.bench.do(WriteBook(file, kind, self.bench.limits))
        if isinstance(answer, CardRefused):
            raise CannotExportError(answer)
        return cast("BookWritten", answer).data

    @property
    def limits(self) -> tuple[CardLimits, int]:
        return self.bench.limits, self.bench.settings.book_bytes

    async def read(self, work: ReadBook | ChangeBook) -> BookRead:
        answer = await self.bench.do(work)
        if isinstance(answer, CardRefused):
            raise BookTrouble(answer.why, answer.code, *answer.facts)
        return cast("BookRead", answer)
