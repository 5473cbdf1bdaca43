"""Importing: a stranger's file becomes a character of one user, or is refused with a reason.

Nothing is ever overwritten. The same card, in whatever carrier, is the version that is there already; another
card of the same name is a character of its own.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from actors.messages.accounts import AccountRow
from actors.messages.library import AddCharacterVersion, CharacterOriginal, RemoveCharacter
from actors.world import World
from web.library.bench import Bench
from web.library.content_ids import content_id
from web.library.shelf import Shelf
from web.library.work import CardRead, CardRefused, CardWritten, ReadWork, WriteWork
from web.protocol.characters import ImportedFile
from web.records import ConflictError, Records

NAME = 200  # characters of a file's or a character's name
TAGS, TAG = 50, 60  # that many, and that long


PutAsset = Callable[[bytes], str]


class CannotExportError(Exception):
    """`refused` says why."""

    def __init__(self, refused: CardRefused) -> None:
        super().__init__(refused.why)
        self.refused = refused


class Upload(Struct, frozen=True):
    name: str
    data: bytes


class Library:
    """`put_asset` keeps a picture and gives its id, `read_asset` the picture again; both may block. `drafts`
    are pictures for cards that are being written."""

    def __init__(
        self,
        records: Records,
        world: World,
        bench: Bench,
        put_asset: Callable[[bytes], str],
        read_asset: Callable[[str], bytes | None],
        drafts: Shelf,
    ) -> None:
        self.records = records
        self.world = world
        self.bench = bench
        self.put_asset = put_asset
        self.read_asset = read_asset
        self.drafts = drafts

    async def take_in(self, upload: Upload, account: AccountRow, tags: tuple[str, ...] = ()) -> ImportedFile:
        """`tags`: beside those of the card. Raises BusyError, StorageTroubleError."""
        name = shown_name(upload.name)
        refused = await self.too_much(len(upload.data), account, is_new=True)
        if refused is not None:
            return refusal(name, refused)
        settings = self.bench.settings
        answer = await self.bench.do(
            ReadWork(upload.data, self.bench.limits, settings.sheet_bytes, settings.picture_pixels)
        )
        if isinstance(answer, CardRefused):
            return refusal(name, answer)
        return await self.keep(name, upload, cast("CardRead", answer), account, tags)

    async def too_much(self, size: int, account: AccountRow, *, is_new: bool) -> CardRefused | None:
        """Why the user can keep no further file of that size; None where nothing is against it."""
        settings, use = self.bench.settings, await self.records.library_use(account.id)
        most_bytes, characters, all_bytes = (
            self.bench.limits.file_bytes,
            settings.characters,
            settings.file_bytes,
        )
        if not size:
            return CardRefused("The file is empty.", "empty")
        if size > most_bytes:
            return CardRefused(
                f"The file is larger than {most_bytes:,} bytes.", "file_bytes", (str(most_bytes),)
            )
        if is_new and use.characters >= characters:
            why = f"You have {use.characters:,} characters, as many as this server allows."
            return CardRefused(why, "characters", (str(use.characters),))
        if use.file_bytes + size > all_bytes:
            why = f"Your cards take more than the {all_bytes:,} bytes that this server allows."
            return CardRefused(why, "all_bytes", (str(all_bytes),))
        return None

    async def keep(
        self, name: str, upload: Upload, read: CardRead, account: AccountRow, tags: tuple[str, ...]
    ) -> ImportedFile:
        digest = account.id.bytes + read.digest
        character, version = content_id("character", digest), content_id("version", digest)
        sheet = replace(read.sheet, character=version)
        report = ImportedFile(
            name, "imported", "", read.warnings, character, version, sheet.name[:NAME] or "…"
        )
        known = await self.records.character(version, account.id)
        if known is not None:
            return await self.known(report, account, removed=known.removed)
        portrait, thumb = await asyncio.to_thread(self.put_pictures, read)
        write = AddCharacterVersion(
            character=character,
            version=version,
            owner=account.id,
            sheet=sheet,
            card=read.card,
            content_hash=read.digest,
            tagline=read.tagline,
            tags=kept_tags(*read.tags, *tags),
            portrait=portrait,
            thumb=thumb,
            created_ms=self.world.utc_ms(),
            file=upload.data,
        )
        try:
            await self.records.commit(write)
        except ConflictError:  # another page of the same user was quicker
            return await self.known(report, account, removed=False)
        return report

    async def known(self, report: ImportedFile, account: AccountRow, *, removed: bool) -> ImportedFile:
        if removed and report.character is not None:
            await self.records.commit(RemoveCharacter(report.character, account.id, 0))
            return replace(report, why="You removed this character: it is back.")
        return replace(report, status="known", why="You have this character already.")

    def put_pictures(self, read: CardRead) -> tuple[str, str]:
        if not read.portrait:
            return "", ""
        return self.put_asset(read.portrait), self.put_asset(read.thumb)

    async def written(self, original: CharacterOriginal, form: str, spec: str) -> CardWritten:
        """The card in another form. Raises CannotExportError, BusyError."""
        picture = b""
        if not original.file and original.portrait:
            picture = await asyncio.to_thread(self.read_asset, original.portrait) or b""
        work = WriteWork(original.file or original.card, self.bench.limits, form, spec, picture)
        answer = await self.bench.do(work)
        if isinstance(answer, CardRefused):
            raise CannotExportError(answer)
        return cast("CardWritten", answer)


def kept_tags(*tags: str) -> tuple[str, ...]:
    """Each once, and not too many."""
    return tuple(dict.fromkeys(tag[:TAG] for tag in tags if tag.strip()))[:TAGS]


def refusal(name: str, refused: CardRefused) -> ImportedFile:
    return ImportedFile(name, "refused", refused.why, code=refused.code, facts=refused.facts)


def shown_name(name: str) -> str:
    """A file's name as its owner knows it: without folders, of letters that can be shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:NAME] or "…"
