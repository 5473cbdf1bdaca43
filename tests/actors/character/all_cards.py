"""All cards of the tests as files: `python -m tests.actors.character.all_cards FOLDER`.

What is met in the wild is made here after what programs were seen to write; nobody's card is copied.
"""

import base64
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.character.formats.png_chunks import Chunk
from tests.actors.character import fixtures
from tests.actors.character.fixtures import CARDS, V1, V2, as_json, card_chunk, png, text_chunk, v3

Makers = dict[str, Callable[[], bytes]]

SUFFIXES = (("{", ".json"), ("\x89PNG", ".png"), ("RIFF", ".webp"), ("\xff\xd8", ".jpg"), ("PK", ".charx"))


def with_data(**fields: Any) -> bytes:
    return as_json({**V2, "data": {**V2["data"], **fields}})


def with_entry(**fields: Any) -> bytes:
    return with_data(character_book={"entries": [{"content": "x", "keys": ["k"], **fields}]})


def wrapped(tree: object) -> Chunk:
    """Base64 in lines, without padding, of the other alphabet."""
    plain = card_chunk("chara", tree).data.partition(b"\0")[2]
    met = plain.translate(bytes.maketrans(b"+/", b"-_")).rstrip(b"=")
    return text_chunk("chara", b"\n".join(met[at : at + 76] for at in range(0, len(met), 76)))


WILD: Makers = {
    "a book that is null": lambda: with_data(character_book=None),
    "a book of a wrong type": lambda: with_data(character_book="none"),
    "a book without extensions": lambda: with_data(
        character_book={"entries": [{"keys": ["a"], "content": "b"}]}
    ),
    "a book with the entries of a world": lambda: with_data(
        character_book={"entries": {"0": {"key": ["a"], "content": "b", "order": 3}}}
    ),
    "a single greeting as text": lambda: with_data(alternate_greetings="Who knocks, and when?"),
    "secondary keys as text": lambda: with_entry(secondary_keys="ice, snow ,, hail"),
    "a position as number": lambda: with_entry(position=4),
    "flags and numbers as words": lambda: with_entry(enabled="true", insertion_order="7"),
    "excludeRecursion beside the extensions": lambda: with_entry(excludeRecursion=True),
    "exclude_recursion within the extensions": lambda: with_entry(extensions={"exclude_recursion": True}),
    "fields of wrong types": lambda: with_data(
        name=7, description=["a", 1, "b"], tags="inn, winter", creator=None, extensions=[], nickname=True
    ),
    "a spec without data": lambda: as_json({**V1, "spec": "chara_card_v2"}),
    "data without a spec": lambda: as_json({"data": v3()["data"]}),
    "a version as number": lambda: as_json({**V2, "spec_version": 2.0}),
    "of V2, but version 3.0": lambda: as_json({**v3(), "spec": "chara_card_v2"}),
    "names of fields, Pygmalion": lambda: as_json(
        {"char_name": "A", "char_persona": "B", "world_scenario": "C", "char_greeting": "D"}
    ),
    "names of fields, text-generation-webui": lambda: as_json(
        {"name": "A", "context": "B", "scenario": "C", "greeting": "D"}
    ),
    "a card of UTF-16": lambda: as_json(V2).decode().encode("utf-16"),
    "a card with a BOM": lambda: b"\xef\xbb\xbf" + as_json(V2),
    "a name twice in one object": lambda: (
        b'{"name": "A", "first_mes": "Hi", "name": "B", "description": "x"}'
    ),
    "raw line breaks in a text": lambda: b'{"name": "A", "first_mes": "Hi,\nyou."}',
    "not a number": lambda: b'{"name": "A", "first_mes": "Hi", "weight": NaN}',
    "half an emoji": lambda: rb'{"name": "A", "first_mes": "Hi \ud83e"}',
    "bytes that are no UTF-8": lambda: b'{"name": "A", "first_mes": "caf\xe9"}',
    "embedded spelt rightly": lambda: fixtures.charx(
        v3(assets=[fixtures.icon("main", "embedded://assets/a.png")]), ("assets/a.png", fixtures.ICON)
    ),
    "a file that is not there": lambda: fixtures.charx(
        v3(assets=[fixtures.icon("main", "embeded://assets/a.png")])
    ),
    "odd assets": lambda: as_json(
        v3(
            assets=[
                fixtures.icon("main", "ccdefault:"),
                fixtures.icon("main", "ccdefault:", ext=".PNG"),
                fixtures.icon("x", "https://example.org/x.png", "x_custom"),
                fixtures.icon("y", "data:image/png;base64,???", "unknown"),
                3,
            ]
        )
    ),
    "no assets at all": lambda: as_json(v3(assets=[])),
    "3.5 MB of a foreign chunk": lambda: png(
        text_chunk("workflow", b"x" * 3_500_000), card_chunk("ccv3", v3())
    ),
    "bytes behind the picture": lambda: png(card_chunk("chara", V2)) + b"more",
    "a broken ccv3 beside a sound chara": lambda: png(card_chunk("chara", V2), text_chunk("ccv3", b"?")),
    "several chara chunks": lambda: png(
        card_chunk("Chara", V2), card_chunk("chara", {**V1, "name": "Another"})
    ),
    "bare JSON in a chunk": lambda: png(text_chunk("chara", as_json(V2))),
    "base64 wrapped and unpadded": lambda: png(wrapped(V1)),
    "EXIF as UTF-16": lambda: fixtures.webp(
        (b"EXIF", fixtures.exif(b"UNICODE\0" + as_json(V2).decode().encode("utf-16-le")))
    ),
    "EXIF without a charset": lambda: fixtures.webp(
        (b"EXIF", fixtures.exif(b"\0" * 8 + as_json(V2) + b"\0", ">"))
    ),
}
"""Taken, and told where the card means something else than it says."""

