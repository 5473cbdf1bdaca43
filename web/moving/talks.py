"""Talks: the chats of a SillyTavern folder become conversations, those of groups with all who speak in them.

A conversation's id comes from its file, so that the same file is the same conversation. One that was cut off
while it was written is written anew; one that its user removed comes back.
"""

import hashlib
import re
from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from actors.character.formats.limits import CardLimits
from actors.conversation.formats.chat import Chat, ReadChat, UnreadableChatError, path_of
from actors.conversation.formats.chat_rows import TITLE, ChatRows, Speaker, one_line, rows_of
from actors.messages.archive import Write
from actors.messages.choices import AuthorsNote, Choices
from actors.messages.choosing import SetChoices
from actors.messages.conversations import DropConversation
from actors.messages.filing import RemoveConversation
from actors.messages.group import Group
from actors.messages.lorebooks import AttachLorebook
from actors.messages.remarks import Remark, remark
from actors.settings import SessionSettings
from web.accounts import spoken_name
from web.chats.importing import ChatImports
from web.files.readers import why_of
from web.files.work import GroupTaken, ReadGroupFile
from web.library.content_ids import content_id
from web.moving.folder import Wanted, shown
from web.moving.group_file import GroupFound, chat_owner, group_of_found
from web.moving.here import CardHere, GroupHere, Here, key_of
from web.moving.loose_json import Fields, text_in
from web.moving.settings_file import note_of
from web.moving.things import Things
from web.protocol.moving import MovedItem, MovedThing
from web.records import ConflictError, Records
from web.refusal import RefusedError
from web.unfit_choices import check_choices

DATED = re.compile(r".*\d{4}-\d{1,2}-\d{1,2}", re.ASCII)
"""What SillyTavern calls a chat that its user gave no name: who it is with, and when it began."""


