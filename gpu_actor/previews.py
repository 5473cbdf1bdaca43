"""Previews: what an executor answers to a request for a prompt or for counts, without making a reply.

The builder and the budget are those of replies, so that a preview is the prompt that would be.
"""

from actors.messages.generation import SHORT, PromptReport
from actors.messages.preview import (
    CountTokens,
    PreviewMessage,
    PreviewPrompt,
    PromptPreviewed,
    TokensCounted,
)
from gpu_actor.engine_facts import EngineFacts
from gpu_actor.prompt.build import PromptBuilder, PromptTooLongError
from gpu_actor.prompt.condense import condensed
from gpu_actor.prompt.ingredients import Chance
from gpu_actor.troubles import EngineTrouble


def previewed(
    message: PreviewPrompt, builder: PromptBuilder, facts: EngineFacts, budget: int
) -> PromptPreviewed:
    request = message.request
    model, engine = facts.model[:SHORT], facts.engine[:SHORT]
    chance = Chance(request.conversation.hex, request.seed)
    try:
        plan = builder.build(request.turn, message.sheet, budget, chance, message.books)
    except (PromptTooLongError, EngineTrouble) as error:
        report = PromptReport((), 0, facts.context, budget, model=model, engine=engine)
        return PromptPreviewed(message.id, report, why=str(error)[:SHORT])
    trace = condensed(plan.trace)
    report = PromptReport(
        trace, len(plan.ids), facts.context, budget, model=model, engine=engine, format=plan.format
    )
    messages = tuple(PreviewMessage(each.role, each.text) for each in plan.messages)
    return PromptPreviewed(message.id, report, messages, plan.text)


def counted(message: CountTokens, builder: PromptBuilder, facts: EngineFacts) -> TokensCounted:
    model = facts.model[:SHORT]
    try:
        counts = tuple(map(builder.count, message.texts))
    except EngineTrouble as error:
        return TokensCounted(message.id, (), model, facts.context, str(error)[:SHORT])
    return TokensCounted(message.id, counts, model, facts.context)
