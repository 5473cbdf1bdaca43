"""Things of a SillyTavern folder that are no chats: settings, lorebooks, characters, personas and presets.

What is there already is recognised by its content, and left as its owner has it now: what belongs together in
the folder is tied together only where one of the two came in just now.
"""

import hashlib
import json
from uuid import UUID

from msgspec.structs import replace

from actors.character.card import Card
from actors.character.card_options import card_options
from actors.character.sheet import card_of
from actors.conversation.group_change import member_by
from actors.messages.choices import Choices, Level
from actors.messages.library import MarkFavourite
from actors.messages.lore import Scope
from actors.messages.lorebooks import AttachLorebook
from actors.messages.remarks import Remark, remark
from web.choosing import Choosing, NoPictureError, TooManyError
from web.files.readers import Readers, why_of
from web.files.work import PresetTaken, ReadPresetFile, ReadSettingsFile, SettingsTaken
from web.library.content_ids import content_id
from web.library.importing import Library, Upload
from web.lore.books import Books
from web.moving.folder import Wanted, shown
from web.moving.here import BookHere, CardHere, Here, key_of
from web.moving.settings_file import PersonaFound
from web.protocol.moving import MovedItem
from web.records import Records
from web.refusal import RefusedError
from web.unfit_choices import DESCRIPTION, NAME, TEXT, check_settings, description_of, name_of

OWN_PROMPTS = "openai settings"
"""Folder of presets that bring texts of their own beside the settings."""


