"""Materials: what prompts are made of and never changes, as the link keeps it: characters and lorebooks,
those that were used last. Pure.
"""

from collections import OrderedDict
from uuid import UUID

from msgspec.structs import replace

from actors import addresses
from actors.effects import Send
from actors.messages.generation import CharacterSheet, GenerateReply, SheetMissing, SheetWanted, Turn
from actors.messages.lore import BookMissing, BookSheet, BookWanted
from actors.messages.reply_causes import sentence_of
from actors.settings import LinkSettings

NO_CHARACTER = sentence_of("no_character")
NO_BOOK = sentence_of("no_lorebook")


class Materials:
    def __init__(self, settings: LinkSettings) -> None:
        self.settings = settings
        self.sheets: OrderedDict[UUID, CharacterSheet] = OrderedDict()
        self.books: OrderedDict[UUID, BookSheet] = OrderedDict()
        self.book_bytes = 0

    def wanted(self, turn: Turn) -> list[Send]:
        """Questions for what the turn needs and is not here."""
        asks = [
            Send(addresses.character(character), SheetWanted(character))
            for character in characters(turn)
            if character not in self.sheets
        ]
        return asks + [
            Send(addresses.lorebook(book), BookWanted(book)) for book in turn.books if book not in self.books
        ]

    def used(self, turn: Turn) -> tuple[CharacterSheet, tuple[BookSheet, ...]]:
        """What the turn needs; all of it must be here."""
        for character in characters(turn):
            self.sheets.move_to_end(character)
        for book in turn.books:
            self.books.move_to_end(book)
        return self.sheets[turn.character], tuple(self.books[book] for book in turn.books)

    def joined(self, request: GenerateReply) -> GenerateReply:
        """With what the members of a group are like, where they are to be told of each other."""
        turn = request.turn
        if not turn.joined:
            return request
        members = tuple(
            replace(member, description=sheet.description, personality=sheet.personality)
            for member in turn.members
            for sheet in (self.sheets[member.character],)
        )
        return replace(request, turn=replace(turn, members=members))

    def keep(self, came: CharacterSheet | BookSheet, waiting: list[Turn]) -> None:
        """What the `waiting` turns need is not given up for it."""
        if isinstance(came, CharacterSheet):
            self.sheets[came.character] = came
            wanted = {came.character}.union(*(characters(turn) for turn in waiting))
            for sheet in [sheet for sheet in self.sheets if sheet not in wanted]:
                if len(self.sheets) <= self.settings.sheets:
                    break
                del self.sheets[sheet]
            return
        before = self.books.pop(came.book, None)
        self.books[came.book] = came
        self.book_bytes += len(came.packed) - (len(before.packed) if before else 0)
        needed = {came.book}.union(*(turn.books for turn in waiting))
        for book in [book for book in self.books if book not in needed]:
            if self.book_bytes <= self.settings.book_bytes:
                break
            self.book_bytes -= len(self.books.pop(book).packed)


def characters(turn: Turn) -> tuple[UUID, ...]:
    """Whose sheets the turn needs, each once."""
    others = (member.character for member in turn.members) if turn.joined else ()
    return tuple(dict.fromkeys((turn.character, *others)))


def missed(turn: Turn, missing: SheetMissing | BookMissing) -> str:
    """Why the turn cannot be, for people; "" where it does not need what is missing."""
    if isinstance(missing, SheetMissing):
        return NO_CHARACTER if missing.character in characters(turn) else ""
    return NO_BOOK if missing.book in turn.books else ""
