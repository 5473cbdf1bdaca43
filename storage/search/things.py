"""Things: what is found besides messages and titles, each with its text as it is now, in parts.

| kind | thing | parts |
| --- | --- | --- |
| summary | the message that it goes up to | 0 |
| choices | what they are about: a conversation, a character, or their user | 0 note, 1 and 2 instructions |
| persona, folder | itself | 0 |
| tags | the conversation | one for each tag |
| lorebook | itself | 0 the book, then one for each entry |
| character | itself, by its current version | 0 the card, then one for each entry of its own lorebook |
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.choices import Choices
from actors.messages.lore import BookSheet
from storage import tables
from storage.characters import COLUMNS, open_face
from storage.characters import SHEET as FACE
from storage.choices import CHOICE, OF_A_CHOICE, OF_A_PERSONA, PERSONA, open_persona
from storage.errors import DamagedRowError
from storage.filing import COLUMNS as FILING
from storage.filing import NAME as FOLDER_NAME
from storage.filing import TAGS as TAGS_COLUMN
from storage.filing import open_tags
from storage.lorebooks import SHEET as BOOK
from storage.sealing import NOWHERE, Place, Row, SealedColumn, Secrets
from storage.search import thing_index
from storage.summaries import BODY, open_summary
from storage.summaries import COLUMNS as SUMMARY
from storage.unit import Unit

log = logging.getLogger(__name__)

FIRST_KEYS = 3  # that stand for the name of an entry without one
THERE = {"removed_ms": 0}


class Part(NamedTuple):
    """A text that is found by itself: all words of a search stand in it."""

    title: str
    body: str = ""

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.body}"


class Thing(NamedTuple):
    """`parts` by their numbers. `conversation`: with which it is hidden and dropped. `shared`: all users find
    it. `named`: what it is called where it stands beside others."""

    parts: Mapping[int, Part]
    changed_ms: int
    conversation: UUID | None = None
    shared: bool = False
    named: str = ""
    portrait: str = ""


class EntryText(Struct, frozen=True):
    """What is found of an entry of a lorebook, by the names under which it is packed."""

    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    content: str = ""
    name: str = ""
    comment: str = ""


class BookText(Struct, frozen=True):
    name: str = ""
    description: str = ""
    entries: tuple[EntryText, ...] = ()


class CardText(Struct, frozen=True):
    """… and of a card, beside what its sheet has."""

    nickname: str = ""
    creator: str = ""
    creator_notes: str = ""
    creator_notes_multilingual: dict[str, str] = {}
    group_only_greetings: tuple[str, ...] = ()
    character_book: BookText | None = None


async def read_thing(unit: Unit, kind: str, user: UUID, thing: UUID) -> Thing | None:
    """None where it is gone, or was removed, or cannot be read: whoever opens it is told."""
    try:
        return await READERS[kind](unit, user, thing)
    except (DamagedRowError, msgspec.MsgspecError) as error:
        log.warning("a %s is not in the index of words: %s", kind, error)
        return None


async def one(
    unit: Unit, rows: Any, columns: Iterable[str], *sealed: SealedColumn
) -> tuple[Row, Secrets] | None:
    """The row, and what opens its columns."""
    found = await rows.using_db(unit.db).limit(1).values(*columns)
    if not found:
        return None
    return found[0], await unit.keys.secrets(unit.db, (found[0][column.columns[0]] for column in sealed))


async def summary(unit: Unit, user: UUID, thing: UUID) -> Thing | None:
    found = await one(unit, tables.Summary.filter(id=thing, user_id=user), SUMMARY, BODY)
    if found is None:
        return None
    made = open_summary(found[1], found[0])
    return Thing({0: Part("", made.text)}, made.created_ms, made.conversation)


async def choices(unit: Unit, user: UUID, thing: UUID) -> Thing | None:
    found = await one(unit, tables.Choice.filter(about=thing, user_id=user), CHOICE, OF_A_CHOICE)
    if found is None:
        return None
    row, secrets = found
    talks = tables.Conversation.filter(id=thing).using_db(unit.db)
    conversation = thing if await talks.exists() else None
    data = OF_A_CHOICE.open(secrets, Place(thing, user, conversation or NOWHERE), row)
    chosen = msgspec.msgpack.decode(data, type=Choices)
    note = chosen.note.text if chosen.note is not None else ""
    texts = (note, chosen.system_prompt or "", chosen.post_history_instructions or "")
    parts = {number: Part("", text) for number, text in enumerate(texts) if text.strip()}
    return Thing(parts, 0, conversation)


async def persona(unit: Unit, user: UUID, thing: UUID) -> Thing | None:
    rows = tables.Persona.filter(id=thing, user_id=user, **THERE)
    found = await one(unit, rows, PERSONA, OF_A_PERSONA)
    if found is None:
        return None
    one_of_them = open_persona(found[1], found[0])
    return Thing(
        {0: Part(one_of_them.name, one_of_them.description)},
        one_of_them.created_ms,
        portrait=one_of_them.thumb or one_of_them.portrait,
    )


async def folder(unit: Unit, user: UUID, thing: UUID) -> Thing | None:
    columns = ("id", "user_id", "created_ms", *FOLDER_NAME.columns)
    found = await one(unit, tables.Folder.filter(id=thing, user_id=user), columns, FOLDER_NAME)
    if found is None:
        return None
    row, secrets = found
    name = FOLDER_NAME.open(secrets, Place(row["id"], row["user_id"]), row).decode()
    return Thing({0: Part(name)}, row["created_ms"])


async def tags(unit: Unit, user: UUID, thing: UUID) -> Thing | None:
    rows = tables.Filing.filter(conversation_id=thing, user_id=user)
    found = await one(unit, rows, (*FILING, "conversation__updated_ms"), TAGS_COLUMN)
    if found is None:
        return None
    row, secrets = found
    parts = {number: Part(tag) for number, tag in enumerate(open_tags(secrets, row))}
    return Thing(parts, row["conversation__updated_ms"], thing)


async def lorebook(unit: Unit, user: UUID, thing: UUID) -> Thing | None:
    books = tables.Lorebook.filter(id=thing, user_id=user, **THERE)
    found = await one(unit, books, ("version", "changed_ms"))
    if found is None:
        return None
    changed_ms = found[0]["changed_ms"]
    versions = tables.LorebookVersion.filter(id=found[0]["version"])
    version = await one(unit, versions, ("id", "user_id", *BOOK.columns), BOOK)
    if version is None:
        return None
    row, secrets = version
    sheet = msgspec.msgpack.decode(BOOK.open(secrets, Place(row["id"], row["user_id"]), row), type=BookSheet)
    book = msgspec.msgpack.decode(sheet.packed, type=BookText)
    parts = {0: Part(sheet.name, book.description), **entries_of(book)}
    return Thing(parts, changed_ms, named=sheet.name)


def entries_of(book: BookText) -> dict[int, Part]:
    """From 1 on."""
    return {number: entry_part(entry) for number, entry in enumerate(book.entries, start=1)}


def entry_part(entry: EntryText) -> Part:
    title = entry.name.strip() or entry.comment.strip() or ", ".join(entry.keys[:FIRST_KEYS])
    comment = entry.comment if entry.comment.strip() != title else ""
    keys = ", ".join((*entry.keys, *entry.secondary_keys))
    return Part(title, lines((entry.content, keys, comment)))


async def character(unit: Unit, user: UUID, thing: UUID) -> Thing | None:
    owners = tables.CharacterOwner.filter(id=thing, user_id=user, **THERE)
    found = await one(unit, owners, ("current_version", "shared"))
    if found is None:
        return None
    owner, _ = found
    version = await one(unit, tables.CharacterVersion.filter(id=owner["current_version"]), COLUMNS, FACE)
    if version is None:
        return None
    row, secrets = version
    face = open_face(secrets, row)
    sheet = face.sheet
    card = msgspec.msgpack.decode(sheet.card, type=CardText) if sheet.card else CardText()
    body = lines(
        (
            *(card.nickname, face.tagline, ", ".join(face.tags), sheet.description, sheet.personality),
            *(sheet.scenario, sheet.first_mes, *sheet.alternate_greetings, *card.group_only_greetings),
            *(sheet.mes_example, card.creator_notes, *card.creator_notes_multilingual.values()),
            *(card.creator, sheet.system_prompt, sheet.post_history_instructions),
        )
    )
    return Thing(
        {0: Part(sheet.name, body), **entries_of(card.character_book or BookText())},
        row["created_ms"],
        shared=bool(owner["shared"]),
        named=sheet.name,
        portrait=row["thumb"] or row["portrait"],
    )


def lines(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text.strip())


READERS: Mapping[str, Callable[[Unit, UUID, UUID], Awaitable[Thing | None]]] = {
    thing_index.SUMMARY: summary,
    thing_index.CHOICES: choices,
    thing_index.PERSONA: persona,
    thing_index.FOLDER: folder,
    thing_index.TAGS: tags,
    thing_index.LOREBOOK: lorebook,
    thing_index.CHARACTER: character,
}