class Talks:
    """`session` bounds groups, `json_bytes` the file of one."""

    def __init__(
        self,
        records: Records,
        chats: ChatImports,
        things: Things,
        session: SessionSettings,
        limits: CardLimits,
        json_bytes: int,
    ) -> None:
        self.records = records
        self.chats = chats
        self.things = things
        self.session = session
        self.limits = limits
        self.json_bytes = json_bytes

    # -- chats with one character -------------------------------------------------------------

    async def chat(self, here: Here, file: Wanted, data: bytes) -> MovedItem:
        """Raises BusyError, StorageTroubleError."""
        name = shown(file.path)
        try:
            read = await self.chats.read(data, here.user)
        except UnreadableChatError as error:
            return MovedItem("chat", name, "refused", (error.remark,))
        told: tuple[Remark, ...] = ()
        alone = file.path.count("/") < 2  # not in the folder of a character
        folder = read.chat.character_name if alone else file.above
        card = here.cards.get(folder.casefold()) or await self.card_named(here, read.chat, folder)
        if card is None:
            called = read.chat.character_name or folder
            stood_in = await self.things.stand_in(here, called)
            if isinstance(stood_in, Remark):
                return MovedItem("chat", name, "refused", (stood_in,))
            card = here.cards[folder.casefold()] = stood_in
            line = f'There is no card of "{shown(called)}": a character with an empty one answers.'
            told = (remark("no_card", line, shown(called)),)
        rows = self.rows(here, file, read, card, content(here, "chat", folder, data))
        return await self.keep(here, "chat", name, read, rows, card.character, dict(read.about), told)

    async def card_named(self, here: Here, chat: Chat, folder: str) -> CardHere | None:
        """A character of that name that the user has already."""
        named = replace(chat, character_name=chat.character_name or folder)
        version = await self.chats.character_of(named, here.user)
        return await self.things.card_here(here, version, False) if version is not None else None

    def rows(
        self,
        here: Here,
        file: Wanted,
        read: ReadChat,
        card: CardHere,
        id_: UUID,
        speakers: Sequence[Speaker] = (),
        title: str = "",
    ) -> ChatRows:
        chat = replace(read.chat, character_name=read.chat.character_name or card.member.name)
        rows = rows_of(
            chat,
            here.user,
            card.version,
            self.chats.world.new_id,
            self.chats.world.utc_ms(),
            user_name=spoken_name(here.account),
            speakers=speakers,
            conversation=id_,
        )
        own = chat.title or title or own_title(file.stem, chat.character_name, card.member.name)
        if not own:
            return rows
        titled = replace(rows.conversation, title=one_line(own)[:TITLE], titled_by="person")
        return replace(rows, conversation=titled)

    # -- chats of groups ----------------------------------------------------------------------

    async def group(self, here: Here, file: Wanted, data: bytes) -> list[MovedItem]:
        """A group comes in with its chats; one without any as a conversation in which nothing is said yet."""
        name = shown(file.path)
        work = ReadGroupFile(data, file.stem, self.limits, self.json_bytes)
        answer = await self.chats.readers.read(work, here.user)
        if not isinstance(answer, GroupTaken):
            return [MovedItem("group", name, "refused", (why_of(answer),))]
        found = answer.found
        if any(chat in here.chats for chat in found.chats):
            here.groups[file.stem.casefold()] = GroupHere(name, found)
            return []
        empty = ReadChat(Chat(found.name, "", found.name, "", 0, -1, ()))
        return [await self.keep_group(here, "group", file, found, empty, data, {})]

    async def group_chat(self, here: Here, file: Wanted, data: bytes) -> MovedItem:
        """Raises BusyError, StorageTroubleError."""
        owner = chat_owner({name: each.found for name, each in here.groups.items()}, file.stem)
        known = here.groups[owner] if owner is not None else None
        try:
            read = await self.chats.read(data, here.user)
        except UnreadableChatError as error:
            item = MovedItem("group_chat", shown(file.path), "refused", (error.remark,))
        else:
            found = known.found if known is not None else orphaned(file, read)
            about = {**found.about.get(file.stem, {}), **read.about}
            item = await self.keep_group(here, "group_chat", file, found, read, data, about)
        if known is not None:
            known.items.append(item)
        return item

    async def keep_group(
        self,
        here: Here,
        kind: MovedThing,
        file: Wanted,
        found: GroupFound,
        read: ReadChat,
        data: bytes,
        about: Fields,
    ) -> MovedItem:
        name, told = shown(file.path), list[Remark]()
        cast: list[tuple[str, CardHere]] = []
        for member in found.members:
            card = here.cards.get(key_of(member))
            if card is None and len(cast) < self.session.group_members:
                stood_in = await self.things.stand_in(here, member.rpartition(".")[0] or member)
                if isinstance(stood_in, Remark):
                    return MovedItem(kind, name, "refused", (stood_in,))
                card = here.cards[key_of(member)] = stood_in
                line = f'There is no card of "{shown(member)}": a character with an empty one answers.'
                told.append(remark("no_card", line, shown(member)))
            if card is not None:
                cast.append((member, card))
        if not cast:
            why = remark("group_empty", "Nobody is in the group.")
            return MovedItem(kind, name, "refused", (why,))
        heard = speakers_of(here, read, [card for _, card in cast])
        group = group_of_found(
            found,
            [(file, card.member) for file, card in cast],
            [card.member for card in heard],
            self.session,
        )
        if sum(member.left for member in group.members) and len(cast) > self.session.group_members:
            most = self.session.group_members
            told.append(remark("group_full", f"A group has at most {most} characters: others left it.", most))
        speakers = [Speaker(card.version, card.member.name) for card in heard]
        # Read as the group's talk: whoever it begins with gives it no name.
        chat = replace(read, chat=replace(read.chat, character_name=found.name))
        id_ = content(here, kind, found.name, data)
        rows = self.rows(here, file, chat, cast[0][1], id_, speakers, found.name)
        first = cast[0][1].character
        return await self.keep(here, kind, name, read, in_group(rows, group), first, about, tuple(told))

    # -- what both have in common -------------------------------------------------------------

    async def keep(
        self,
        here: Here,
        kind: MovedThing,
        name: str,
        read: ReadChat,
        rows: ChatRows,
        character: UUID,
        about: Fields,
        told: tuple[Remark, ...],
    ) -> MovedItem:
        conversation = rows.conversation
        more, noted = await self.choices(here, rows, about)
        item = MovedItem(
            kind=kind,
            name=name,
            status="imported",
            remarks=(*told, *read.warnings, *noted),
            id=conversation.id,
            title=conversation.title,
            messages=len(path_of(read.chat)),
            versions=len(read.chat.messages),
        )
        known = await self.records.conversation(conversation.id)
        if known is not None and known.head == known.root and rows.messages:
            removed = await self.records.conversations(here.user, removed=True)
            if any(row.id == conversation.id for row in removed):  # it was cut off while it came in
                await self.records.commit(DropConversation(conversation.id))
                known = None
        if known is not None and conversation.id in here.removed:
            await self.records.commit(RemoveConversation(conversation.id, 0))
            here.removed.discard(conversation.id)
            back = remark("chat_back", "You removed this conversation: it is back.")
            return replace(item, remarks=(back,), title=known.title)
        if known is not None:
            return replace(item, status="known", remarks=(), title=known.title)
        began = read.chat.created_ms
        if began and (character, began) in here.older:
            line = "One that began at the same moment was here: this is another state or branch of it."
            item = replace(item, remarks=(*item.remarks, remark("older_state", line)))
        try:
            await self.chats.write(rows, *more)
        except ConflictError as error:
            why = remark("not_stored", f"It cannot be stored: {error}")
            return replace(item, status="refused", remarks=(why,), id=None)
        return item

    async def choices(
        self, here: Here, rows: ChatRows, about: Fields
    ) -> tuple[list[Write], tuple[Remark, ...]]:
        """The author's note, the persona and the lorebook of the chat."""
        conversation, told = rows.conversation.id, list[Remark]()
        chosen, writes = Choices(), list[Write]()
        persona = here.personas.get(text_in(about, "persona").casefold())
        if persona is not None:
            chosen = replace(chosen, persona=persona)
        note = note_of(about)
        if note is not None:
            with_note = replace(chosen, note=AuthorsNote(note.text, note.depth, note.role, note.every))
            try:
                check_choices(with_note)
            except RefusedError:
                told.append(
                    remark("note_left", "The author's note is too long, or stands too far: it stays.")
                )
            else:
                chosen = with_note
        if chosen != Choices():
            writes.append(SetChoices(here.user, "conversation", conversation, chosen))
        world = text_in(about, "world_info")
        book = here.books.get(world.casefold())
        if world and book is None:
            line = f'Its lorebook "{shown(world)}" is not in the folder.'
            told.append(remark("lore_missing", line, shown(world)))
        elif book is not None:
            writes.append(AttachLorebook(book.book, here.user, "conversation", conversation, attached=True))
        return writes, tuple(told)


