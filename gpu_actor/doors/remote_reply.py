"""RemoteReply: one reply that an engine outside of Samovar makes, read on a thread of its own."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing

from actors.messages.engine import Emitted
from actors.messages.generation import EndReason
from actors.messages.reply_causes import sentence_of
from gpu_actor.doors.http import Http
from gpu_actor.doors.remote_kinds import Asked, Call, Model, RemoteKind
from gpu_actor.reply_text import ReplyText, Said
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import EngineTrouble, RemoteEngineError

log = logging.getLogger(__name__)


class RemoteReply:
    """What has come waits in `come`; `changed` guards it and all that is said of the end. What was committed
    is read like what comes, but given to nobody.
    """

    def __init__(
        self,
        slot: int,
        asked: Asked,
        text: ReplyText,
        kind: RemoteKind,
        model: Model,
        settings: EngineSettings,
        changed: threading.Condition,
        connect: Callable[[], Http],
    ) -> None:
        self.slot = slot
        self.asked = asked
        self.text = text
        self.kind = kind
        self.model = model
        self.settings = settings
        self.changed = changed
        self.connect = connect
        self.http = connect()
        self.has_ids = kind.continuation != "text"
        self.ids: list[int] = []
        self.come: deque[tuple[int, Said]] = deque()
        self.end: EndReason | None = None
        self.rest = Said()
        self.why = ""
        self.cancelled = False
        self.over = False  # the server has ended the reply by itself, or failed
        end: EndReason | None = "length" if asked.request.sampling.max_tokens < 1 else None
        for token in asked.request.committed:
            if end is None:
                self.text.add(token)
                self.ids.append(token)
                end = self.complete()
        if end is not None:
            self.http.close()
            self.finish(end, "")

    # -- on the engine's thread, with `changed` held ----------------------------------------------

    @property
    def has_something(self) -> bool:
        return bool(self.come) or self.end is not None

    def emit(self) -> Emitted | None:
        """The next id that has come, or the end."""
        generation = self.asked.request.generation
        if self.come:
            token, said = self.come.popleft()
            return Emitted(self.slot, generation, token, said.text, thought=said.thought)
        if self.end is None:
            return None
        return Emitted(
            self.slot,
            generation,
            -1,
            "",
            self.end,
            held=self.rest.text,
            held_thought=self.rest.thought,
            why=self.why,
        )

    def start(self) -> None:
        name = f"reply {self.asked.request.generation}"
        threading.Thread(target=self.read, name=name, daemon=True).start()

    def cancel(self) -> None:
        """Also while the server still reads the prompt, and says nothing."""
        self.cancelled = True
        self.http.break_off()
        self.changed.notify_all()

    # -- on the reply's thread --------------------------------------------------------------------

    def read(self) -> None:
        end: EndReason = "failed"
        why = ""
        try:
            end = self.follow()
        except EngineTrouble as error:
            if self.cancelled:
                end = "cancelled"
            else:
                why, self.over = str(error), True
        except Exception as error:  # noqa: BLE001 - whatever a server sends, its reply ends with the cause
            why, self.over = sentence_of("unreadable", f"{type(error).__name__}: {error}"), True
        finally:
            self.http.close()
            self.finish(end, why)
        if not self.over:
            self.give_up()

    def give_up(self) -> None:
        """Tell the server, where it has to be told."""
        try:
            with closing(self.connect()) as http:
                self.kind.cancel(http, self.asked)
        except EngineTrouble as error:
            log.warning("the engine goes on with a reply that nobody waits for: %s", error)

    def finish(self, end: EndReason, why: str) -> None:
        with self.changed:
            self.rest = self.text.rest()
            self.end, self.why = end, why
            self.changed.notify_all()

    def follow(self) -> EndReason:
        """Until the end of the reply, in several calls where tokens have to be put between."""
        deadline = time.monotonic() + self.settings.remote_reply_s
        end: EndReason | None = None
        while end is None:
            end = self.call(deadline)
        return end

    def call(self, deadline: float) -> EndReason | None:
        """None where the reply goes on with another call."""
        call = Call(self.asked, tuple(self.ids), self.tokens_left())
        with closing(self.kind.made(self.http, call, self.model)) as made:
            for took in made:
                for token in took.ids:
                    if end := self.take(token):
                        return end
                    if self.text.forced:
                        return self.close_thought()
                if self.cancelled:
                    return "cancelled"
                if time.monotonic() > deadline:
                    raise RemoteEngineError(
                        f"{self.http.address} took longer than engine.remote_reply_s for a reply"
                    )
                if took.end == "length" and self.has_ids and len(self.ids) - len(call.so_far) >= call.most:
                    return None  # it thought, and thoughts have room of their own
                if took.end is not None:
                    self.over = True
                    return took.end
        raise RemoteEngineError(f"{self.http.address} ended the connection in the middle of a reply")

    def close_thought(self) -> EndReason | None:
        """A thought that has reached its limit is ended on the model's behalf."""
        while self.text.forced:
            if end := self.take(self.text.forced[0]):
                return end
        return None

    def take(self, token: int) -> EndReason | None:
        """Hand the id over; the end where it is the last."""
        with self.changed:
            while len(self.come) >= self.settings.remote_waiting and not self.cancelled:
                self.changed.wait()
            if self.cancelled:
                return "cancelled"
            self.come.append((token, self.text.add(token)))
            self.ids.append(token)
            self.changed.notify_all()
        return self.complete()

    # -- how long it may be -----------------------------------------------------------------------

    def complete(self) -> EndReason | None:
        if self.text.stopped:
            return "stop"
        return "length" if self.is_full() else None

    def is_full(self) -> bool:
        sampling = self.asked.request.sampling
        if not self.has_ids:
            return (len(self.ids) + 1) * 3 > sampling.max_tokens * self.settings.remote_token_bytes
        thoughts = min(self.text.thought_tokens, sampling.max_thought_tokens)
        room = self.asked.context - len(self.asked.prompt)
        return len(self.ids) >= min(sampling.max_tokens + thoughts, room)

    def tokens_left(self) -> int:
        """Of the model, for the next call."""
        sampling = self.asked.request.sampling
        if not self.has_ids:
            # Four bytes of text are about a token.
            return max(sampling.max_tokens - len(self.ids) * 3 // 4, 1)
        thoughts = min(self.text.thought_tokens, sampling.max_thought_tokens)
        if self.text.thinking:
            thoughts = max(sampling.max_thought_tokens, thoughts)
        room = self.asked.context - len(self.asked.prompt)
        return min(sampling.max_tokens + thoughts, room) - len(self.ids)
