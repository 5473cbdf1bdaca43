"""The journal of chunks: what it keeps through a kill and a refusal, and that it stays short."""

import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.messages.archive import Load, QueryFailed, RunQuery, WritesDone
from actors.messages.conversations import DropConversation, MoveHead
from actors.messages.replies import AddGeneration, AppendChunk, EndGeneration, LeaseGeneration
from storage.journal import DELETED_AT_ONCE
from tests.storage.node import Node
from tests.storage.store import BOOT, CHAT, GENERATION, LEASE, Store, begin_reply, generation, reply, uid

OTHER = uid(70)
LIMIT = 4


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "node")


def chunk(seq: int, *ids: int, attempt: int = 1) -> AppendChunk:
    return AppendChunk(GENERATION, attempt, seq, ids, "".join(f"{one} " for one in ids))


def killed(node: Node, scenario: Callable[[Store], Awaitable[Any]]) -> Node:
    """The node as it is found after a kill at the end of the scenario."""
    left = Node(node.folder.parent / "left")
    left.settings = node.settings

    async def scenario_and_copy(store: Store) -> None:
        await scenario(store)
        shutil.copytree(node.folder, left.folder)

    node.using(scenario_and_copy)
    return left


def ask(node: Node, question: str) -> Any:
    with closing(sqlite3.connect(node.file)) as connection, connection:
        return connection.execute(question).fetchone()


def alter(node: Node, statement: str) -> None:
    with closing(sqlite3.connect(node.file)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


async def two_chunks(store: Store) -> None:
    await begin_reply(store)
    await store.put(chunk(0, 5, 6))
    await store.put(chunk(2, 7))


async def why_not(store: Store) -> str:
    answer = await store.send(lambda number: RunQuery(number, Load("session", CHAT.hex, "session/x")))
    assert isinstance(answer, QueryFailed), answer
    return answer.why


def test_after_a_kill_a_reply_goes_on_behind_what_the_journal_has(node: Node) -> None:
    left = killed(node, two_chunks)
    assert ask(left, "SELECT count(*) FROM generation_chunk") == (0,)

    async def go_on(store: Store) -> None:
        state = await store.session(CHAT)
        assert (state.committed, state.committed_text) == ((5, 6, 7), "5 6 7 ")
        await store.refused(chunk(2, 8))
        await store.put(chunk(3, 8))
        await store.put(replace(LEASE, attempt=2), chunk(4, 9, attempt=2))
        assert (await store.session(CHAT)).committed == (5, 6, 7, 8, 9)

    left.using(go_on)
    left.using(lambda store: store.put(EndGeneration(GENERATION, "done", "stop", reply("5 6 7 8 9 "))))


def test_an_orderly_end_leaves_the_journal_empty(node: Node) -> None:
    node.using(two_chunks)
    assert ask(node, "SELECT count(*) FROM chunk_journal") == (0,)
    assert ask(node, "SELECT count(*), sum(count) FROM generation_chunk") == (2, 3)


def test_the_journal_stays_short_however_long_a_reply_is(node: Node) -> None:
    node.settings = replace(node.settings, journal_rows=LIMIT)
    count = 3 * DELETED_AT_ONCE

    async def write(store: Store) -> None:
        await begin_reply(store)
        for seq in range(count):
            await store.put(chunk(seq, seq))
            if seq in {1, LIMIT + 1, count - 1}:  # in the journal alone, after the first move, at the end
                assert (await store.session(CHAT)).committed == tuple(range(seq + 1))

    left = killed(node, write)
    (rows,) = ask(left, "SELECT count(*) FROM chunk_journal")
    assert rows <= LIMIT + DELETED_AT_ONCE + 1
    (moved,) = ask(left, "SELECT sum(count) FROM generation_chunk")
    assert count - LIMIT - 1 <= moved < count

    async def look(store: Store) -> None:
        assert (await store.session(CHAT)).committed == tuple(range(count))
        await store.put(chunk(count, count))

    left.using(look)


def test_what_has_ended_counts_no_more_when_the_journal_is_read_again(node: Node) -> None:
    async def end(store: Store) -> None:
        await two_chunks(store)
        await store.put(EndGeneration(GENERATION, "done", "stop", reply("5 6 7 ")))
        other = generation(70, request_key=uid(71), message=uid(72))
        await store.put(AddGeneration(other), LeaseGeneration(OTHER, 1, "box", BOOT))
        await store.put(AppendChunk(OTHER, 1, 0, (1,), "a"))

    async def look(store: Store) -> None:
        state = await store.session(CHAT)
        assert state.live is not None
        assert (state.live.id, state.committed) == (OTHER, (1,))
        await store.put(AppendChunk(OTHER, 1, 1, (2,), "b"))

    left = killed(node, end)
    left.using(look)
    assert ask(left, "SELECT count(*) FROM chunk_journal") == (0,)


def test_a_unit_that_is_undone_takes_its_chunks_along(node: Node) -> None:
    async def scenario(store: Store) -> None:
        await two_chunks(store)
        await store.refused(chunk(3, 8), MoveHead(CHAT, uid(99)))
        await store.refused(chunk(4, 9))
        await store.refused(
            EndGeneration(GENERATION, "done", "stop", reply("5 6 7 ")), MoveHead(CHAT, uid(99))
        )
        assert (await store.session(CHAT)).committed == (5, 6, 7)
        await store.put(chunk(3, 8))
        assert (await store.session(CHAT)).committed == (5, 6, 7, 8)

    node.using(scenario)


def test_nothing_of_a_conversation_that_is_dropped_stays_in_the_journal(node: Node) -> None:
    async def scenario(store: Store) -> None:
        await two_chunks(store)
        await store.put(DropConversation(CHAT))

    left = killed(node, scenario)
    assert ask(left, "SELECT count(*) FROM chunk_journal") == (0,)
    assert ask(left, "SELECT count(*) FROM generation_chunk") == (0,)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("DELETE FROM chunk_journal WHERE id = 1", "The tokens from 0"),
        ("UPDATE chunk_journal SET body = x'c1' WHERE id = 1", "The tokens from 0"),
        (
            "UPDATE chunk_journal SET body = substr(body, 1, length(body) - 1) || x'00'",
            "generation_chunk.body",
        ),
    ],
)
def test_a_damaged_journal_is_told_and_harms_the_reply_alone(node: Node, what: str, why: str) -> None:
    left = killed(node, two_chunks)
    alter(left, what)

    async def scenario(store: Store) -> None:
        told = await why_not(store)
        assert told.startswith(why)
        assert "Restore a backup." in told
        answer = await store.write(EndGeneration(GENERATION, "failed", "failed", None, why=told))
        assert isinstance(answer, WritesDone)  # the reply can be given up …
        assert (await store.session(CHAT)).live is None  # … and the conversation goes on

    left.using(scenario)
