"""Sealed rows: the files hold no text, and whoever may write to the database can alter nothing unseen."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from actors.messages.archive import Load, Query, QueryFailed, RunQuery, WritesDone
from actors.messages.choices import AuthorsNote, Choices, Persona, Preset, ReplySettings
from actors.messages.choosing import PutPersona, PutPreset, SetChoices
from actors.messages.conversations import AddConversation, AddMessage, FindConversations, RenameConversation
from actors.messages.generation import Sampling
from actors.messages.group import Group, Member
from actors.messages.library import FindCharacters
from actors.messages.replies import AddGeneration, AppendChunk, EndGeneration
from storage.sealing import DataKey, Place, SealedColumn, chunk_place
from tests.storage.node import Node
from tests.storage.store import (
    ACCOUNT,
    CARD,
    CHAT,
    CONVERSATION,
    FIRST,
    GENERATION,
    HELLO,
    LEASE,
    SHEET,
    USER,
    VERSION,
    Store,
    begin_reply,
    generation,
    reply,
    said,
    uid,
)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def edit(node: Node, *statements: str) -> None:
    """What somebody with the file in hand might do."""
    with closing(sqlite3.connect(node.file)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement


# -- at rest ------------------------------------------------------------------------------------


def test_no_text_of_people_or_models_lies_in_the_files(node: Node) -> None:
    canary = "Kanarienvogel"

    async def scenario(store: Store) -> None:
        group = Group((Member(VERSION, canary, f"{canary} nickname"),))
        row = replace(CONVERSATION, title=f"{canary} title", user_name=f"{canary} name", group=group)
        sheet = replace(SHEET, name=canary, description=canary, system_prompt=canary, first_mes=canary)
        card = replace(CARD, sheet=sheet, card=canary.encode(), tagline=canary, tags=(canary,))
        await store.put(
            ACCOUNT, card, AddConversation(row), replace(FIRST, message=said(30, row.root, body=canary))
        )
        await store.put(
            AddGeneration(
                generation(continues=canary, sampling=Sampling(stop=(canary,)), continues_thoughts=canary)
            ),
            PutPersona(Persona(uid(60), canary, canary), USER),
            PutPreset(Preset(uid(61), canary, ReplySettings(stop=(canary,))), USER),
            SetChoices(USER, "conversation", CHAT, Choices(note=AuthorsNote(canary), system_prompt=canary)),
            SetChoices(USER, "all", USER, Choices(post_history_instructions=canary)),
            LEASE,
            AppendChunk(GENERATION, 1, 0, (1, 2), f"{canary} says", f"{canary} thinks"),
        )
        look(node, canary)  # while the write-ahead log is full
        made = reply(f"{canary} says hello", thoughts=f"{canary} thinks so")
        await store.put(EndGeneration(GENERATION, "done", "stop", made))
        await store.put(RenameConversation(CHAT, f"{canary} renamed"))
        assert (await store.session(CHAT)).messages[-1].body == f"{canary} says hello"
        look(node, canary)

    node.using(scenario)
    look(node, canary)


def look(node: Node, canary: str) -> None:
    files = [path for path in node.folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("samovar.db") for path in files)
    for path in files:
        assert canary.encode() not in path.read_bytes(), path


# -- tampering ----------------------------------------------------------------------------------

LOAD = Load("session", CHAT.hex, "session/x")


def blob_of(message: UUID) -> str:
    return f"(SELECT body_blob FROM message WHERE id = x'{message.hex}')"


SECOND_CHUNK = "FROM generation_chunk WHERE first_seq = 2"

KEY_OF = "(SELECT title_key_id FROM conversation WHERE id = x'{}')"

TAMPERING: dict[str, tuple[Query | Load, str]] = {
    "another message's body": (
        LOAD,
        f"UPDATE message SET body_blob = {blob_of(uid(50))} WHERE id = x'{HELLO.hex}'",
    ),
    "the message in another conversation": (
        Load("session", uid(25).hex, "session/x"),
        f"UPDATE message SET conversation_id = x'{uid(25).hex}', sibling = 7 WHERE id = x'{HELLO.hex}'",
    ),
    "another user's message": (
        LOAD,
        f"UPDATE message SET user_id = x'{uid(9).hex}' WHERE id = x'{HELLO.hex}'",
    ),
    "a bit of a body": (
        LOAD,
        "UPDATE message SET body_blob = CAST(substr(body_blob, 1, length(body_blob) - 1) || x'00' AS BLOB)",
    ),
    "a body cut off": (LOAD, "UPDATE message SET body_blob = substr(body_blob, 1, 20)"),
    "another suite": (LOAD, "UPDATE message SET body_suite = 2"),
    "the name as the title": (LOAD, "UPDATE conversation SET title_blob = user_name_blob"),
    "another conversation's data key": (
        LOAD,
        f"UPDATE message SET body_key_id = {KEY_OF.format(uid(25).hex)} WHERE id = x'{HELLO.hex}'",
    ),
    "a lost data key": (LOAD, f"DELETE FROM wrapped_key WHERE data_key_id = {KEY_OF.format(CHAT.hex)}"),
    "a data key wrapped for another conversation": (
        LOAD,
        f"UPDATE data_key SET conversation_id = x'{uid(25).hex}' WHERE conversation_id = x'{CHAT.hex}'",
    ),
    "a missing chunk": (LOAD, "DELETE FROM generation_chunk WHERE first_seq = 0"),
    "a moved chunk": (LOAD, "UPDATE generation_chunk SET attempt = 2 WHERE first_seq = 2"),
    "a stretched chunk": (LOAD, "UPDATE generation_chunk SET count = 3 WHERE first_seq = 2"),
    "another chunk's tokens": (
        LOAD,
        f"UPDATE generation_chunk SET body_blob = (SELECT body_blob {SECOND_CHUNK}) WHERE first_seq = 0",
    ),
    "the card as the sheet": (FindCharacters(None), "UPDATE character_version SET sheet_blob = card_blob"),
    "the last line of the list": (
        FindConversations(USER),
        f"UPDATE message SET body_blob = {blob_of(HELLO)} WHERE id = x'{uid(50).hex}'",
    ),
}


async def fill(store: Store) -> None:
    await begin_reply(store)
    await store.put(
        AddMessage(said(50, HELLO, body="Other.")),
        AppendChunk(GENERATION, 1, 0, (1, 2), "ab"),
        AppendChunk(GENERATION, 1, 2, (3, 4), "cd"),
        AddConversation(replace(CONVERSATION, id=uid(25), root=uid(26), head=uid(26))),
    )


@pytest.mark.parametrize("what", TAMPERING)
def test_what_was_altered_in_the_database_does_not_open(node: Node, what: str) -> None:
    query, statement = TAMPERING[what]
    node.using(fill)
    edit(node, statement)

    async def ask(store: Store) -> str:
        answer = await store.send(lambda number: RunQuery(number, query))
        assert isinstance(answer, QueryFailed), answer
        return answer.why

    why = node.using(ask)
    assert "Restore a backup." in why
    assert "\n" not in why


def test_a_damaged_chunk_does_not_go_into_a_message(node: Node) -> None:
    node.using(fill)
    edit(node, TAMPERING["another chunk's tokens"][1])

    async def end(store: Store) -> None:
        why = await store.refused(EndGeneration(GENERATION, "done", "stop", reply("abcd", sibling=1)))
        assert "generation_chunk.body" in why
        answer = await store.write(EndGeneration(GENERATION, "failed", "failed", None, why=why))
        assert isinstance(answer, WritesDone)  # … but the reply can be given up

    node.using(end)


# -- the format ---------------------------------------------------------------------------------


def test_the_associated_data_stay_as_they_are() -> None:
    column = SealedColumn("message", "body")
    place = chunk_place(uid(1), uid(2), uid(3), attempt=4, first_seq=5, count=6)
    ids = "".join(f"01900000000070008000{n:012x}" for n in (1, 2, 3, 7))
    assert column.bound(uid(7), place).hex() == (
        "01" + "07" + b"message".hex() + "04" + b"body".hex() + ids + "00000004" + "00000005" + "00000006"
    )
    assert column.bound(uid(7), Place(uid(1), uid(2))).hex() == (
        "01076d65737361676504626f6479" + ids[:64] + "00" * 16 + ids[96:]
    )


def test_no_two_places_share_their_associated_data() -> None:
    places: list[Callable[[], bytes]] = [
        lambda: SealedColumn("ab", "c").bound(uid(1), Place(uid(2), uid(3))),
        lambda: SealedColumn("a", "bc").bound(uid(1), Place(uid(2), uid(3))),
        lambda: SealedColumn("ab", "c").bound(uid(2), Place(uid(1), uid(3))),
        lambda: SealedColumn("ab", "c").bound(uid(1), Place(uid(3), uid(2))),
        lambda: SealedColumn("ab", "c").bound(uid(1), Place(uid(2), uid(3), uid(4))),
        lambda: SealedColumn("ab", "c").bound(uid(1), chunk_place(uid(2), uid(3), uid(4), 1, 2, 3)),
        lambda: SealedColumn("ab", "c").bound(uid(1), chunk_place(uid(2), uid(3), uid(4), 1, 3, 2)),
    ]
    assert len({place() for place in places}) == len(places)


def test_a_column_gives_its_key_its_suite_and_its_blob() -> None:
    key, column, place = DataKey(uid(7), b"k" * 32), SealedColumn("message", "body"), Place(uid(1), uid(2))
    row = column.seal(key, place, b"tea")
    assert list(row) == ["body_key_id", "body_suite", "body_blob"]
    assert (row["body_key_id"], row["body_suite"], row["body_blob"][0]) == (uid(7), 1, 1)
    assert column.open({key.id: key.secret}, place, row) == b"tea"
