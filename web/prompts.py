"""Prompts: what the edge asks of a GPU box about prompts, and what it says itself where none answers."""

from collections.abc import Callable
from typing import Any, cast

from msgspec import Struct

from actors.addresses import PREVIEWS, lorebook
from actors.character.sheet import card_of
from actors.effects import Send
from actors.link_materials import Materials
from actors.mailbox import AskTimeoutError, Runtime
from actors.messages.accounts import AccountRow
from actors.messages.generation import CharacterSheet, GenerateReply, PromptTrace, Turn
from actors.messages.lore import BookSheet, BookWanted
from actors.messages.preview import (
    AskCounts,
    AskPreview,
    NoPreview,
    PromptPreviewed,
    TokensCounted,
)
from actors.settings import LinkSettings
from web.estimate import parts_of, tokens_of
from web.protocol.prompts import PromptMessage, PromptPart, PromptPreview, TokenCounts


class MaterialMissingError(Exception):
    """The character or a lorebook of the conversation is there no more."""


class Ready(Struct, frozen=True):
    """A request, with all that its prompt is made of."""

    request: GenerateReply
    sheet: CharacterSheet
    books: tuple[BookSheet, ...] = ()


class Prompts:
    """`deadline_s`: what takes longer is given up; a box has its own deadline before (actors/previews.py).
    `most_bytes`: of a character with its lorebooks; for more there is an estimate.
    """

    def __init__(self, runtime: Runtime, ask_s: float, deadline_s: float, most_bytes: int) -> None:
        self.runtime = runtime
        self.ask_s = ask_s
        self.deadline_s = deadline_s
        self.most_bytes = most_bytes

    async def counts(self, account: AccountRow, texts: tuple[str, ...]) -> TokenCounts:
        answer = await self.ask(lambda to: AskCounts(account.id, texts, to))
        if isinstance(answer, TokensCounted) and len(answer.counts) == len(texts):
            return TokenCounts(answer.counts, exact=True, model=answer.model, context=answer.context)
        why = answer.why if isinstance(answer, NoPreview) else "failed"
        return TokenCounts(tuple(map(tokens_of, texts)), exact=False, why=why)

    async def preview(self, account: AccountRow, ready: Ready) -> PromptPreview:
        request, sheet, books = ready.request, ready.sheet, ready.books
        if len(sheet.card) + sum(len(book.packed) for book in books) > self.most_bytes:
            return estimated(sheet, request.turn, "large")
        answer = await self.ask(lambda to: AskPreview(account.id, request, sheet, books, to))
        if isinstance(answer, PromptPreviewed):
            return shown(answer)
        why = answer.why if isinstance(answer, NoPreview) else "failed"
        return estimated(sheet, request.turn, why)

    async def ask(self, make_message: Callable[[str], AskCounts | AskPreview]) -> Any:
        """What a box says, or NoPreview."""
        try:
            return await self.runtime.ask(PREVIEWS, make_message, self.deadline_s)
        except AskTimeoutError:
            return NoPreview("late")

    async def ready(self, request: GenerateReply) -> Ready:
        """As the link of a GPU box makes it ready. Raises MaterialMissingError, AskTimeoutError."""
        materials = Materials(LinkSettings())
        for question in materials.wanted(request.turn):
            answer = await self.fetch(question)
            materials.keep(answer, [request.turn])
        sheet, books = materials.used(request.turn)
        return Ready(materials.joined(request), sheet, books)

    async def books(self, turn: Turn) -> tuple[BookSheet, ...]:
        """Those that the turn names. Raises MaterialMissingError, AskTimeoutError."""
        asks = [Send(lorebook(book), BookWanted(book)) for book in turn.books]
        return tuple([cast("BookSheet", await self.fetch(ask)) for ask in asks])

    async def fetch(self, question: Send) -> CharacterSheet | BookSheet:
        answer = await self.runtime.ask(question.to, lambda _: question.message, self.ask_s)
        if not isinstance(answer, CharacterSheet | BookSheet):
            raise MaterialMissingError(question.to)
        return answer


def shown(answer: PromptPreviewed) -> PromptPreview:
    report = answer.report
    return PromptPreview(
        exact=True,
        trouble=answer.why,
        model=report.model,
        engine=report.engine,
        context=report.context,
        budget=report.budget,
        tokens=report.prompt_tokens,
        parts=tuple(map(part, report.parts)),
        messages=tuple(PromptMessage(each.role, each.text) for each in answer.messages),
        text=answer.text,
        format=report.format,
    )


def estimated(sheet: CharacterSheet, turn: Turn, why: str) -> PromptPreview:
    parts = parts_of(card_of(sheet), turn)
    tokens = sum(each.tokens for each in parts)
    return PromptPreview(exact=False, why=why, tokens=tokens, parts=tuple(map(part, parts)))


def part(line: PromptTrace) -> PromptPart:
    return PromptPart(
        kind=line.kind or "other",
        source=line.source,
        tokens=line.tokens,
        kept=line.kept,
        why=line.why,
        entry=line.entry,
        key=line.key,
        said=line.said,
        excerpt=line.excerpt,
        count=line.count,
        reason=line.reason,
        role=line.role,
    )
