"""Trials: what would fire in a lorebook, on a text or in a conversation as it stands."""

from typing import NamedTuple, cast

import msgspec

from actors.character.card import Card
from actors.character.lore_keys import Line
from actors.character.lore_scene import LoreLimits
from actors.character.sheet import card_of
from actors.conversation.chosen import persona_of
from actors.conversation.message_tree import MessageTree
from actors.conversation.shelf import Shelf
from actors.messages.archive import ConversationState
from actors.messages.choices import Persona
from web.library.bench import Bench
from web.library.work import CardRefused
from web.lore.books import BookTrouble
from web.lore.work import LoreTried, TriedBook, TryLore
from web.protocol.lorebooks import LoreTrial, LoreTrialResult, TrialBook, TrialLine
from web.records import Records

NEWEST = 400
"""Messages of a conversation that a trial looks at: no entry scans deeper in earnest."""
CARDS_BOOK = "the character's book"


class Speaker(NamedTuple):
    """Who the user is."""

    name: str
    description: str = ""


class Trials:
    """`bench` runs the workshop of lorebooks; `lore_bytes`: SessionSettings.lore_bytes."""

    def __init__(self, records: Records, bench: Bench, lore: LoreLimits, lore_bytes: int) -> None:
        self.records = records
        self.bench = bench
        self.lore = lore
        self.lore_bytes = lore_bytes

    async def on_text(self, asked: LoreTrial, card: Card, user_name: str) -> LoreTrialResult:
        """The book alone. Raises BookTrouble, BusyError."""
        lines = tuple(Line(line.role, line.text) for line in asked.lines[-NEWEST:])
        edited = TriedBook(CARDS_BOOK if asked.of_card else "the book", json=bytes(asked.book))
        shown = (TrialBook(edited=True, lorebook=asked.lorebook),)
        return await self.run(asked, (edited,), shown, lines, card, Speaker(user_name), "trial")

    async def in_conversation(self, asked: LoreTrial, state: ConversationState) -> LoreTrialResult:
        """The book among all that count there, in its place. Raises BookTrouble, BusyError."""
        talk = state.conversation
        tree = MessageTree(talk.root)
        for message in state.messages:
            tree.add(message)
        lines = tuple(Line(message.role, message.body) for message in tree.path(talk.head)[-NEWEST:])
        found = await self.records.character(talk.character_version, talk.user)
        card = card_of(found.sheet) if found is not None else Card()
        persona = persona_of(state.chosen)
        books, shown = await self.books(asked, state, card, persona)
        user = Speaker(persona.name, persona.description) if persona is not None else Speaker(talk.user_name)
        return await self.run(asked, books, shown, lines, card, user, talk.id.hex)

    async def books(
        self, asked: LoreTrial, state: ConversationState, card: Card, persona: Persona | None
    ) -> tuple[tuple[TriedBook, ...], tuple[TrialBook, ...]]:
        edited = TriedBook("the book", json=bytes(asked.book))
        itself = TrialBook(edited=True, lorebook=asked.lorebook)
        found: list[tuple[TriedBook, TrialBook]] = []
        if asked.of_card:
            found.append((edited, itself))
        elif card.book is not None:
            packed = msgspec.msgpack.encode(card.book)
            found.append((TriedBook(CARDS_BOOK, packed=packed), TrialBook(name=card.book.name, of_card=True)))
        talk = state.conversation
        taken, _ = Shelf(state.shelf, self.lore_bytes).chosen(
            talk.id, talk.character_version, persona.id if persona is not None else None
        )
        for each in taken:
            if each.book == asked.lorebook:
                found.append((edited, itself))
            elif (sheet := await self.records.book(each.version)) is not None:
                book = TriedBook(f"the book “{sheet.name}”", packed=sheet.packed)
                found.append((book, TrialBook(name=sheet.name, lorebook=each.book)))
        if all(book is not edited for book, _ in found):
            found.append((edited, itself))
        return tuple(book for book, _ in found), tuple(shown for _, shown in found)

    async def run(
        self,
        asked: LoreTrial,
        books: tuple[TriedBook, ...],
        shown: tuple[TrialBook, ...],
        lines: tuple[Line, ...],
        card: Card,
        user: Speaker,
        talk: str,
    ) -> LoreTrialResult:
        work = TryLore(
            books=books,
            lines=lines,
            card=card,
            user_name=user.name,
            persona=user.description,
            talk=talk,
            seed=asked.seed,
            greeting=-1,
            lore=self.lore,
            limits=self.bench.limits,
        )
        answer = await self.bench.do(work)
        if isinstance(answer, CardRefused):
            raise BookTrouble(answer.why)
        result = cast("LoreTried", answer).result
        return LoreTrialResult(
            books=shown,
            entries=result.entries,
            troubles=result.troubles,
            lines=tuple(TrialLine(line.role, line.text) for line in lines),
            tokens=result.tokens,
            budget=result.budget,
        )
