"""What the routes ask of a conversation: whose it is, and of its session that something be done."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from actors import addresses
from actors.mailbox import AskTimeoutError
from actors.messages.chat import Problem
from web import requests
from web.edge import Edge
from web.refusal import RefusedError, not_found, storage_trouble

STATUS_OF_PROBLEM = {"not_found": 404, "busy": 409, "bad_request": 400, "too_long": 400, "forbidden": 403}


async def own_conversation(edge: Edge, text: str) -> UUID:
    """The id, when it is a conversation of the one who asks. Raises RefusedError."""
    try:
        conversation = UUID(text)
    except ValueError as error:
        raise not_found() from error
    if not await edge.ownership.owns(requests.account().id, conversation):
        raise not_found()
    return conversation


async def ask_session(edge: Edge, conversation: UUID, make_message: Callable[[str], Any]) -> Any:
    """What it answers, which may be that something is durable. Raises RefusedError."""
    try:
        said = await edge.runtime.ask(addresses.session(conversation), make_message, edge.settings.ask_s)
    except AskTimeoutError as error:
        raise storage_trouble() from error
    if isinstance(said, Problem):
        raise RefusedError(STATUS_OF_PROBLEM.get(said.code, 503), said.code, said.text)
    return said