HOSTILE: Makers = {
    "a picture without a card": png,
    "an encrypted card": lambda: png(text_chunk("chara", b"rcc||rccv1||a||b||c")),
    "a package of code": lambda: as_json({"name": "a package", "description": "some code", "version": "1.0"}),
    "a lorebook alone": lambda: as_json({"entries": {"0": {"key": ["a"], "content": "b"}}}),
    "a compressed text without measure": lambda: png(text_chunk("ccv3", bytes(100_000_000), b"zTXt")),
    "a wrong checksum": lambda: png(card_chunk("chara", V2)).replace(b"chara\0e", b"chara\0f", 1),
    "cut off": lambda: png(card_chunk("chara", V2))[:-20],
    "nested without end": lambda: png(
        text_chunk(
            "chara", base64.b64encode(b'{"spec":"chara_card_v2","data":' * 100_000 + b"1" + b"}" * 100_000)
        )
    ),
    "a small archive that unpacks without measure": lambda: fixtures.charx(
        v3(), *((f"assets/{at}.png", bytes(60 * 2**20)) for at in range(5))
    ),
    "a path that leads out": lambda: fixtures.charx(v3(), ("../../passwd", b"x")),
    "an absolute path": lambda: fixtures.charx(v3(), ("/etc/passwd", b"x")),
    "an archive without a card": lambda: fixtures.archive([("a.txt", b"a")]),
}
"""Refused."""

GROUPS = {"carriers": CARDS, "wild": WILD, "hostile": HOSTILE}


def file_name(name: str, data: bytes) -> str:
    start = data[:4].decode("latin-1")
    return name + next((suffix for begin, suffix in SUFFIXES if start.startswith(begin)), ".json")


def put_all(folder: Path) -> None:
    for group, makers in GROUPS.items():
        (folder / group).mkdir(parents=True, exist_ok=True)
        for name, maker in makers.items():
            data = maker()
            (folder / group / file_name(name, data)).write_bytes(data)


if __name__ == "__main__":
    put_all(Path(sys.argv[1]))
