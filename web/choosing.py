"""Choosing: personas, presets and choices of a user; a change reaches every conversation in memory."""

import asyncio
from typing import cast
from uuid import UUID

from msgspec.structs import replace

from actors import addresses
from actors.addresses import SOCKETS
from actors.conversation.chosen import OTHERS, changes, format_of, persona_of, sampled
from actors.mailbox import Runtime
from actors.messages.archive import Write
from actors.messages.choices import Choices, Chosen, ChosenChanged, Level, Persona, Preset, ReplySettings
from actors.messages.choosing import PutPersona, PutPreset, RemovePersona, RemovePreset, SetChoices
from actors.messages.generation import Sampling
from actors.world import World
from web.library.bench import Bench
from web.library.importing import PutAsset
from web.library.work import CardRefused, PortraitDrawn, PortraitWork
from web.ownership import Ownership
from web.records import Records


class TooManyError(Exception):
    """The user has as many of them as the settings allow: `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class NoPictureError(Exception):
    """The file is no picture that can be shown; the text says why."""


class Choosing:
    """`usual` is how the node makes replies where nobody has chosen."""

    def __init__(
        self,
        runtime: Runtime,
        records: Records,
        ownership: Ownership,
        bench: Bench,
        put_asset: PutAsset,
        usual: Sampling,
    ) -> None:
        self.runtime = runtime
        self.world: World = runtime.world
        self.records = records
        self.ownership = ownership
        self.bench = bench
        self.put_asset = put_asset
        self.usual = usual
        self.one_at_a_time = asyncio.Lock()  # so that sessions hear of changes in their order

    async def change(self, user: UUID, *writes: Write) -> None:
        """Durably, and then for all conversations of the user. Raises ConflictError, StorageTroubleError."""
        async with self.one_at_a_time:
            await self.records.commit(*writes)
            for address in self.runtime.awake("session"):
                await self.tell(user, UUID(hex=addresses.key(address)))

    async def choose(self, user: UUID, level: Level, about: UUID, choices: Choices) -> None:
        """Raises ConflictError, StorageTroubleError."""
        await self.change(user, SetChoices(user, level, about, choices))

    async def tell(self, user: UUID, conversation: UUID) -> None:
        row = await self.records.conversation(conversation)
        if row is not None and row.user == user:
            chosen = await self.records.chosen(user, row.character_version, conversation)
            self.runtime.tell(addresses.session(conversation), ChosenChanged(chosen), SOCKETS)

    # -- personas -----------------------------------------------------------------------------

    async def new_persona(
        self, user: UUID, name: str, description: str, picture: bytes = b"", named: UUID | None = None
    ) -> Persona:
        """`named`: the id that it is to have. Raises TooManyError, NoPictureError, BusyError,
        StorageTroubleError."""
        limit = self.bench.settings.personas
        if len(await self.records.personas(user)) >= limit:
            raise TooManyError(limit)
        made = Persona(named or self.world.new_id(), name, description, created_ms=self.world.utc_ms())
        if picture:
            made = await self.with_picture(made, picture)
        await self.change(user, PutPersona(made, user))
        return made

    async def with_picture(self, persona: Persona, picture: bytes) -> Persona:
        """Raises NoPictureError, BusyError."""
        answer = await self.bench.do(PortraitWork(picture, self.bench.settings.picture_pixels))
        if isinstance(answer, CardRefused):
            raise NoPictureError(answer.why)
        drawn = cast("PortraitDrawn", answer)
        portrait = await asyncio.to_thread(self.put_asset, drawn.portrait)
        thumb = await asyncio.to_thread(self.put_asset, drawn.thumb)
        return replace(persona, portrait=portrait, thumb=thumb)

    async def remove_persona(self, user: UUID, persona: UUID, *, removed: bool) -> None:
        """Raises ConflictError, StorageTroubleError."""
        removed_ms = self.world.utc_ms() if removed else 0
        await self.change(user, RemovePersona(persona, user, removed_ms))

    async def for_new(self, user: UUID, version: UUID, persona: UUID | None) -> Chosen:
        """What counts for a new conversation; it stays with the persona it begins with."""
        chosen = await self.records.chosen(user, version, None)
        if persona is not None:
            known = {each.id: each for each in (*chosen.personas, *await self.records.personas(user))}
            chosen = replace(chosen, conversation=Choices(persona=persona), personas=tuple(known.values()))
        begun_as = persona_of(chosen)
        if begun_as is not None:
            chosen = replace(chosen, conversation=Choices(persona=begun_as.id))
        return chosen

    # -- presets ------------------------------------------------------------------------------

    async def new_preset(
        self, user: UUID, name: str, settings: ReplySettings, named: UUID | None = None
    ) -> Preset:
        """`named` as above. Raises TooManyError, StorageTroubleError."""
        presets = await self.records.presets(user)
        limit = self.bench.settings.presets
        if len(presets) >= limit:
            raise TooManyError(limit)
        made = Preset(
            named or self.world.new_id(), name, on_their_own(settings, presets), self.world.utc_ms()
        )
        await self.change(user, PutPreset(made, user))
        return made

    async def remove_preset(self, user: UUID, preset: UUID, *, removed: bool) -> None:
        """Raises ConflictError, StorageTroubleError."""
        removed_ms = self.world.utc_ms() if removed else 0
        await self.change(user, RemovePreset(preset, user, removed_ms))


def on_their_own(settings: ReplySettings, presets: list[Preset]) -> ReplySettings:
    """The same settings, based on no preset of the user's."""
    based = next((preset for preset in presets if preset.id.hex == settings.preset), None)
    if based is None:
        return settings
    return replace(based.settings, **changes(settings), format=settings.format or based.settings.format)


def in_full(sampling: Sampling) -> ReplySettings:
    """Every setting as it is."""
    names = [name for name in ReplySettings.__struct_fields__ if name not in OTHERS]
    return ReplySettings(**{name: getattr(sampling, name) for name in names})


def effect(settings: ReplySettings, presets: list[Preset], usual: Sampling) -> ReplySettings:
    """What they amount to."""
    return replace(in_full(sampled(settings, presets, usual)), format=format_of(settings, presets))
