"""The workshop: `python -m web.library.workshop`, a process of its own in which cards are opened.

One message on standard input, one on standard output, and it ends. It limits itself before it reads a byte:
memory, processor time, no further files, no further processes' output on disk. Whatever a file does to a
decoder, it does it here; the web process (bench.py) waits with a deadline, and ends what it does not like.
"""

from msgspec.structs import replace

from actors.character.card import DEFAULT_ICON
from actors.character.editing import CannotEditError
from actors.character.formats.carried import Contents
from actors.character.formats.reading import read_card
from actors.character.formats.troubles import CardTrouble
from actors.character.formats.writing import write_card
from actors.character.sheet import TooMuchTextError
from web.library.editing import card_shown, edited
from web.library.limited import serve
from web.library.portraits import PictureTrouble, portraits_of, redrawn
from web.library.reading import summary
from web.library.work import (
    Answer,
    CardRead,
    CardRefused,
    CardWritten,
    EditWork,
    PictureDrawn,
    PictureWork,
    PortraitDrawn,
    PortraitWork,
    ReadWork,
    ShowWork,
    Work,
    WriteWork,
)


def done(work: Work) -> Answer:
    try:
        match work:
            case ReadWork():
                return read(work)
            case WriteWork():
                return written(work)
            case PortraitWork():
                return drawn(work)
            case ShowWork():
                return card_shown(work)
            case EditWork():
                return edited(work)
            case PictureWork():
                return picture_drawn(work)
    except (CardTrouble, TooMuchTextError, CannotEditError) as trouble:
        return CardRefused(str(trouble), trouble.code, trouble.facts)
    except (MemoryError, RecursionError):
        return CardRefused("The file needs more memory than a card may.", "memory")


def read(work: ReadWork) -> CardRead:
    file = read_card(work.data, work.limits)
    return summary(file.origin or file.contents, file.carrier, file.warnings, work.sheet_bytes, work.pixels)


def picture_drawn(work: PictureWork) -> Answer:
    try:
        picture, thumb, (width, height) = redrawn(work.data, work.pixels, work.side)
    except PictureTrouble as trouble:
        return CardRefused(f"The picture cannot be taken: {trouble}.", "picture")
    return PictureDrawn(picture, thumb, width, height)


def drawn(work: PortraitWork) -> PortraitDrawn | CardRefused:
    try:
        shown = portraits_of(work.data, work.pixels)
    except PictureTrouble as trouble:
        return CardRefused(f"The picture cannot be shown: {trouble}.", "picture")
    return PortraitDrawn(shown.portrait, shown.thumb)


def written(work: WriteWork) -> CardWritten:
    file = read_card(work.data, work.limits)
    contents = file.origin or file.contents
    if work.picture and contents.picture is None and not any(a.uri != DEFAULT_ICON for a in file.card.assets):
        contents = Contents(contents.tree, contents.files, work.picture)
    out = write_card(replace(file, contents=contents, origin=None), work.form, work.limits, work.spec)
    return CardWritten(out.data, out.losses)


if __name__ == "__main__":
    serve(Work, done)
