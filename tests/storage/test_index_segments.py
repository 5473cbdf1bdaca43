"""FTS5 is told what to merge, and does not decide it in the middle of a write."""

import asyncio
import sqlite3
from contextlib import closing
from itertools import repeat
from pathlib import Path

from actors.messages.conversations import AddMessage
from storage.search import index
from tests.storage.contract_search import found, settled
from tests.storage.node import Node
from tests.storage.store import ROOT, Store, begin, said

TEXTS = 12  # fewer than the 16 segments that FTS5 merges whatever it was told
DEADLINE_S = 20.0


def pages_of(node: Node) -> int:
    with closing(sqlite3.connect(node.file)) as connection:
        return connection.execute(f"SELECT count(*) FROM {index.MESSAGES.stem}_data").fetchone()[0]


async def write_one_by_one(store: Store) -> None:
    await begin(store)
    for number in range(TEXTS):
        await store.put(AddMessage(said(100 + number, ROOT, sibling=number + 1, body=f"Samovar {number}.")))
        await settled(store)  # each in a segment of its own


def test_the_indexer_merges_and_nothing_else_does(tmp_path: Path) -> None:
    node = Node(tmp_path)

    async def scenario(store: Store) -> None:
        await write_one_by_one(store)
        async with asyncio.timeout(DEADLINE_S):
            for pause_s in repeat(0.05):
                if pages_of(node) < TEXTS:  # a segment has one at least
                    break
                await asyncio.sleep(pause_s)
        assert await found(store, "samovar")

    node.using(scenario)
    with closing(sqlite3.connect(node.file)) as connection:
        for table in (index.MESSAGES.stem, index.MESSAGES.prefix):
            asked = f"SELECT v FROM {table}_config WHERE k = 'automerge'"
            assert connection.execute(asked).fetchone() == (0,)
