"""Cards of our own, in every carrier and of every oddity that is met, built where a test wants one."""

import base64
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from actors.character.formats.png_chunks import Chunk, write_chunks

Tree = dict[str, Any]

JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x7f\xff\xd9"
)
OGG = b"OggS\0\2" + bytes(40)
WEBP_ICON = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"

V1: Tree = {
    "name": "Агафья",
    "description": "{{char}} keeps an inn on the Volga. 🫖",
    "personality": "patient",
    "scenario": "Snow has closed the road.",
    "first_mes": "Come in, {{user}}, the samovar is hot.",
    "mes_example": "<START>\n{{user}}: Tea?\n{{char}}: Always.",
    "create_date": "2023-5-1 @12h 00m 00s 0ms",
    "metadata": {"tool": {"name": "an editor", "version": 1.10}},
}

V2: Tree = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        **{name: V1[name] for name in ("name", "description", "personality", "scenario")},
        "first_mes": V1["first_mes"],
        "mes_example": V1["mes_example"],
        "creator_notes": "For long evenings.",
        "system_prompt": "{{original}} Answer as {{char}}.",
        "post_history_instructions": "Short.",
        "alternate_greetings": ["Who knocks?", "Ah, {{user}}."],
        "tags": ["inn", "winter"],
        "creator": "a maker",
        "character_version": "1.2",
        "extensions": {
            "depth_prompt": {"prompt": "It is night.", "depth": 4, "role": "system"},
            "talkativeness": "0.5",
            "fav": False,
            "world": "Volga",
            "other/program": {"z": 1, "a": [None, True, 1e3, {"ключ": "значение"}]},
        },
        "character_book": {
            "name": "Volga",
            "description": "the river",
            "scan_depth": 50,
            "token_budget": 500,
            "recursive_scanning": False,
            "extensions": {"kept": "yes"},
            "entries": [
                {
                    "keys": ["river", "Volga"],
                    "content": "The Volga freezes in November.",
                    "extensions": {"position": 4, "depth": 2, "probability": 80, "selectiveLogic": 3},
                    "enabled": True,
                    "insertion_order": 10,
                    "case_sensitive": False,
                    "name": "river",
                    "priority": 5,
                    "id": 1,
                    "comment": "the river",
                    "selective": True,
                    "secondary_keys": ["ice"],
                    "constant": False,
                    "position": "before_char",
                    "of_another_program": {"deep": [1, 2, 3]},
                },
                {
                    "keys": [],
                    "content": "The inn has two floors.",
                    "extensions": {},
                    "enabled": True,
                    "insertion_order": 20,
                    "constant": True,
                },
            ],
        },
        "field_of_tomorrow": [{"b": 1, "a": 2}],
    },
    "root_field": {"kept": True},
}


def v3(**data: Any) -> Tree:
    """A V3 card; further fields of its data by name."""
    entry: Tree = {
        "keys": ["/vol(ga)?/i"],
        "content": "@@depth 4\n@@@role assistant\n@@unknown x\nThe boatman is called Ilya.",
        "extensions": {},
        "enabled": True,
        "insertion_order": 5,
        "use_regex": True,
        "id": "boat-1",
    }
    book: Tree = {
        **V2["data"]["character_book"],
        "entries": [*V2["data"]["character_book"]["entries"], entry],
    }
    return {
        **V2,
        "spec": "chara_card_v3",
        "spec_version": "3.0",
        "data": {
            **V2["data"],
            "character_book": book,
            "group_only_greetings": ["All of you, come in."],
            "nickname": "Ага",
            "creator_notes_multilingual": {"en": "For evenings.", "ru": "Для вечеров."},
            "source": ["https://cards.example/agafya"],
            "creation_date": 1_700_000_000,
            "modification_date": 0,
            **data,
        },
    }


def as_json(tree: object) -> bytes:
    return json.dumps(tree, ensure_ascii=False).encode()


def icon(name: str, uri: str, kind: str = "icon", ext: str = "png") -> Tree:
    return {"type": kind, "uri": uri, "name": name, "ext": ext, "x_more": {"kept": 1}}


def picture(colour: bytes = b"\x80\x40\x20", *more: Chunk, animated: bool = False) -> list[Chunk]:
    """The chunks of a PNG of one pixel."""
    head = [Chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))]
    if animated:
        head.append(Chunk(b"acTL", struct.pack(">II", 1, 0)))
        head.append(Chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 1, 1, 0, 0, 1, 10, 0, 0)))
    return [*head, *more, Chunk(b"IDAT", zlib.compress(b"\0" + colour)), Chunk(b"IEND", b"")]


def text_chunk(word: str, text: bytes, kind: bytes = b"tEXt") -> Chunk:
    start = word.encode("latin-1") + b"\0"
    match kind:
        case b"zTXt":
            return Chunk(kind, start + b"\0" + zlib.compress(text))
        case b"iTXt":
            return Chunk(kind, start + b"\1\0en\0\0" + zlib.compress(text))
        case _:
            return Chunk(kind, start + text)


def card_chunk(word: str, tree: object, kind: bytes = b"tEXt") -> Chunk:
    return text_chunk(word, base64.b64encode(as_json(tree)), kind)


