"""Authoring: a user writes a character or changes one, and every save is a version of its own.

Nothing is overwritten: a version's id comes from its character and its content, and whoever saves says which
version they began from; where another one has become current meanwhile, they are told.
"""

import asyncio
from typing import Any, cast
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from actors.character.editing import AssetEdit, CardTexts
from actors.character.sheet import card_of
from actors.messages.accounts import AccountRow
from actors.messages.library import AddCharacterVersion, CharacterFound, CharacterOriginal, ChooseVersion
from web.library.content_ids import content_id
from web.library.importing import NAME, Library, kept_tags
from web.library.work import CardEdited, CardRefused, CardShown, EditWork, PictureDrawn, PictureWork, ShowWork
from web.records import ConflictError


class CardRefusedError(Exception):
    """The card or picture is not taken; `refused` says why."""

    def __init__(self, refused: CardRefused) -> None:
        super().__init__(refused.why)
        self.refused = refused


class SavedMeanwhileError(Exception):
    """Another version is current by now."""


class Draft(Struct, frozen=True):
    """What an author changed; None stays. `portrait` and those of `assets` are ids of pictures that were
    brought. `name` replaces the card's, for a copy."""

    texts: CardTexts | None = None
    book: str | None = None
    assets: tuple[AssetEdit, ...] | None = None
    portrait: str = ""
    name: str = ""


class Saved(Struct, frozen=True):
    """`changed`: it is a new version; else the one it was made from says the same."""

    character: UUID
    version: UUID
    changed: bool


class Authoring:
    def __init__(self, library: Library) -> None:
        self.library = library
        self.records = library.records
        self.bench = library.bench

    async def show(self, version: UUID, account: AccountRow) -> tuple[CharacterFound, CardShown] | None:
        """None where the user does not see it. Raises CardRefusedError, BusyError, StorageTroubleError."""
        found = await self.records.character(version, account.id)
        original = await self.records.original(version, account.id)
        if found is None or original is None:
            return None
        data, picture = await self.file_of(original)
        work = ShowWork(data, self.bench.limits, self.bench.settings.picture_pixels, picture)
        return found, cast("CardShown", await self.do(work))

    async def bring_picture(self, data: bytes) -> tuple[str, PictureDrawn]:
        """Keeps it for a while, drawn anew: its id. Raises CardRefusedError, BusyError."""
        settings = self.bench.settings
        work = PictureWork(data, settings.picture_pixels, settings.picture_side)
        drawn = cast("PictureDrawn", await self.do(work))
        return await asyncio.to_thread(self.library.drafts.put, drawn.picture), drawn

    async def save_new(self, draft: Draft, base: UUID | None, account: AccountRow) -> Saved | None:
        """A character of its own; with `base` a copy of that version. None where the user does not see that
        one. Raises CardRefusedError, BusyError, StorageTroubleError."""
        original = None
        if base is not None:
            original = await self.records.original(base, account.id)
            if original is None:
                return None
        edited = await self.edited(draft, original, account, is_new=True)
        return await self.keep(edited, self.library.world.new_id(), None, account, ())

    async def save(
        self, draft: Draft, character: UUID, base: UUID, over: UUID, account: AccountRow
    ) -> Saved | None:
        """A further version of one's own character, made from `base`, where `over` is the current one. None
        where it is not one's own. Raises SavedMeanwhileError, CardRefusedError, BusyError,
        StorageTroubleError."""
        found = await self.records.character(base, account.id)
        original = await self.records.original(base, account.id)
        if found is None or original is None or found.row.owner != account.id:
            return None
        if found.row.character != character:
            return None
        if found.current != over:
            raise SavedMeanwhileError
        edited = await self.edited(draft, original, account, is_new=False)
        if not edited.changed and base == over:
            return Saved(character, base, changed=False)
        return await self.keep(edited, character, over, account, tags_beside(found))

    async def edited(
        self, draft: Draft, original: CharacterOriginal | None, account: AccountRow, *, is_new: bool
    ) -> CardEdited:
        settings = self.bench.settings
        data, picture = await self.file_of(original) if original is not None else (b"", b"")
        work = EditWork(
            data=data,
            limits=self.bench.limits,
            sheet_bytes=settings.sheet_bytes,
            pixels=settings.picture_pixels,
            now_s=self.library.world.utc_ms() // 1_000,
            texts=draft.texts,
            book=draft.book,
            assets=draft.assets,
            portrait=await self.picture(draft.portrait) if draft.portrait else b"",
            pictures=await self.pictures(draft.assets or ()),
            picture=picture,
            name=draft.name,
        )
        refused = await self.library.too_much(max(len(data), 1), account, is_new=is_new)
        if refused is not None:
            raise CardRefusedError(refused)
        return cast("CardEdited", await self.do(work))

    async def keep(
        self,
        edited: CardEdited,
        character: UUID,
        base: UUID | None,
        account: AccountRow,
        tags: tuple[str, ...],
    ) -> Saved:
        read = edited.read
        version = content_id("version", account.id.bytes + character.bytes + read.digest)
        portrait, thumb = await asyncio.to_thread(self.library.put_pictures, read)
        write = AddCharacterVersion(
            character=character,
            version=version,
            owner=account.id,
            sheet=replace(read.sheet, character=version, name=read.sheet.name[:NAME]),
            card=read.card,
            content_hash=read.digest,
            tagline=read.tagline,
            tags=kept_tags(*read.tags, *tags),
            portrait=portrait,
            thumb=thumb,
            created_ms=self.library.world.utc_ms(),
            file=edited.file,
            base=base,
        )
        try:
            await self.records.commit(write)
        except ConflictError as error:
            if base is None or version not in {
                row.version for row in await self.records.versions(character, account.id)
            }:
                raise SavedMeanwhileError from error
            await self.choose(character, version, base, account)  # it said this before
        return Saved(character, version, changed=True)

    async def choose(self, character: UUID, version: UUID, base: UUID, account: AccountRow) -> None:
        """Raises SavedMeanwhileError, StorageTroubleError."""
        try:
            await self.records.commit(ChooseVersion(character, account.id, version, base))
        except ConflictError as error:
            raise SavedMeanwhileError from error

    async def file_of(self, original: CharacterOriginal) -> tuple[bytes, bytes]:
        """The file of a version, and its picture where that is not in it."""
        if original.file or not original.portrait:
            return original.file or original.card, b""
        return original.card, await asyncio.to_thread(self.library.read_asset, original.portrait) or b""

    async def pictures(self, assets: tuple[AssetEdit, ...]) -> tuple[tuple[str, bytes], ...]:
        wanted = sorted({asset.picture for asset in assets if asset.at < 0})
        return tuple([(picture, await self.picture(picture)) for picture in wanted])

    async def picture(self, picture: str) -> bytes:
        data = await asyncio.to_thread(self.library.drafts.read, picture)
        if data is None:
            gone = "A picture is no longer here: it was brought too long ago. Bring it again."
            raise CardRefusedError(CardRefused(gone, "picture_gone"))
        return data

    async def do(self, work: Any) -> Any:
        answer = await self.bench.do(work)
        if isinstance(answer, CardRefused):
            raise CardRefusedError(answer)
        return answer


def tags_beside(found: CharacterFound) -> tuple[str, ...]:
    """Those of the version that do not stand in its card: its owner's, from another program."""
    of_card = kept_tags(*card_of(found.sheet).tags)
    return tuple(tag for tag in found.row.tags if tag not in of_card)
