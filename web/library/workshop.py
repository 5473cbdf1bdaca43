"""The workshop: `python -m web.library.workshop`, a process of its own in which cards are opened.

One message on standard input, one on standard output, and it ends. It limits itself before it reads a byte:
memory, processor time, no further files, no further processes' output on disk. Whatever a file does to a
decoder, it does it here; the web process (bench.py) waits with a deadline, and ends what it does not like.
"""

import hashlib
import sys
from uuid import UUID

import msgspec
from msgspec.structs import replace

from actors.character.card import DEFAULT_ICON, Card
from actors.character.formats.carried import Contents
from actors.character.formats.json_tree import tree_bytes
from actors.character.formats.reading import CardFile, read_card
from actors.character.formats.troubles import CardTrouble
from actors.character.formats.uris import embedded_path, inline_bytes
from actors.character.formats.writing import write_card
from actors.character.sheet import TooMuchTextError, sheet_of
from web.library.limited import limit
from web.library.portraits import PictureTrouble, Portraits, portraits_of
from web.library.tagline import tagline_of
from web.library.work import (
    Answer,
    CardRead,
    CardRefused,
    CardWritten,
    PortraitDrawn,
    PortraitWork,
    ReadWork,
    Work,
    WriteWork,
)

NO_ID = UUID(int=0)


def done(work: Work) -> Answer:
    try:
        match work:
            case ReadWork():
                return read(work)
            case WriteWork():
                return written(work)
            case PortraitWork():
                return drawn(work)
    except (CardTrouble, TooMuchTextError) as trouble:
        return CardRefused(str(trouble))
    except (MemoryError, RecursionError):
        return CardRefused("The file needs more memory than a card may.")


def read(work: ReadWork) -> CardRead:
    file = read_card(work.data, work.limits)
    contents = file.origin or file.contents
    card = tree_bytes(contents.tree)
    warnings = list(file.warnings)
    shown = Portraits()
    picture = picture_of(file.card, file)
    if picture is not None:
        try:
            shown = portraits_of(picture, work.pixels)
        except PictureTrouble as trouble:
            warnings.append(f"The picture is not shown: {trouble}.")
    return CardRead(
        sheet=sheet_of(NO_ID, file.card, work.sheet_bytes),
        card=card,
        digest=digest_of(card, contents),
        tagline=tagline_of(file.card),
        tags=file.card.tags,
        portrait=shown.portrait,
        thumb=shown.thumb,
        carrier=file.carrier,
        warnings=tuple(warnings),
    )


def drawn(work: PortraitWork) -> PortraitDrawn | CardRefused:
    try:
        shown = portraits_of(work.data, work.pixels)
    except PictureTrouble as trouble:
        return CardRefused(f"The picture cannot be shown: {trouble}.")
    return PortraitDrawn(shown.portrait, shown.thumb)


def written(work: WriteWork) -> CardWritten:
    file = read_card(work.data, work.limits)
    contents = file.origin or file.contents
    if work.picture and contents.picture is None and not any(a.uri != DEFAULT_ICON for a in file.card.assets):
        contents = Contents(contents.tree, contents.files, work.picture)
    out = write_card(replace(file, contents=contents, origin=None), work.form, work.limits, work.spec)
    return CardWritten(out.data, out.losses)


def picture_of(card: Card, file: CardFile) -> bytes | None:
    """The main icon's, or that of the carrier."""
    icons = sorted((a for a in card.assets if a.type == "icon"), key=lambda icon: icon.name != "main")
    for icon in icons:
        path = embedded_path(icon.uri)
        found = file.contents.files.get(path) if path is not None else inline_bytes(icon.uri)
        if found:
            return found
    return file.contents.picture


def digest_of(card: bytes, contents: Contents) -> bytes:
    """The same for the same card in whatever carrier it comes."""
    parts = [card, contents.picture or b""]
    for path, data in sorted(contents.files.items()):
        parts += [path.encode(errors="surrogatepass"), data]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def main() -> None:
    memory_bytes, cpu_s = (int(value) for value in sys.argv[1:3])
    limit(memory_bytes, cpu_s)
    work = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Work)
    sys.stdout.buffer.write(msgspec.msgpack.encode(done(work)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