def asset_chunk(path: str, data: bytes, colon: str = ":") -> Chunk:
    return text_chunk(f"chara-ext-asset_{colon}{path}", base64.b64encode(data))


def png(*texts: Chunk, before_pixels: bool = False, animated: bool = False) -> bytes:
    """A PNG with these texts: after the pixels, as SillyTavern writes them, or before."""
    chunks = picture(animated=animated)
    at = len(chunks) - (2 if before_pixels else 1)
    return write_chunks([*chunks[:at], *texts, *chunks[at:]])


def archive(members: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as writer:
        for path, data in members:
            writer.writestr(zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0)), data, compression)
    return target.getvalue()


def charx(tree: object, *members: tuple[str, bytes]) -> bytes:
    return archive([("card.json", as_json(tree)), *members])


def exif(comment: bytes, order: str = "<", tag: int = 0x9286) -> bytes:
    """EXIF with one entry in its Exif folder."""
    start = {"<": b"II*\0", ">": b"MM\0*"}[order]
    first = struct.pack(order + "IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
    inner = struct.pack(order + "HHHIII", 1, tag, 7, len(comment), 44, 0)
    return start + first + inner + comment


def webp(*blocks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + WEBP_ICON[12:]
    for kind, data in blocks:
        body += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_with_exif(comment: bytes) -> bytes:
    block = b"Exif\0\0" + exif(comment)
    return JPEG[:2] + struct.pack(">BBH", 0xFF, 0xE1, len(block) + 2) + block + JPEG[2:]


def byte_numbers(tree: object) -> bytes:
    return ",".join(map(str, as_json(tree))).encode()


ASSETS = [
    icon("main", "ccdefault:"),
    icon("happy", "__asset:0", "emotion"),
    icon("song", "__asset:sounds/Песня", "x_music", "ogg"),
    icon("far", "https://example.org/a.png", "background"),
]
"""Of a PNG."""
CHARX_ASSETS = [
    icon("main", "embeded://assets/icon/images/main.png"),
    icon("happy", "embedded://assets/emotion/images/happy.webp", "emotion", "webp"),
    icon("gone", "embeded://assets/none.png", "background"),
    icon("inline", "data:image/png;base64,iVBORw0KGgo=", "user_icon"),
]
ICON = write_chunks(picture(b"\0\0\xff"))
CHARX_FILES = (
    ("assets/icon/images/main.png", ICON),
    ("assets/emotion/images/happy.webp", WEBP_ICON),
    ("module.risum", b"\x6f\0of another program"),
    ("x_meta/1.json", b'{"type":"WEBP"}'),
)
WITH_FILES = v3(assets=ASSETS)
IN_CHARX = v3(assets=CHARX_ASSETS)

CARDS: dict[str, Callable[[], bytes]] = {
    "V1 JSON": lambda: as_json(V1),
    "V2 JSON": lambda: as_json(V2),
    "V3 JSON": lambda: as_json(v3()),
    "V1 PNG": lambda: png(card_chunk("chara", V1)),
    "V2 PNG": lambda: png(card_chunk("chara", V2)),
    "V2 PNG, before the pixels": lambda: png(card_chunk("chara", V2), before_pixels=True),
    "V3 PNG with its V2 copy": lambda: png(card_chunk("chara", V2), card_chunk("ccv3", v3())),
    "V3 PNG, compressed": lambda: png(card_chunk("ccv3", v3(), b"zTXt")),
    "V2 PNG, international": lambda: png(card_chunk("chara", V2, b"iTXt")),
    "V3 PNG with files": lambda: png(
        card_chunk("ccv3", WITH_FILES),
        asset_chunk("0", ICON),
        text_chunk(  # a keyword in UTF-8, which no PNG may have
            "chara-ext-asset_:" + "sounds/Песня".encode().decode("latin-1"), base64.b64encode(OGG)
        ),
        text_chunk("parameters", b"of an image generator"),
        asset_chunk("nobody's", b"kept"),
    ),
    "V3 PNG, chunks without a colon": lambda: png(
        card_chunk("ccv3", WITH_FILES), asset_chunk("0", ICON, colon="")
    ),
    "V3 APNG": lambda: png(card_chunk("ccv3", v3()), animated=True, before_pixels=True),
    "V2 WebP": lambda: webp((b"EXIF", exif(b"ASCII\0\0\0" + as_json(V2)))),
    "V1 WebP, numbers": lambda: webp((b"EXIF", exif(byte_numbers(V1), ">"))),
    "V2 WebP, XMP": lambda: webp(
        (b"XMP ", b'<rdf:Description x:chara="' + base64.b64encode(as_json(V2)) + b'"/>')
    ),
    "V2 JPEG": lambda: jpeg_with_exif(b"ASCII\0\0\0" + base64.b64encode(as_json(V2))),
    "V3 CHARX": lambda: charx(IN_CHARX, *CHARX_FILES),
    "V2 in a CHARX": lambda: charx(V2),
    "V3 JPEG with an archive": lambda: JPEG + charx(IN_CHARX, *CHARX_FILES),
    "newer than V3": lambda: as_json({**v3(), "spec": "chara_card_v4", "spec_version": "4.1"}),
}
"""Sound ones, in every carrier."""
