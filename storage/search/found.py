"""What is found: conversations with passages of their messages, opened for the one who asks."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from actors.messages.filing import FindMatches, Match, MatchedConversation, Matches
from actors.messages.seen import seen
from storage import tables
from storage.characters import SHEET, open_face, secrets_of, versions
from storage.conversations import COLUMNS, TITLE, USER_NAME, open_conversation
from storage.marks import hidden_in, revised_words
from storage.messages import BODY, message_rows, open_body
from storage.sealing import Row
from storage.search import index, thing_index
from storage.search.found_things import find_things
from storage.search.passage import marked, passage
from storage.search.query import Clause, clauses_of, found_in
from storage.unit import Unit, ids_in

LOOKED_AT = 1_000  # places
CONVERSATIONS = 20  # that are shown
SHOWN = 3  # messages of each of them
SHOWN_OF_ONE = 50  # … where it is asked for alone


class Opened(NamedTuple):
    """Where a clause stands in a text that was opened."""

    text: str
    spans: list[tuple[int, int]]


async def find_matches(unit: Unit, query: FindMatches) -> Matches:
    clauses = clauses_of(query.text)
    waiting = await index.count_waiting(unit.db, query.user)
    waiting += await thing_index.count_waiting(unit.db, query.user)
    if all(clause.excluded for clause in clauses):
        return Matches((), 0, more=False, waiting=waiting)
    key = unit.keys.term_key(query.user)
    places = await index.find(unit.db, key, query.user, clauses, LOOKED_AT, query.conversation)
    hidden = await hidden_in(unit.db, {place.conversation for place in places})
    more = len(places) == LOOKED_AT
    places = [place for place in places if place.message not in hidden]
    groups: dict[UUID, list[index.Place]] = {}
    for place in places:
        groups.setdefault(place.conversation, []).append(place)
    most = SHOWN_OF_ONE if query.conversation else SHOWN
    shown = dict(list(groups.items())[:CONVERSATIONS])
    opened = await open_messages(unit, clauses, shown, most)
    rows = {row["id"]: row for row in await conversations(unit, list(shown))}
    archived = await archived_of(unit, list(shown))
    found = await matched(unit, clauses, shown, rows, opened, archived)
    messages = sum(place.message != place.conversation for place in places)
    things, counts = await find_things(unit, query, clauses)
    return Matches(tuple(found), messages, more, waiting, things, counts)


async def conversations(unit: Unit, ids: list[UUID]) -> Sequence[Row]:
    return await tables.Conversation.filter(id__in=ids).using_db(unit.db).values(*COLUMNS)


async def archived_of(unit: Unit, ids: list[UUID]) -> set[UUID]:
    archived = tables.Filing.filter(conversation_id__in=ids, archived_ms__gt=0).using_db(unit.db)
    return set(await ids_in(archived, "conversation_id"))


async def open_messages(
    unit: Unit, clauses: Sequence[Clause], groups: Mapping[UUID, list[index.Place]], most: int
) -> dict[UUID, Match]:
    """The newest of each group, without those that the index took for others."""
    wanted: set[UUID] = set()
    for conversation, places in groups.items():
        said = [place.message for place in places if place.message != conversation]
        wanted.update(said[:most])
    rows = await message_rows(unit.db, id__in=wanted)
    speakers = {row["character_version_id"] for row in rows if row["role"] == "assistant"}
    characters = await versions(unit.db, speakers)
    secrets = {**await secrets_of(unit, rows, BODY), **await secrets_of(unit, characters, SHEET)}
    names = {row["id"]: open_face(secrets, row).sheet.name for row in characters}
    revised = await revised_words(unit, wanted)
    opened: dict[UUID, Match] = {}
    for row in rows:
        body = open_body(secrets, row)
        text = seen(revised.get(row["id"]) or body.text)
        spans = found_in(clauses, text)
        if spans is not None:
            character = names[row["character_version_id"]] if row["role"] == "assistant" else ""
            opened[row["id"]] = Match(
                row["id"], row["role"], row["created_ms"], passage(text, spans), body.name or character
            )
    return opened


async def matched(
    unit: Unit,
    clauses: Sequence[Clause],
    groups: Mapping[UUID, list[index.Place]],
    rows: Mapping[UUID, Row],
    opened: Mapping[UUID, Match],
    archived: set[UUID],
) -> list[MatchedConversation]:
    characters = await versions(unit.db, {row["character_version_id"] for row in rows.values()})
    secrets = {
        **await secrets_of(unit, rows.values(), TITLE, USER_NAME),
        **await secrets_of(unit, characters, SHEET),
    }
    faces = {row["id"]: (open_face(secrets, row), row["thumb"] or row["portrait"]) for row in characters}
    found: list[MatchedConversation] = []
    for id_, places in groups.items():
        conversation = open_conversation(secrets, rows[id_])
        matches = tuple(opened[place.message] for place in places if place.message in opened)
        spans = found_in(clauses, conversation.title)
        if not matches and spans is None:
            continue
        face, portrait = faces[conversation.character_version]
        found.append(
            MatchedConversation(
                id=id_,
                title=marked(conversation.title, spans or []),
                character_name=face.sheet.name,
                portrait=portrait,
                updated_ms=rows[id_]["updated_ms"],
                archived=id_ in archived,
                count=sum(place.message != id_ for place in places),
                matches=matches,
            )
        )
    return found