def content(here: Here, kind: str, whose: str, data: bytes) -> UUID:
    """The same for the same file of the same character or group, and the same user."""
    parts = (here.user.bytes, kind.encode(), whose.casefold().encode("utf-8", "replace"), data)
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
    return content_id("conversation", digest)


def own_title(stem: str, *names: str) -> str:
    """The name that the user gave the file of a chat, "" where the program named it."""
    if any(name and stem.startswith(name) and DATED.match(stem[len(name) :]) for name in names):
        return ""
    return stem


def in_group(rows: ChatRows, group: Group) -> ChatRows:
    return replace(rows, conversation=replace(rows.conversation, group=group))


def orphaned(file: Wanted, read: ReadChat) -> GroupFound:
    """The group of a chat whose own file is gone: whoever speaks in the chat."""
    cards = tuple(dict.fromkeys(card for card in read.cards if card))
    names = (f"{one.name}." for one in read.chat.messages if one.role == "assistant" and one.name)
    return GroupFound(file.stem, cards or tuple(dict.fromkeys(names)), frozenset(), 0, False, (), {})


def speakers_of(here: Here, read: ReadChat, cast: Sequence[CardHere]) -> list[CardHere]:
    """For each message: by the card that it names, else by the name; whoever is nobody's speaks as the first,
    under their own name."""
    by_name = {card.member.name.casefold(): card for card in reversed(cast)}
    cards = read.cards or ("",) * len(read.chat.messages)
    heard: list[CardHere] = []
    for message, card in zip(read.chat.messages, cards, strict=True):
        found = here.cards.get(key_of(card)) if card and message.role == "assistant" else None
        heard.append(found or by_name.get(message.name.casefold(), cast[0]))
    return heard
