"""Trouble: each has its words, and it is known whether trying again can help."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.messages.accounts import AddAccount, FindAccounts
from actors.messages.archive import RunQuery, RunWrites, WritesDone, WritesFailed
from actors.messages.conversations import AddMessage, MoveHead, RenameConversation
from actors.messages.replies import LeaseGeneration
from storage import accounts
from storage.database import raw
from storage.errors import DatabaseUrlError, UnreachableError
from storage.port import StoragePort
from storage.settings import StorageSettings
from storage.start import open_storage
from storage.work import Db
from tests.storage.node import Node
from tests.storage.postgres_cluster import PostgresCluster
from tests.storage.store import (
    ACCOUNT,
    BOOT,
    CHAT,
    GENERATION,
    HELLO,
    ROOT,
    Store,
    begin,
    begin_reply,
    said,
    uid,
)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.fixture(params=[60.0, 0.0], ids=["quick", "slow"])
def paced(request: pytest.FixtureRequest, node: Node) -> Node:
    """With a disk that counts as quick, or never does."""
    node.settings = replace(node.settings, commit_here_s=request.param)
    return node


async def begin_paced(store: Store) -> None:
    await begin(store)
    for _ in range(20):  # then it is known how quick it is
        await store.put(MoveHead(CHAT, HELLO))


def database_of(store: Store) -> Any:
    assert isinstance(store.port, StoragePort)
    return store.port._database  # pyright: ignore[reportPrivateUsage]


async def failed(store: Store, *writes: Any) -> str:
    """A write that fails through no fault of the data."""
    answer = await store.write(*writes)
    assert isinstance(answer, WritesFailed), answer
    assert not answer.conflict, answer
    assert "\n" not in answer.why
    return answer.why


def test_a_full_disk_is_said_and_passes(paced: Node) -> None:
    async def no_growth(db: Db) -> None:
        await raw(db, "PRAGMA max_page_count = 1")

    big = AddMessage(said(60, ROOT, sibling=1, body="x" * 2_000_000))

    async def scenario(store: Store) -> None:
        await begin_paced(store)
        before = await store.session(CHAT)
        # From here on the file may not grow: what SQLite says is what it says of a full disk.
        await database_of(store).write_here(no_growth)
        assert "disk is full" in await failed(store, AddMessage(said(61, ROOT, sibling=2)), big)
        assert await store.session(CHAT) == before
        await store.put(big)
        assert len((await store.session(CHAT)).messages) == len(before.messages) + 1

    paced.using(scenario)


def test_a_database_that_another_program_holds_is_said_and_passes(paced: Node) -> None:
    node = paced
    node.settings = replace(node.settings, busy_timeout_s=0.05)

    async def scenario(store: Store) -> None:
        await begin_paced(store)
        with closing(sqlite3.connect(node.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for write in (RenameConversation(CHAT, "held"), MoveHead(CHAT, HELLO)):  # both ways to SQLite
                assert "Another program holds the database" in await failed(store, write)
            assert (await store.session(CHAT)).conversation.title == "Evening"  # reading goes on
            other.execute("ROLLBACK")
        await store.put(RenameConversation(CHAT, "free"))
        await store.put(MoveHead(CHAT, HELLO))

    node.using(scenario)


def test_who_writes_a_reply_waits_for_another_program_and_the_loop_does_not(paced: Node) -> None:
    async def scenario(store: Store) -> None:
        await begin_paced(store)
        with closing(sqlite3.connect(paced.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.ensure_future(store.write(MoveHead(CHAT, ROOT)))
            await asyncio.sleep(0.05)
            assert not writing.done()
            other.execute("COMMIT")
            assert isinstance(await writing, WritesDone)
        assert (await store.session(CHAT)).conversation.head == ROOT

    paced.using(scenario)


@pytest.mark.parametrize(
    "write",
    [
        replace(ACCOUNT, id=uid(9), name="x" * 201),
        replace(ACCOUNT, id=uid(9), name="\ud800"),
        RenameConversation(CHAT, "\ud800"),
        AddMessage(replace(said(60, ROOT, sibling=1), created_ms=2**63)),
    ],
)
def test_a_value_that_cannot_be_stored_is_the_fault_of_the_data(node: Node, write: Any) -> None:
    async def scenario(store: Store) -> None:
        await begin_reply(store)
        assert await store.refused(write)
        await store.put(AddMessage(said(70, ROOT, sibling=3)))

    node.using(scenario)


def test_a_fault_of_ours_is_answered_and_logged_whole(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fault(*_: Any) -> None:
        raise KeyError("a bug")

    async def scenario(store: Store) -> None:
        monkeypatch.setattr(accounts, "add_account", fault)
        with caplog.at_level(logging.ERROR, logger="storage"):
            assert "see the log" in await failed(store, ACCOUNT)
        (record,) = caplog.records
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], KeyError)

    node.using(scenario)


def test_more_work_than_the_limit_is_refused_and_the_rest_is_done(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.settings = replace(node.settings, units_waiting=10)

    async def scenario(store: Store) -> None:
        sent = [
            store.send(
                lambda number, n=n: RunWrites(number, (AddAccount(uid(100 + n), str(n), "user", "", n),))
            )
            for n in range(30)
        ]
        answers = await asyncio.gather(*sent)
        done = [n for n, answer in enumerate(answers) if isinstance(answer, WritesDone)]
        assert done == list(range(len(done)))
        assert 5 < len(done) <= 10  # the index of words may be at work as well
        assert all("busy" in answer.why and not answer.conflict for answer in answers[len(done) :])
        assert [a.name for a in await store.find(FindAccounts())] == [str(n) for n in done]

    node.using(scenario)


def test_closing_answers_what_was_delivered(node: Node) -> None:
    async def main() -> None:
        answers: list[Any] = []
        port = await open_storage(
            StorageSettings(), node.folder, lambda to, message, by: answers.append(message)
        )
        for number in range(20):
            account = AddAccount(uid(100 + number), str(number), "user", "", number)
            port.deliver("storage", RunWrites(number, (account,)), "archive")
        port.deliver("storage", RunQuery(20, FindAccounts()), "archive")
        await port.close()
        assert sorted(answer.number for answer in answers) == list(range(21))
        assert all(isinstance(answer, WritesDone) for answer in answers if answer.number < 20)

    asyncio.run(main())


@pytest.mark.postgres
def test_a_value_that_postgres_cannot_store_is_the_fault_of_the_data(
    tmp_path: Path, postgres: PostgresCluster
) -> None:
    async def scenario(store: Store) -> None:
        await begin_reply(store)
        for write in (
            LeaseGeneration(GENERATION, 2, "w" * 201, BOOT),
            AddAccount(uid(9), "a name with \0 in it", "user", "", 1),
            AddMessage(replace(said(60, ROOT, sibling=1), created_ms=2**63)),
        ):
            assert await store.refused(write)
        await store.put(LeaseGeneration(GENERATION, 2, "other", BOOT))

    Node(tmp_path, postgres.database()).using(scenario)


# -- at the start -------------------------------------------------------------------------------


def tell_nobody(to: str, message: Any, sender: str) -> None:
    pass


def start(folder: Path, url: str) -> None:
    asyncio.run(open_storage(StorageSettings(url=url, busy_timeout_s=1), folder, tell_nobody))


@pytest.mark.parametrize("url", ["mysql://a@b/c", "samovar.db", "postgres://a@b:port/c"])
def test_a_url_of_another_kind_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DatabaseUrlError, match=r"storage\.url"):
        start(tmp_path, url)


def test_a_server_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="The database does not"):
        start(tmp_path, f"postgres://postgres@/nowhere?host={tmp_path}")


def test_a_data_folder_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("a file where a folder belongs")
    with pytest.raises(UnreachableError):
        start(tmp_path, "")
