"""REST of prompts: how a message came about, what the next prompt would be, and what texts cost."""

from typing import Any, cast
from uuid import UUID

import msgspec
from quart import Quart, Response

from actors.character.macros import expand_names
from actors.character.sheet import card_of
from actors.conversation.chosen import persona_of, sampling_of, with_choices
from actors.conversation.shelf import Shelf
from actors.mailbox import AskTimeoutError
from actors.messages.accounts import AccountRow
from actors.messages.choices import Chosen
from actors.messages.generation import (
    CharacterSheet,
    Circumstances,
    GenerateReply,
    Sampling,
    Turn,
    TurnMessage,
)
from actors.messages.preview import AskTurn, NextTurn
from actors.messages.replies import ReplyTrace
from web import requests
from web.ask_session import ask_session, own_conversation
from web.edge import Edge
from web.library.bench import BusyError
from web.library.work import CardRead, CardRefused, ReadWork
from web.prompts import MaterialMissingError, Ready, part
from web.protocol.prompts import MessageTrace, NextPrompt, PromptWish, SamplerSetting, TextsToCount
from web.refusal import RefusedError, not_found, storage_trouble
from web.rest_library import busy, greetings, id_of, refused_card

COUNTS = "/api/prompts/counts"
PREVIEW = "/api/prompts/preview"
NO_ID = UUID(int=0)
ALWAYS_TOLD = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "max_tokens")


def add_prompt_routes(app: Quart, edge: Edge) -> None:
    prompts, limits = edge.prompts, edge.settings

    @app.get("/api/conversations/<conversation_id>/messages/<message_id>/trace")
    async def message_trace(conversation_id: str, message_id: str) -> Response:
        conversation = await own_conversation(edge, conversation_id)
        trace = await edge.records.trace(conversation, id_of(message_id))
        if trace is None:
            raise RefusedError(404, "no_trace", "How this message came about was not kept.")
        return requests.answer(told(trace))

    @app.post("/api/conversations/<conversation_id>/prompt")
    async def next_prompt(conversation_id: str) -> Response:
        wish = await requests.body(NextPrompt)
        conversation, account = await own_conversation(edge, conversation_id), allowed()
        turn: NextTurn = await ask_session(edge, conversation, lambda to: AskTurn(wish.text, to))
        try:
            ready = await prompts.ready(turn.request)
        except AskTimeoutError as error:
            raise storage_trouble() from error
        except MaterialMissingError as error:
            raise not_found() from error
        return requests.answer(await prompts.preview(account, ready))

    @app.post(PREVIEW)
    async def preview_prompt() -> Response:
        wish, account = await requests.body(PromptWish), allowed()
        sheet = await sheet_of(wish, account)
        version = wish.character_version or NO_ID
        chosen = await edge.choosing.for_new(account.id, version, None)
        persona = persona_of(chosen)
        name = persona.name if persona is not None else account.name
        turn = turn_of(wish, sheet, name, edge.world.utc_ms())
        shelf = Shelf(await edge.records.shelf(account.id), edge.lore_bytes)
        turn = with_own(turn, version, chosen, shelf)
        sampling = sampling_of(chosen, edge.choosing.usual)
        request = GenerateReply(edge.world.new_id(), NO_ID, account.id, turn, sampling, 0)
        try:
            books = await prompts.books(turn)
        except AskTimeoutError as error:
            raise storage_trouble() from error
        except MaterialMissingError as error:
            raise not_found() from error
        return requests.answer(await prompts.preview(account, Ready(request, sheet, books)))

    @app.post(COUNTS)
    async def count_tokens() -> Response:
        texts = (await requests.body(TextsToCount)).texts
        account = allowed()
        if len(texts) > limits.counted_texts:
            most = limits.counted_texts
            raise RefusedError(400, "bad_request", f"At most {most} texts at once.", limit=most)
        return requests.answer(await prompts.counts(account, texts))

    def allowed() -> AccountRow:
        account = requests.account()
        if not edge.previews.take(account.id.hex, edge.world.monotonic_s()):
            raise RefusedError(429, "too_many", "Too many prompts at once: wait a moment.", 5)
        return account

    async def sheet_of(wish: PromptWish, account: AccountRow) -> CharacterSheet:
        if wish.card:
            return await read(wish.card)
        found = None
        if wish.character_version is not None:
            found = await edge.records.character(wish.character_version, account.id)
        if found is None:
            raise not_found()
        return found.sheet

    async def read(card: str) -> CharacterSheet:
        """In the workshop, as every card."""
        bench = edge.library.bench
        settings = bench.settings
        work = ReadWork(card.encode(), bench.limits, settings.sheet_bytes, settings.picture_pixels)
        try:
            answer = await bench.do(work)
        except BusyError as error:
            raise busy() from error
        if isinstance(answer, CardRefused):
            raise refused_card(answer)
        return cast("CardRead", answer).sheet

    _ = message_trace, next_prompt, preview_prompt, count_tokens


def turn_of(wish: PromptWish, sheet: CharacterSheet, name: str, now_ms: int) -> Turn:
    """The talk of the wish, or the greeting that would begin one."""
    card, user = card_of(sheet), wish.user_name or name
    texts = greetings(sheet)
    greeting = wish.greeting if 0 <= wish.greeting < len(texts) else -1
    history = tuple(TurnMessage(each.role, each.text) for each in wish.history)
    if not history and greeting >= 0:
        text = expand_names(texts[greeting], card.nickname or card.name, user)
        history = (TurnMessage("assistant", text),)
    return Turn(
        sheet.character,
        user,
        history,
        persona=wish.persona,
        now_ms=now_ms,
        circumstances=Circumstances(greeting=greeting),
    )


def with_own(turn: Turn, version: UUID, chosen: Chosen, shelf: Shelf) -> Turn:
    """With what the user would bring into a conversation with that version: persona, note, instructions, the
    format of the prompt, lorebooks.
    """
    persona = persona_of(chosen)
    said = sum(message.role == "user" for message in turn.history)
    return msgspec.structs.replace(
        turn,
        persona=turn.persona or (persona.description if persona is not None else ""),
        circumstances=with_choices(turn.circumstances, chosen, said),
        books=shelf.in_use(NO_ID, version, persona.id if persona is not None else None),
    )


def told(trace: ReplyTrace) -> MessageTrace:
    report = trace.report
    return MessageTrace(
        parts=tuple(map(part, report.parts)),
        prompt_tokens=report.prompt_tokens,
        reused=report.reused,
        cloned=report.cloned,
        context=report.context,
        budget=report.budget,
        model=report.model,
        engine=report.engine,
        format=report.format,
        sampling=settings_of(trace.sampling),
        tokens=trace.tokens,
        speed=round(trace.measured / trace.writing_s, 2) if trace.writing_s else 0.0,
        reading_s=trace.reading_s,
        attempts=trace.attempts,
    )


def settings_of(sampling: Sampling) -> tuple[SamplerSetting, ...]:
    """What everybody asks for, and whatever else is not as usual."""
    usual = Sampling()
    found: list[SamplerSetting] = []
    for field in msgspec.structs.fields(sampling):
        value = getattr(sampling, field.name)
        if field.name in ALWAYS_TOLD or value != getattr(usual, field.name):
            found.append(SamplerSetting(field.name, shown(value)))
    return tuple(found)


def shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
