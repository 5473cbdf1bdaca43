"""What is found besides messages: things (things.py), opened for the one who asks."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from actors.messages.filing import FindMatches, MatchedThing, ThingKind
from storage import tables
from storage.characters import COLUMNS as VERSION
from storage.characters import SHEET, open_face, secrets_of
from storage.conversations import COLUMNS, TITLE, USER_NAME, open_conversation
from storage.marks import hidden_in
from storage.search import thing_index
from storage.search.passage import marked, passage
from storage.search.query import Clause, found_in
from storage.search.terms import TEXT
from storage.search.thing_index import EVERYBODY, ThingPlace
from storage.search.things import Part, Thing, read_thing
from storage.unit import Unit, ids_in

LOOKED_AT = 500  # places
SHOWN = 5  # of a kind
SHOWN_OF_ONE = 50  # … where a conversation is asked for alone

CHOICES: tuple[ThingKind, ...] = ("note", "instructions", "instructions")  # by their parts
LAST = "-updated_ms"


class Opened(NamedTuple):
    place: ThingPlace
    thing: Thing
    part: Part


async def find_things(
    unit: Unit, query: FindMatches, clauses: Sequence[Clause]
) -> tuple[tuple[MatchedThing, ...], tuple[tuple[ThingKind, int], ...]]:
    """The things and the counts of Matches."""
    keys = unit.keys.term_key(query.user), unit.keys.term_key(EVERYBODY)
    places = await thing_index.find(unit.db, keys, query.user, clauses, LOOKED_AT, query.conversation)
    most = SHOWN_OF_ONE if query.conversation else SHOWN
    kinds: dict[ThingKind, dict[ThingPlace, ThingPlace]] = {}
    for place in places:
        kinds.setdefault(kind_of(place), {}).setdefault(where(place), place)
    things: list[MatchedThing] = []
    counts: list[tuple[ThingKind, int]] = []
    known: dict[ThingPlace, Thing | None] = {}
    for kind, found in kinds.items():
        shown: dict[object, MatchedThing] = {}
        for at, place in enumerate(found.values()):
            if len(shown) == most:
                counts.append((kind, most + len(found) - at))
                break
            opened = await open_place(unit, query.user, place, known)
            matched = None if opened is None else await matched_thing(unit, query.user, kind, clauses, opened)
            if matched is not None:
                name = "".join(matched.title).casefold() if kind == "tag" else (matched.id, matched.place)
                shown.setdefault(name, matched)
        things += shown.values()
    return tuple(things), tuple(counts)


def kind_of(place: ThingPlace) -> ThingKind:
    match place.kind:
        case thing_index.SUMMARY:
            return "summary"
        case thing_index.CHOICES:
            return CHOICES[place.part]
        case thing_index.PERSONA:
            return "persona"
        case thing_index.FOLDER:
            return "folder"
        case thing_index.TAGS:
            return "tag"
        case thing_index.LOREBOOK:
            return "entry" if place.part else "lorebook"
        case _:
            return "character"


def where(place: ThingPlace) -> ThingPlace:
    """Parts that are shown in one place are found once."""
    return place._replace(part=0) if place.kind in {thing_index.CHARACTER, thing_index.CHOICES} else place


async def open_place(
    unit: Unit, user: UUID, place: ThingPlace, known: dict[ThingPlace, Thing | None]
) -> Opened | None:
    """None where it is not to be seen any more."""
    whole = place._replace(part=0)
    if whole not in known:
        known[whole] = await read_thing(unit, place.kind, place.user, place.thing)
    thing = known[whole]
    if thing is None or place.part not in thing.parts or (place.user != user and not thing.shared):
        return None
    if place.kind == thing_index.SUMMARY and thing.conversation is not None:
        talks = tables.Conversation.filter(id=thing.conversation, summarise=True).using_db(unit.db)
        if place.thing in await hidden_in(unit.db, {thing.conversation}) or not await talks.exists():
            return None
    return Opened(place, thing, thing.parts[place.part])


async def matched_thing(
    unit: Unit, user: UUID, kind: ThingKind, clauses: Sequence[Clause], opened: Opened
) -> MatchedThing | None:
    """None where the index has taken a word for another."""
    place, thing, part = opened
    spans = await asyncio.to_thread(found_in, clauses, part.text[:TEXT])
    if spans is None:
        return None
    before = len(part.title)
    behind = [(start - before - 1, end - before - 1) for start, end in spans if start > before]
    found = MatchedThing(
        kind,
        place.thing,
        marked(part.title, [span for span in spans if span[1] <= before]),
        passage(part.body, behind) if part.body else (),
        conversation=thing.conversation,
        portrait=thing.portrait,
    )
    match kind:
        case "entry":
            return replace(found, place=place.part - 1, beside=thing.named)
        case "character":
            return replace(found, title=found.title if place.part == 0 else (thing.named,))
        case "tag":
            return found
        case "folder":
            return replace(found, conversation=await last_in(unit, user, place.thing))
        case "note" | "instructions" if thing.conversation is None:
            return await chosen_farther(unit, user, found)
        case _:
            beside = await title_of(unit, thing.conversation) if thing.conversation else ""
            return replace(found, beside=beside)


async def title_of(unit: Unit, conversation: UUID) -> str:
    rows = await tables.Conversation.filter(id=conversation).using_db(unit.db).values(*COLUMNS)
    secrets = await secrets_of(unit, rows, TITLE, USER_NAME)
    return open_conversation(secrets, rows[0]).title if rows else ""


async def last_in(unit: Unit, user: UUID, folder: UUID) -> UUID | None:
    """Its conversation that was used last."""
    filed = tables.Filing.filter(user_id=user, folder=folder, removed_ms=0, archived_ms=0).using_db(unit.db)
    last = await ids_in(filed.order_by("-conversation__updated_ms").limit(1), "conversation_id")
    return last[0] if last else None


async def chosen_farther(unit: Unit, user: UUID, found: MatchedThing) -> MatchedThing:
    """What is chosen for a character, or for everything, is shown in the conversation for which it counts
    that was used last.
    """
    mine = tables.Conversation.filter(user_id=user).using_db(unit.db)
    removed = await ids_in(
        tables.Filing.filter(user_id=user, removed_ms__gt=0).using_db(unit.db), "conversation_id"
    )
    mine = mine.filter(id__not_in=removed) if removed else mine
    beside = ""
    if found.id != user:
        versions = tables.CharacterVersion.filter(character_id=found.id).using_db(unit.db)
        rows = await versions.order_by("-created_ms", "-id").values(*VERSION)
        if not rows:
            return found
        beside = open_face(await secrets_of(unit, rows[:1], SHEET), rows[0]).sheet.name
        mine = mine.filter(character_version_id__in=[row["id"] for row in rows])
    last = await ids_in(mine.order_by(LAST).limit(1), "id")
    return replace(found, conversation=last[0] if last else None, beside=beside)