class Things:
    """`json_bytes`: the most of a file of settings."""

    def __init__(
        self,
        records: Records,
        library: Library,
        books: Books,
        choosing: Choosing,
        readers: Readers,
        json_bytes: int,
    ) -> None:
        self.records = records
        self.library = library
        self.books = books
        self.choosing = choosing
        self.readers = readers
        self.json_bytes = json_bytes

    # -- settings -----------------------------------------------------------------------------

    async def settings(self, here: Here, file: Wanted, data: bytes) -> list[MovedItem]:
        name = shown(file.path)
        work = ReadSettingsFile(data, self.library.bench.limits, self.json_bytes)
        answer = await self.readers.read(work, here.user)
        if not isinstance(answer, SettingsTaken):
            lost = remark("no_settings", "Without it there are no personas, tags and attached lorebooks.")
            return [MovedItem("settings", name, "refused", (why_of(answer), lost))]
        here.habits = answer.habits
        return [MovedItem("settings", name, "imported"), *await self.instructions(here, name)]

    async def instructions(self, here: Here, name: str) -> list[MovedItem]:
        """Those that count for every conversation, where the user has none of their own."""
        before, after = here.habits.system_prompt, here.habits.post_history
        if not before and not after:
            return []
        if max(len(before), len(after)) > TEXT:
            return [MovedItem("instructions", name, "refused", (too_long(TEXT),))]
        now = await self.records.choices(here.user, here.user)
        if (now.system_prompt or "", now.post_history_instructions or "") == (before, after):
            return [MovedItem("instructions", name, "known")]
        if now.system_prompt or now.post_history_instructions:
            kept = remark("instructions_kept", "You have instructions of your own: they stay.")
            return [MovedItem("instructions", name, "left_out", (kept,))]
        chosen = replace(now, system_prompt=before or None, post_history_instructions=after or None)
        await self.choosing.choose(here.user, "all", here.user, chosen)
        return [MovedItem("instructions", name, "imported")]

    # -- lorebooks ----------------------------------------------------------------------------

    async def lorebook(self, here: Here, file: Wanted, data: bytes) -> MovedItem:
        report = await self.books.take_in(Upload(file.name, data), here.user)
        name, remarks = shown(file.path), report.warnings
        if report.book is None:
            return MovedItem("lorebook", name, "refused", (remark(report.code, report.why, *report.facts),))
        fresh = report.status == "imported"
        here.books[file.stem.casefold()] = BookHere(report.book, fresh)
        if fresh and file.stem in here.habits.everywhere:
            await self.attach(here, report.book, "user", None)
            remarks = (*remarks, remark("lore_everywhere", "It counts everywhere, as it did there."))
        return MovedItem(
            "lorebook", name, report.status, remarks, report.book, report.book_name, entries=report.entries
        )

    async def attach(self, here: Here, book: UUID, scope: Scope, target: UUID | None) -> None:
        write = AttachLorebook(book, here.user, scope, target, attached=True)
        await self.books.shelves.commit(here.user, write)

    async def tie(
        self, here: Here, names: tuple[str, ...], scope: Scope, target: UUID, *, fresh: bool
    ) -> tuple[Remark, ...]:
        """The lorebooks of these names count for the target from now on."""
        told: list[Remark] = []
        for name in dict.fromkeys(each for each in names if each.strip()):
            book = here.books.get(name.casefold())
            if book is None:
                line = f'Its lorebook "{shown(name)}" is not in the folder.'
                told.append(remark("lore_missing", line, shown(name)))
            elif book.fresh or fresh:
                await self.attach(here, book.book, scope, target)
        return tuple(told)

    # -- characters ---------------------------------------------------------------------------

    async def character(self, here: Here, file: Wanted, data: bytes) -> MovedItem:
        """Raises BusyError, StorageTroubleError."""
        name = shown(file.path)
        tags = here.habits.tags.get(file.name.casefold(), ())
        report = await self.library.take_in(Upload(file.name, data), here.account, tags)
        found = None
        if report.version is not None:
            found = await self.records.character(report.version, here.user)
        if found is None or report.character is None:
            return MovedItem("character", name, "refused", (remark(report.code, report.why, *report.facts),))
        fresh = report.status == "imported"
        card = card_of(found.sheet)
        entries = len(card.book.entries) if card.book is not None else 0
        here.cards[file.stem.casefold()] = await self.card_here(here, found.current or report.version, fresh)
        if fresh and card_options(card).favourite:
            await self.records.commit(MarkFavourite(here.user, report.character, favourite=True))
        more = await self.lore_of(here, file, card, report.character, fresh=fresh)
        remarks = (*report.warnings, *more)
        return MovedItem(
            "character",
            name,
            report.status,
            remarks,
            report.character,
            report.character_name,
            entries=entries,
        )

    async def card_here(self, here: Here, version: UUID | None, fresh: bool) -> CardHere:
        found = await self.records.character(version, here.user) if version is not None else None
        if found is None:
            raise LookupError(version)
        return CardHere(found.row.character, member_by(found.sheet), fresh)

    async def lore_of(
        self, here: Here, file: Wanted, card: Card, character: UUID, *, fresh: bool
    ) -> tuple[Remark, ...]:
        """The card's own lorebook is a copy of the one that it is tied to: one of the two counts."""
        names = here.habits.more_lore.get(file.stem.casefold(), ())
        world = card_options(card).world
        if world and (card.book is None or not card.book.entries):
            names = (world, *names)
        told = await self.tie(here, names, "character", character, fresh=fresh)
        if world not in names and world.casefold() in here.books:
            line = f'The lorebook "{shown(world)}" is in the card: that copy counts for the character.'
            told = (*told, remark("lore_in_card", line, shown(world)))
        return told

    async def stand_in(self, here: Here, name: str) -> CardHere | Remark:
        """A character of that name with an empty card, or why there can be none."""
        name = " ".join(shown(name).split())[:NAME] or "…"
        tree = {"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": name}}
        report = await self.library.take_in(Upload(f"{name}.json", json.dumps(tree).encode()), here.account)
        if report.version is None:
            return remark(report.code, report.why, *report.facts)
        found = await self.records.character(report.version, here.user)
        return await self.card_here(here, found.current if found else report.version, True)

    # -- personas -----------------------------------------------------------------------------

    async def avatar(self, here: Here, file: Wanted, data: bytes) -> MovedItem:
        found = here.habits.personas.get(file.name)
        if found is None:
            nobody = remark("left_avatar", "No persona uses this picture.")
            return MovedItem("avatar", shown(file.path), "left_out", (nobody,))
        return await self.persona(here, found, data)

    async def persona(self, here: Here, found: PersonaFound, picture: bytes = b"") -> MovedItem:
        """Raises BusyError, StorageTroubleError."""
        called = shown(found.name.strip() or key_of(found.avatar), NAME)
        try:
            name, description = name_of(called), description_of(found.description)
        except RefusedError as error:
            long = error.body.code == "text"
            why = too_long(DESCRIPTION) if long else remark("name", error.body.text, error.body.limit)
            here.settled.add(found.avatar)
            return MovedItem("persona", called, "refused", (why,))
        digest = hashlib.sha256(f"{name}\0{description}".encode()).digest()
        id_ = content_id("persona", here.user.bytes + digest)
        for each in await self.records.personas(here.user):
            if each.id == id_ or (each.name, each.description) == (name, description):
                self.settle(here, found, each.id)
                return MovedItem("persona", name, "known", (), each.id)
        remarks: tuple[Remark, ...] = ()
        try:
            try:
                made = await self.choosing.new_persona(here.user, name, description, picture, id_)
            except NoPictureError as error:
                remarks = (remark("persona_picture", f"Its picture is left out: {error}"),)
                made = await self.choosing.new_persona(here.user, name, description, named=id_)
        except TooManyError as error:
            here.settled.add(found.avatar)
            return MovedItem("persona", name, "refused", (too_many(error),))
        self.settle(here, found, made.id)
        remarks += await self.tie(here, (found.lorebook,), "persona", made.id, fresh=True)
        if found.avatar == here.habits.usual_persona:
            await self.choose_persona(here, "all", here.user, made.id)
        for card in found.cards:
            known = here.cards.get(key_of(card))
            if known is not None:
                await self.choose_persona(here, "character", known.character, made.id)
        return MovedItem("persona", name, "imported", remarks, made.id)

    def settle(self, here: Here, found: PersonaFound, persona: UUID) -> None:
        here.settled.add(found.avatar)
        here.personas[found.avatar.casefold()] = persona

    async def choose_persona(self, here: Here, level: Level, about: UUID, persona: UUID) -> None:
        """Where nothing is chosen yet."""
        now: Choices = await self.records.choices(here.user, about)
        if now.persona is None:
            await self.choosing.choose(here.user, level, about, replace(now, persona=persona))

    # -- presets ------------------------------------------------------------------------------

    async def preset(self, here: Here, file: Wanted, data: bytes) -> MovedItem:
        name, path = shown(" ".join(file.stem.split()), NAME) or "…", shown(file.path)
        if len(data) > self.json_bytes:
            why = remark("json_bytes", f"The JSON is larger than {self.json_bytes:,} bytes.", self.json_bytes)
            return MovedItem("preset", path, "refused", (why,))
        answer = await self.readers.read(ReadPresetFile(data), here.user)
        if not isinstance(answer, PresetTaken):
            return MovedItem("preset", path, "refused", (why_of(answer),))
        read = answer.read
        try:
            check_settings(read.settings)
        except RefusedError as error:
            return MovedItem("preset", path, "refused", (remark("preset", error.body.text),))
        remarks = self.left_of(file, answer)
        digest = hashlib.sha256(f"{name}\0{read.settings!r}".encode()).digest()
        id_ = content_id("preset", here.user.bytes + digest)
        for each in await self.records.presets(here.user):
            if each.id == id_ or (each.name, each.settings) == (name, read.settings):
                return MovedItem("preset", path, "known", remarks, each.id, name)
        try:
            made = await self.choosing.new_preset(here.user, name, read.settings, id_)
        except TooManyError as error:
            return MovedItem("preset", path, "refused", (too_many(error),))
        return MovedItem("preset", path, "imported", remarks, made.id, name)

    def left_of(self, file: Wanted, taken: PresetTaken) -> tuple[Remark, ...]:
        told: list[Remark] = []
        if taken.read.left_out:
            listed = ", ".join(taken.read.left_out)
            told.append(remark("preset_left", f"Without a counterpart here: {listed}.", listed))
        if file.above.casefold() == OWN_PROMPTS and taken.prompts:
            line = f"{taken.prompts} prompts of it stay behind: a preset here has settings alone."
            told.append(remark("preset_prompts", line, taken.prompts))
        return tuple(told)


def too_many(error: TooManyError) -> Remark:
    line = f"You have {error.limit} of them, as many as this server allows."
    return remark("too_many_of_them", line, error.limit)


def too_long(limit: int) -> Remark:
    return remark("text", f"A text may have {limit} characters: shorten it.", limit)
