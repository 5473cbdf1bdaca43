"""Negative controls: bugs planted in the web process, each of which the checker must catch.

One token in fifty is damaged when it has arrived at its session, before it is stored and shown.
"""

from collections.abc import Callable
from uuid import UUID

from msgspec.structs import replace

from actors.conversation.live_reply import LiveReply
from actors.messages.generation import End, Token

EVERY, AT = 50, 25


def drop(token: Token) -> Token:
    return replace(token, text="") if token.seq % EVERY == AT else token


def duplicate(token: Token) -> Token:
    return replace(token, text=token.text * 2) if token.seq % EVERY == AT else token


def alter(token: Token) -> Token:
    return replace(token, text=f"x{token.text[1:]}") if token.seq % EVERY == AT else token


kept: dict[UUID, str] = {}


def reorder(token: Token) -> Token:
    """Its text comes behind that of the next one."""
    if token.seq % EVERY == AT:
        kept[token.generation] = token.text
        return replace(token, text="")
    if token.seq % EVERY == AT + 1 and token.generation in kept:
        return replace(token, text=token.text + kept[token.generation])
    return token


CONTROLS: dict[str, Callable[[Token], Token]] = {
    "drop": drop,
    "duplicate": duplicate,
    "reorder": reorder,
    "alter": alter,
}


def plant(name: str) -> None:
    honest, damage = LiveReply.take, CONTROLS[name]

    def take(self: LiveReply, frame: Token | End) -> None:
        honest(self, damage(frame) if isinstance(frame, Token) else frame)

    LiveReply.take = take
