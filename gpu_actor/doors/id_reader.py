"""IdReader: the ids of a reply out of the events of one call to llama.cpp's server.

An event names the last token alone. Where a character spans tokens the server waits for the last of them,
and the ids of those before it are in no event; that there were some shows in its count. What they say does
come, so they are found as the tokens of just these bytes, which is nearly always one way only; of several
the one whose first tokens are longest is taken, as a tokenizer would.

The token that ends the turn comes like any other and is no part of the reply, so one without text is held
back until the next event tells.
"""

from typing import Any, NamedTuple

from actors.messages.generation import EndReason
from gpu_actor.doors.remote_kinds import items, text_of, whole
from gpu_actor.doors.server_tokenizer import ServerTokenizer
from gpu_actor.troubles import RemoteEngineError


class Read(NamedTuple):
    """`lost`: so many further tokens were made whose ids cannot be told."""

    ids: list[int]
    end: EndReason | None = None
    lost: int = 0


class IdReader:
    def __init__(self, tokenizer: ServerTokenizer) -> None:
        self.tokenizer = tokenizer
        self.count = 0  # of tokens that the server has made in this call
        self.held: list[int] = []

    def read(self, event: dict[str, Any]) -> Read:
        if event.get("stop"):
            return self.last(event)
        ids = self.ids_of(event)
        if not ids:
            return Read([])
        lost = self.lost_until(event, ids)
        if lost:
            found = self.found(text_of(event.get("content")), ids, lost)
            if not found:
                return Read(self.released(), lost=lost + len(ids))
            ids = [*found, *ids]
        ids = [*self.released(), *ids]
        if not self.tokenizer.pieces[ids[-1]]:
            self.held = [ids.pop()]
        return Read(ids)

    def last(self, event: dict[str, Any]) -> Read:
        """Of a stream the last event has no ids; of a whole answer it has all."""
        ids = [*self.released(), *self.ids_of(event)]
        lost = self.lost_until(event, self.ids_of(event))
        if event.get("stop_type") == "limit":
            return Read(ids, "length", lost)
        if event.get("stop_type") == "eos" and ids and not lost and not self.tokenizer.pieces[ids[-1]]:
            ids.pop()
        return Read(ids, "stop")

    # -- inside -----------------------------------------------------------------------------------

    def ids_of(self, event: dict[str, Any]) -> list[int]:
        ids = items(event.get("tokens"))
        if ids is None or not all(isinstance(each, int) and self.tokenizer.knows(each) for each in ids):
            raise RemoteEngineError("llama.cpp's server gave no ids of its vocabulary: update it")
        return ids

    def lost_until(self, event: dict[str, Any], ids: list[int]) -> int:
        """How many tokens were made since the last event beside those of this one."""
        before, self.count = self.count, max(whole(event.get("tokens_predicted")), self.count + len(ids))
        return self.count - before - len(ids)

    def released(self) -> list[int]:
        held, self.held = self.held, []
        return held

    def found(self, text: str, ids: list[int], count: int) -> tuple[int, ...]:
        """The ids of the `count` tokens before these, which together say the text; none where there are no
        such.
        """
        said, known = text.encode(), b"".join(self.tokenizer.pieces[token] for token in ids)
        if not said.endswith(known):
            return ()
        return next(self.tokenizer.splits(said.removesuffix(known), count), ())
