"""The workshop of lorebooks: `python -m web.lore.workshop`, a process of its own, limited as that of cards is
(web/library/workshop.py): strangers wrote the books and their patterns.
"""

import hashlib
from uuid import UUID

import msgspec
from msgspec.structs import replace

from actors.character.book_sheet import TooMuchLoreError, book_sheet_of
from actors.character.card import Lorebook
from actors.character.formats.json_tree import tree_bytes
from actors.character.formats.limits import CardLimits
from actors.character.formats.lore_view import book_view
from actors.character.formats.lorebook_edit import editable, edited, named, parsed_book
from actors.character.formats.lorebook_file import LorebookFile, read_lorebook, write_lorebook
from actors.character.formats.reading import read_card
from actors.character.formats.troubles import CardTrouble, NoLorebookError
from actors.character.formats.warnings import Warnings
from actors.character.lore_scene import Book
from actors.character.lore_trial import Trial, tried
from web.library.limited import serve
from web.library.work import CardRefused
from web.lore.work import (
    Answer,
    BookOpened,
    BookRead,
    BookWritten,
    ChangeBook,
    LoreTried,
    OpenBook,
    ReadBook,
    TriedBook,
    TryLore,
    Work,
    WriteBook,
)

NAME = 200  # characters
NO_ID = UUID(int=0)


def done(work: Work) -> Answer:
    try:
        match work:
            case ReadBook():
                return read(work)
            case ChangeBook():
                return changed(work)
            case OpenBook():
                return BookOpened(tree_bytes(editable(read_lorebook(work.file, work.limits))))
            case WriteBook():
                file = read_lorebook(work.file, work.limits)
                return BookWritten(write_lorebook(file, work.kind, work.limits))
            case TryLore():
                return tried_out(work)
    except (CardTrouble, TooMuchLoreError) as trouble:
        return CardRefused(str(trouble), getattr(trouble, "code", ""), getattr(trouble, "facts", ()))
    except (MemoryError, RecursionError):
        return CardRefused("The lorebook needs more memory than one may.", "memory")


def read(work: ReadBook) -> BookRead:
    data = work.data
    try:
        file = read_lorebook(data, work.limits)
    except CardTrouble as trouble:
        file = of_card(data, work.limits, trouble)
        data = file_bytes(file)
    name = (file.book.name.strip() or work.name)[:NAME]
    return book_read(file, name, data, work.most_bytes)


def of_card(data: bytes, limits: CardLimits, trouble: CardTrouble) -> LorebookFile:
    """The lorebook of a card. Raises the trouble of the file as a lorebook where it is no card either."""
    try:
        card = read_card(data, limits)
    except CardTrouble:
        raise trouble from None
    book = card.contents.tree.get("data", {}).get("character_book")
    if card.card.book is None or not isinstance(book, dict):
        raise NoLorebookError("The card has no lorebook.", "no_lorebook")
    file = read_lorebook(tree_bytes(book), limits)
    return file if file.book.name else named(file, card.card.name)


def changed(work: ChangeBook) -> BookRead:
    file = before = read_lorebook(work.file, work.limits)
    if work.book:
        file = edited(file, parsed_book(work.book, work.limits), work.limits)
    file = named(file, work.name)
    data = work.file if file.tree == before.tree else file_bytes(file)
    return book_read(file, work.name[:NAME], data, work.most_bytes)


def file_bytes(file: LorebookFile) -> bytes:
    return tree_bytes(file.tree, indent=2) + b"\n"


def book_read(file: LorebookFile, name: str, data: bytes, most_bytes: int) -> BookRead:
    view = replace(file.book, name=name, extensions={})
    parts = (name.encode(errors="replace"), data)
    return BookRead(
        file=data,
        packed=book_sheet_of(NO_ID, name, view, most_bytes).packed,
        name=name,
        digest=hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest(),
        entries=len(view.entries),
        warnings=file.warnings,
    )


def tried_out(work: TryLore) -> LoreTried:
    books = tuple(Book(lorebook_of(book, work.limits), book.source) for book in work.books)
    trial = Trial(
        books,
        work.lines,
        work.card,
        user_name=work.user_name,
        persona=work.persona,
        talk=work.talk,
        seed=work.seed,
        greeting=work.greeting,
    )
    return LoreTried(tried(trial, work.lore))


def lorebook_of(book: TriedBook, limits: CardLimits) -> Lorebook:
    if book.json:
        return book_view(parsed_book(book.json, limits), Warnings(0))
    return msgspec.msgpack.decode(book.packed, type=Lorebook)


if __name__ == "__main__":
    serve(Work, done)
