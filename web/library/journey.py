"""A card's journey: in as people bring it, out in every form, and in again; what came back is compared.

`python -m web.library.journey`, a process of its own with the workshop's limits: the files are strangers'.
"""

import json

from msgspec import Struct

from actors.character.formats.carried import Contents
from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import CardFile, read_card
from actors.character.formats.troubles import CardTrouble
from actors.character.formats.writing import FORMATS, write_card
from actors.character.sheet import TooMuchTextError
from web.library.limited import serve
from web.library.reading import summary
from web.library.work import CardRefused


class JourneyWork(Struct, frozen=True, tag="journey"):
    """`sheet_bytes` and `pixels` as of ReadWork."""

    data: bytes
    limits: CardLimits
    sheet_bytes: int
    pixels: int


class Leg(Struct, frozen=True):
    """Out in one form and back. `lost`: what differs from what came in (tree, files, picture, import), or why
    there is no way out or back."""

    form: str
    size: int  # bytes of the file that was written
    lost: tuple[str, ...]


class Journey(Struct, frozen=True, tag="made"):
    """`entries` of its lorebook, `files` that it carries; `portrait`: the gallery has a picture of it;
    `warnings`: lines for people."""

    name: str
    spec: str
    spec_version: str
    carrier: str
    entries: int
    files: int
    portrait: bool
    warnings: tuple[str, ...]
    legs: tuple[Leg, ...]


JourneyAnswer = Journey | CardRefused


def journey(work: JourneyWork) -> JourneyAnswer:
    try:
        file = read_card(work.data, work.limits)
        came = file.origin or file.contents
        taken = summary(came, file.carrier, file.warnings, work.sheet_bytes, work.pixels)
        legs = tuple(leg(file, came, taken.digest, form, work) for form in FORMATS)
    except (CardTrouble, TooMuchTextError) as trouble:
        return CardRefused(str(trouble), trouble.code, trouble.facts)
    except (MemoryError, RecursionError):
        return CardRefused("The file needs more memory than a card may.", "memory")
    book = file.card.book
    return Journey(
        name=file.card.name,
        spec=file.spec.name,
        spec_version=file.spec.version,
        carrier=file.carrier,
        entries=0 if book is None else len(book.entries),
        files=len(came.files),
        portrait=bool(taken.portrait),
        warnings=tuple(each.text for each in taken.warnings),
        legs=legs,
    )


def leg(file: CardFile, came: Contents, digest: bytes, form: str, work: JourneyWork) -> Leg:
    written = b""
    try:
        written = write_card(file, form, work.limits, picture=True).data
        again = read_card(written, work.limits)
        back = again.origin or again.contents
        taken = summary(back, again.carrier, again.warnings, work.sheet_bytes, work.pixels)
    except (CardTrouble, TooMuchTextError) as trouble:
        return Leg(form, len(written), (str(trouble),))
    same = {
        "tree": json.dumps(back.tree) == json.dumps(came.tree),  # in order, too
        "files": back.files == came.files,
        "picture": back.picture == came.picture,
        "import": taken.digest == digest,  # the library would say: you have this character already
    }
    return Leg(form, len(written), tuple(name for name, is_same in same.items() if not is_same))


if __name__ == "__main__":
    serve(JourneyWork, journey)
