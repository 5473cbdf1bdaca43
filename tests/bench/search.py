"""How long a search takes and how large its index is. See `samovar bench search --help`.

Messages of 120 words, Russian and English by turns, in conversations of 100, in SQLite, or in a PostgreSQL
server of the bench's own. The words are drawn by Zipf's law from 20,000 of each language.
"""

import asyncio
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct
from msgspec.structs import replace

from actors.messages.conversations import AddConversation, AddMessages, StoredMessage
from actors.messages.filing import FindMatches
from tests.bench.percentiles import Percentiles, percentiles
from tests.bench.words import LETTERS, vocabulary
from tests.storage.node import Node
from tests.storage.postgres_cluster import postgres_cluster, program
from tests.storage.store import ACCOUNT, CARD, CONVERSATION, USER, Store, said, uid

WORDS, VOCABULARY, OF_ONE = 120, 20_000, 100
QUERIES = {
    "one word": "{0}",
    "two words": "{0} {1}",
    "a phrase": '"{0} {1}"',
    "without a word": "{0} -{1}",
    "a beginning": "{2}",
}
TIMES = 20  # each query in each language
RANKS = (3, 30, 300, 3_000)  # of the words that are looked for: from everywhere to seldom


class SearchFigures(Struct, frozen=True):
    """`query_ms` of all queries, `query_ms_of` of each kind; `work_ms` is the processor time of this process
    for one (SQLite's part is in it, PostgreSQL's is not), which no other work on the machine changes.
    Megabytes of the tables on the disk.
    """

    messages: int
    written_s: float
    indexed_s: float
    query_ms: Percentiles
    query_ms_of: dict[str, Percentiles]
    work_ms: Percentiles
    index_mb: float
    bodies_mb: float
    parts_mb: dict[str, float]
    cores: int
    load_before: float


async def fill(store: Store, draw: random.Random, words: dict[str, list[str]], messages: int) -> None:
    weights = [1 / rank for rank in range(1, VOCABULARY + 1)]
    await store.put(ACCOUNT, CARD)
    for first in range(0, messages, OF_ONE):
        chat, root = uid(10_000_000 + first), uid(20_000_000 + first)
        await store.put(AddConversation(replace(CONVERSATION, id=chat, root=root, head=root)))
        parent = root
        rows: list[StoredMessage] = []
        for number in range(first, first + OF_ONE):
            body = " ".join(draw.choices(words["ru" if number % 2 else "en"], weights, k=WORDS))
            rows.append(replace(said(number + 1_000, parent, body=body), conversation=chat))
            parent = rows[-1].id
        await store.put(AddMessages(chat, tuple(rows)))


def sqlite_sizes(file: Path) -> dict[str, int]:
    """Bytes on the disk of each table and index."""
    with sqlite3.connect(file) as db:
        return dict(db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))


def postgres_sizes(url: str) -> dict[str, int]:
    """Bytes on the disk of each table with its indexes."""
    question = "SELECT relname, pg_total_relation_size(relid) FROM pg_statio_user_tables"
    done = subprocess.run(
        [program("psql"), url, "-At", "-F=", "-c", question],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {name: int(size) for name, size in (line.split("=") for line in done.stdout.splitlines())}


async def measure(messages: int, folder: Path, url: str = "") -> SearchFigures:
    """In SQLite below `folder`, or in the PostgreSQL database of `url`."""
    load = psutil.getloadavg()[0]
    draw = random.Random(5)
    words = {language: vocabulary(draw, language, VOCABULARY) for language in LETTERS}
    node = Node(folder, url, keys_cached=10_000)
    store = Store(node.opened)
    await store.open()
    began = time.perf_counter()
    await fill(store, draw, words, messages)
    filled = time.perf_counter()
    while (await store.find(FindMatches(USER, "x"))).waiting:  # noqa: ASYNC110 - nobody else is here
        await asyncio.sleep(0.2)
    indexed = time.perf_counter()
    took: dict[str, list[float]] = {}
    work: list[float] = []
    for name, query in QUERIES.items():
        took[name] = []
        for language in ("ru", "en") * TIMES:
            rank = draw.choice(RANKS)
            picked = [words[language][rank], words[language][rank + 1], words[language][rank][:4]]
            start, start_work = time.perf_counter(), time.process_time()
            await store.find(FindMatches(USER, query.format(*picked)))
            work.append((time.process_time() - start_work) * 1_000)
            took[name].append((time.perf_counter() - start) * 1_000)
    await store.close()
    sizes = await asyncio.to_thread(postgres_sizes, url) if url else sqlite_sizes(node.file)
    index = sum(
        size
        for name, size in sizes.items()
        if name.startswith(("search_", "sqlite_autoindex_search", "idx_search"))
    )
    return SearchFigures(
        messages=messages,
        written_s=round(filled - began, 1),
        indexed_s=round(indexed - filled, 1),
        query_ms=percentiles([one for each in took.values() for one in each]),
        query_ms_of={name: percentiles(each) for name, each in took.items()},
        work_ms=percentiles(work),
        index_mb=round(index / 1e6, 1),
        bodies_mb=round(sizes["message"] / 1e6, 1),
        parts_mb={name: round(size / 1e6, 1) for name, size in sizes.items() if name.startswith("search")},
        cores=psutil.cpu_count() or 1,
        load_before=round(load, 2),
    )


def table(found: SearchFigures) -> str:
    lines = [
        f"{found.messages} messages, written in {found.written_s:g} s, indexed {found.indexed_s:g} s later",
        f"a search        p50 {found.query_ms.p50:g} ms, p99 {found.query_ms.p99:g} ms",
        f"  of the processor p50 {found.work_ms.p50:g} ms, p99 {found.work_ms.p99:g} ms",
        *(f"  {name:<15}p50 {one.p50:g} ms, p99 {one.p99:g} ms" for name, one in found.query_ms_of.items()),
        f"index           {found.index_mb:g} MB beside {found.bodies_mb:g} MB of messages",
    ]
    return "\n".join(lines)


def main(*, messages: int, postgres: bool, as_json: bool) -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samovar-bench-")))
        url = ""
        if postgres:
            try:
                url = stack.enter_context(postgres_cluster()).database()
            except FileNotFoundError as error:
                sys.stderr.write(f"samovar: {error}\n")
                return 1
        figures = asyncio.run(measure(messages, folder, url))
    sys.stdout.write((msgspec.json.encode(figures).decode() if as_json else table(figures)) + "\n")
    return 0
