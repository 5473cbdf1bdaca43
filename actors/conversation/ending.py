"""Ending: the rows with which a reply ends, and the member's reply that follows it within a round. Pure."""

from typing import Literal

import msgspec
from msgspec import Struct

from actors.conversation.live_reply import LiveReply, joined
from actors.conversation.requests import Maker
from actors.conversation.turned_away import TurnedAway
from actors.messages.archive import Write
from actors.messages.chat import ReplyFinished, ShownMessage, Suggestion
from actors.messages.conversations import StoredMessage
from actors.messages.generation import End
from actors.messages.replies import AddGeneration, EndGeneration, StoredGeneration
from actors.messages.reply_causes import cause_of

EndState = Literal["done", "failed", "cancelled"]


class Ending(Struct, frozen=True):
    """How a reply ends. `more` are text and thoughts of the last `tokens` tokens, which are in no chunk; what
    is neither committed nor in `more` is lost.
    """

    state: EndState
    reason: str
    more: tuple[str, str] = ("", "")
    tokens: int = 0
    why: str = ""

    def rows(self, live: LiveReply, maker: Maker) -> "EndRows":
        """What follows it is written in the same transaction, so that a round goes on whatever happens."""
        message = self.message(live, maker)
        if message is None or self.state != "done":
            return EndRows(self, live, message, None)
        return EndRows(self, live, message, maker.follow(live.generation, message))

    def message(self, live: LiveReply, maker: Maker) -> StoredMessage | None:
        """The reply as one message. Thoughts alone make one too: somebody read them. A draft is none."""
        mine = live.generation
        if live.is_draft:
            return None
        made, thought = live.text + self.more[0], live.thoughts + self.more[1]
        if not (made or thought or (self.state == "done" and mine.continues)):
            return None
        return msgspec.structs.replace(
            maker.message(mine.parent, "assistant", mine.continues + made, None, mine.speaker),
            thoughts=joined(mine.continues_thoughts, thought),
            id=mine.message,
            generation=mine.id,
            ended=self.reason,
            tokens=len(live.committed) + self.tokens,
            seam=mine.seam,
        )


def ending_by(end: End, more: tuple[str, str], tokens: int) -> Ending:
    """As the worker says that it ended."""
    match end.reason:
        case "stop" | "length":
            return Ending("done", end.reason, more, tokens)
        case "cancelled":
            return Ending("cancelled", end.reason, more, tokens)
        case "refused" | "failed":
            return Ending("failed", end.reason, more, tokens, end.why)


class EndRows(Struct, frozen=True):
    ending: Ending
    live: LiveReply
    message: StoredMessage | None
    follows: StoredGeneration | None

    def writes(self) -> tuple[Write, ...]:
        ended = self.ending
        follows = (AddGeneration(self.follows),) if self.follows is not None else ()
        mine = self.live.generation.id
        end = EndGeneration(mine, ended.state, ended.reason, self.message, ended.why, self.draft)
        return (end, *follows)

    def told(self, shown: ShownMessage | None) -> ReplyFinished:
        """As the readers hear of it."""
        mine, ended = self.live.generation, self.ending
        away = self.live.turned_away or TurnedAway(ended.reason, ended.why)
        cause, facts = cause_of(ended.why)
        return ReplyFinished(
            conversation=mine.conversation,
            generation=mine.id,
            reason=ended.reason,
            message=shown,
            why=ended.why,
            limit=away.limit,
            again_ms=away.again_ms,
            suggestion=Suggestion(mine.id, self.draft) if self.draft else None,
            cause=cause,
            facts=facts,
        )

    @property
    def draft(self) -> str:
        """What was written for the user to say, with what it goes on from; "": nothing more than that."""
        made = self.live.text + self.ending.more[0] if self.live.is_draft else ""
        return self.live.generation.continues + made if made.strip() else ""
