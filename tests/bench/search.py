"""How long a search takes and how large the index is: `python -m tests.bench.search [MESSAGES]`.

Messages of 120 words, Russian and English by turns, in conversations of 100, in SQLite.
The words are drawn by Zipf's law from 20,000 of each language.
"""

import asyncio
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace

from actors.messages.archive import AddConversation, AddMessages, StoredMessage
from actors.messages.filing import FindMatches
from tests.storage.node import Node
from tests.storage.store import ACCOUNT, CARD, CONVERSATION, USER, Store, said, uid

WORDS, VOCABULARY, OF_ONE = 120, 20_000, 100
LETTERS = {"ru": ("аеиоуыя", "бвгдзклмнпрстш", ("", "ы", "ом", "ами", "ать", "ила")),
           "en": ("aeiou", "bcdfglmnprst", ("", "s", "ing", "ed", "er", "ly"))}  # fmt: skip
QUERIES = ("{0}", "{0} {1}", '"{0} {1}"', "{0} -{1}", "{2}")


def vocabulary(draw: random.Random, language: str) -> list[str]:
    vowels, consonants, endings = LETTERS[language]
    return [
        "".join(draw.choice(consonants) + draw.choice(vowels) for _ in range(draw.randint(1, 4)))
        + draw.choice(endings)
        for _ in range(VOCABULARY)
    ]


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


async def measure(messages: int, folder: Path) -> dict[str, object]:
    draw = random.Random(5)
    words = {language: vocabulary(draw, language) for language in LETTERS}
    node = Node(folder, keys_cached=10_000)
    store = Store(node.opened)
    await store.open()
    began = time.perf_counter()
    await fill(store, draw, words, messages)
    filled = time.perf_counter()
    while (await store.find(FindMatches(USER, "x"))).waiting:  # noqa: ASYNC110 - nobody else is here
        await asyncio.sleep(0.2)
    indexed = time.perf_counter()
    times: dict[str, float] = {}
    for query in QUERIES:
        took: list[float] = []
        for language in ("ru", "en") * 20:
            rank = draw.choice((3, 30, 300, 3_000))
            picked = [words[language][rank], words[language][rank + 1], words[language][rank][:4]]
            start = time.perf_counter()
            await store.find(FindMatches(USER, query.format(*picked)))
            took.append((time.perf_counter() - start) * 1_000)
        times[query] = round(statistics.median(took), 1)
        times[query + " (worst)"] = round(max(took), 1)
    await store.close()
    with sqlite3.connect(node.file) as db:
        sizes = dict(db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    index = sum(
        size
        for name, size in sizes.items()
        if name.startswith(("search_", "sqlite_autoindex_search", "idx_search"))
    )
    return {
        "messages": messages,
        "written_s": round(filled - began, 1),
        "indexed_s": round(indexed - filled, 1),
        "query_ms": times,
        "index_mb": round(index / 1e6, 1),
        "bodies_mb": round(sizes["message"] / 1e6, 1),
        "parts_mb": {name: round(size / 1e6, 1) for name, size in sizes.items() if name.startswith("search")},
    }


def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(messages, Path(folder))), ensure_ascii=False, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
