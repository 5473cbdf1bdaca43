"""Direct: where the commits of a quick disk are done, and where those of a slow one."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage.database import raw
from storage.direct import Direct, Pace
from storage.work import Db

WAL = {"journal_mode": "WAL", "synchronous": "FULL"}


def test_a_disk_is_quick_when_it_is_known_to_be() -> None:
    pace = Pace(0.002)
    assert not pace.is_quick
    for _ in range(50):
        pace.took(0.0002)
    assert pace.is_quick
    pace.took(0.03)  # once
    assert not pace.is_quick
    for _ in range(50):
        pace.took(0.0002)
    assert pace.is_quick
    for _ in range(50):
        pace.took(0.005)
    assert not pace.is_quick


def test_no_commit_is_quick_where_none_may_be() -> None:
    pace = Pace(0.0)
    for _ in range(50):
        pace.took(0.0)
    assert not pace.is_quick


async def put(db: Db) -> None:
    await raw(db, "INSERT INTO t (body) VALUES (?)", "x" * 1_000)


async def make(db: Db) -> None:
    await raw(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")


class Answers:
    """How often a unit was answered; before `order_here` came back, `at_once`."""

    def __init__(self, direct: Direct) -> None:
        self.direct = direct
        self.count = self.at_once = 0

    async def order(self, work: Any = put) -> None:
        done = asyncio.Event()

        def then(_: Any, error: BaseException | None) -> None:
            assert error is None, error
            self.count += 1
            done.set()

        before = self.count
        self.direct.order_here(work, then)
        self.at_once += self.count - before
        await done.wait()


@pytest.mark.parametrize(("quick_s", "at_once"), [(60.0, True), (0.0, False)])
def test_a_quick_commit_is_answered_at_once(tmp_path: Path, quick_s: float, at_once: bool) -> None:
    file = tmp_path / "test.db"

    async def scenario() -> None:
        direct = Direct(file, WAL, "BEGIN IMMEDIATE", quick_s)
        answers = Answers(direct)
        await answers.order(make)
        for _ in range(40):
            await answers.order()
        await direct.close()
        assert (answers.count, answers.at_once > 0) == (41, at_once)

    asyncio.run(scenario())
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (40,)
