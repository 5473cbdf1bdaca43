"""NextTurn: what the next reply would be asked for with, so that its prompt can be shown. Pure."""

from uuid import UUID

from actors.conversation.live_reply import LiveReply
from actors.conversation.requests import Maker, refusal
from actors.conversation.turn import request_of
from actors.messages.chat import Problem, SendText, Speak
from actors.messages.conversations import StoredSummary
from actors.messages.preview import AskTurn, NextTurn

NO_KEY = UUID(int=0)


def next_turn(maker: Maker, asked: AskTurn, summary: StoredSummary | None) -> NextTurn | Problem:
    """As if the text were sent now; without one, as if somebody were asked to speak. `summary` stands on the
    way to it.
    """
    conversation, tree, settings = maker.conversation, maker.tree, maker.settings
    text = asked.text.strip()
    request = SendText(conversation.id, NO_KEY, text) if text else Speak(conversation.id, NO_KEY)
    refused = refusal(conversation, tree, request, settings.text_limit)
    if refused is not None:
        return Problem(*refused, conversation.id)
    made = maker.made(request)
    if made.generation is None:
        return Problem("bad_request", "Nobody would answer.", conversation.id)
    if made.message is not None:
        tree = tree.with_message(made.message)
    live = LiveReply(made.generation, (), "")
    return NextTurn(request_of(conversation, tree, live, settings, summary))
