"""RemoteExecutor: replies that an engine outside of Samovar makes, in the steps of the GPU actor.

Each reply is one streaming call, read on a thread of its own; a step takes from each reply at most one
piece of text of what has come. The pieces travel as ids that hold their text (text_ids.py), so that a
reply that is taken up again goes on from its text. It does not go on exactly: the engine draws other
numbers, and may cut the text into other tokens. `facts.continuation` says "text".

A call that breaks ends its reply as failed, with the cause; it is not begun again by itself.
"""

import hashlib
import os
import threading
import time
from collections import deque
from pathlib import Path

from actors.messages.engine import Admit, Admitted, Emitted, NotAdmitted, Release, Step, Stepped
from actors.messages.generation import EndReason, GenerateReply
from gpu_actor.doors.http import Http, HttpLimits, is_loopback
from gpu_actor.doors.remote_kinds import (
    Asked,
    KoboldCpp,
    LlamaServer,
    Model,
    OpenAi,
    RemoteKind,
    template_of,
)
from gpu_actor.doors.text_ids import TextDetokenizer, TextTokenizer, id_bytes, ids_text, text_ids
from gpu_actor.executor import EngineFacts
from gpu_actor.prompt.build import PromptBuilder, PromptTooLongError
from gpu_actor.prompt.template import ChatMessage, ChatTemplate, Part
from gpu_actor.reply_text import ReplyText
from gpu_actor.settings import EngineSettings
from gpu_actor.thought_tags import GUESS, marks_of
from gpu_actor.troubles import ChatTemplateError, EngineTrouble, RemoteEngineError

WAIT_S = 0.05
"""Most time a step waits for an engine's next words: a cancel and a new reply wait no longer."""


class Recorded(ChatTemplate):
    """Keeps what the last prompt was made of."""

    def __init__(self, template: ChatTemplate) -> None:
        self.inner = template
        self.hash = template.hash
        self.messages: list[ChatMessage] = []
        self.last: list[Part] = []

    def parts(self, messages: list[ChatMessage], now_ms: int) -> list[Part]:
        self.messages = messages
        self.last = self.inner.parts(messages, now_ms)
        return [*self.last]


class RemoteReply:
    """A reply under way. What has come waits in `ids`; `lock` guards it and what is said of the end."""

    def __init__(self, slot: int, asked: Asked, text: ReplyText, most_waiting: int) -> None:
        self.slot = slot
        self.asked = asked
        self.text = text
        self.most_waiting = most_waiting
        self.ids: deque[int] = deque()
        self.end: EndReason | None = None
        self.why = ""
        self.cancelled = False


class RemoteExecutor:
    """`key`: for the engine, "" for none."""

    def __init__(
        self, kind: RemoteKind, address: str, key: str, model: Model, settings: EngineSettings, why: str
    ) -> None:
        self.kind = kind
        self.address = address
        self.key = key
        self.model = model
        self.limits = limits_of(settings)
        self.settings = settings
        self.tokenizer = TextTokenizer()
        self.template = Recorded(template_of(model))
        name = f"{model.engine} {model.name} {model.context} {model.template}"
        context = min(settings.context, model.context) if model.context else settings.context
        self.facts = EngineFacts(
            engine=f"{model.engine} at {address}",
            model=model.name,
            model_hash=hashlib.sha256(name.encode()).hexdigest(),
            slots=min(settings.slots, model.slots) if model.slots else settings.slots,
            context=context,
            demonstration=False,
            numerics="its own",
            threads=0,
            continuation="text",
            why=why,
        )
        self.marks = None if settings.thoughts == "off" else marks_of(GUESS, self.tokenizer)
        self.builder = PromptBuilder(self.tokenizer, self.template, self.facts.model_hash)
        self.replies: dict[int, RemoteReply] = {}
        self.changed = threading.Condition()

    # -- the executor -------------------------------------------------------------------------

    def admit(self, message: Admit) -> Admitted | NotAdmitted:
        request = message.request
        if not 0 <= message.slot < self.facts.slots:
            raise ValueError(f"there is no slot {message.slot}")
        self.release(Release(message.slot))

        def refuse(why: str) -> NotAdmitted:
            return NotAdmitted(request.generation, request.attempt, why)

        if request.model and request.model != self.facts.model_hash:
            return refuse("the reply was begun with another model than this one")
        reserve = min(max(request.sampling.max_tokens, 1), self.facts.context // 2)
        try:
            plan = self.builder.build(request.turn, message.sheet, self.facts.context - reserve)
            reply = self.reply_of(message.slot, request)
        except ValueError:
            return refuse("the reply so far holds tokens that are no text: another engine began it")
        except (PromptTooLongError, ChatTemplateError) as error:
            return refuse(str(error))
        if request.prompt_digest and request.prompt_digest != plan.digest:
            return refuse("the prompt differs from the one that the reply was begun with")
        self.replies[message.slot] = reply
        if reply.end is None:
            name = f"reply {request.generation}"
            threading.Thread(target=self.read, args=(reply,), name=name, daemon=True).start()
        return Admitted(
            request.generation,
            request.attempt,
            self.facts.model_hash,
            plan.digest,
            prompt_tokens=len(plan.ids),
            to_prefill=0,
            to_replay=0,
            trace=plan.trace,
        )

    def reply_of(self, slot: int, request: GenerateReply) -> RemoteReply:
        """ValueError where what is committed is no text."""
        sampling, committed = request.sampling, request.committed
        for token in committed:
            id_bytes(token)
        begun = request.turn.continue_text
        asked = Asked(
            request,
            self.template.messages,
            self.template.last,
            begun + ids_text(committed),
            # Four bytes of text are about a token.
            max(sampling.max_tokens - len(committed) * 3 // 4, 1),
            self.facts.context,
        )
        text = ReplyText(TextDetokenizer(), sampling.stop, self.marks, begun=bool(begun))
        reply = RemoteReply(slot, asked, text, self.settings.remote_waiting)
        for token in committed:
            text.add(token)
        if text.stopped:
            reply.end = "stop"
        elif sampling.max_tokens < 1:
            reply.end = "length"
        return reply

    def step(self, message: Step) -> Stepped:
        begun = time.perf_counter()
        replies = [self.replies[slot] for slot in message.decode]
        with self.changed:
            if replies and not any(reply.ids or reply.end for reply in replies):
                self.changed.wait(WAIT_S)
            emitted = [each for reply in replies if (each := self.emit(reply)) is not None]
            self.changed.notify_all()
        return Stepped(message.number, 0, tuple(emitted), (), time.perf_counter() - begun)

    def emit(self, reply: RemoteReply) -> Emitted | None:
        generation = reply.asked.request.generation
        if reply.ids:
            token = reply.ids.popleft()
            said = reply.text.add(token)
            end: EndReason | None = "stop" if reply.text.stopped else None
            if end:
                reply.cancelled = True
            return Emitted(reply.slot, generation, token, said.text, end or "", thought=said.thought)
        if reply.end is None:
            return None
        rest = reply.text.rest()
        return Emitted(
            reply.slot,
            generation,
            -1,
            "",
            reply.end,
            held=rest.text,
            held_thought=rest.thought,
            why=reply.why,
        )

    def release(self, message: Release) -> None:
        reply = self.replies.pop(message.slot, None)
        if reply is not None:
            with self.changed:
                reply.cancelled = True
                self.changed.notify_all()

    # -- on the reply's thread ----------------------------------------------------------------

    def read(self, reply: RemoteReply) -> None:
        http = Http(self.address, self.key, self.limits)
        end: EndReason = "failed"
        why = ""
        try:
            end, why = self.follow(reply, http)
            if reply.cancelled:
                self.kind.cancel(http, reply.asked)
        except EngineTrouble as error:
            end, why = "failed", str(error)
        except Exception as error:  # noqa: BLE001 - whatever a server sends, its reply ends with the cause
            end, why = "failed", f"the engine's answer cannot be read: {type(error).__name__}: {error}"
        finally:
            http.close()
            with self.changed:
                reply.end, reply.why = end, why
                self.changed.notify_all()

    def follow(self, reply: RemoteReply, http: Http) -> tuple[EndReason, str]:
        """Until the end of the reply; what comes is handed over piece by piece."""
        deadline = time.monotonic() + self.settings.remote_reply_s
        most = max(reply.asked.max_tokens, 1) * self.settings.remote_token_bytes
        thinking, came_bytes = False, 0
        body = self.kind.body(http, reply.asked, self.model)
        with http.stream(self.kind.path, body) as events:
            for data in events:
                if reply.cancelled:
                    return "cancelled", ""
                if time.monotonic() > deadline:
                    raise RemoteEngineError(
                        f"{self.address} took longer than engine.remote_reply_s for a reply"
                    )
                came = self.kind.read(data)
                if came is None:
                    continue
                text = came.text
                if came.thought and not thinking:
                    text, thinking = f"{GUESS.open}{came.thought}", True
                elif came.thought:
                    text = came.thought
                elif thinking and (came.text or came.end):
                    text, thinking = f"{GUESS.close}{came.text}", False
                came_bytes += len(text)
                if came_bytes > most:
                    return "length", ""
                self.hand_over(reply, text)
                if came.end is not None:
                    return came.end, ""
        raise RemoteEngineError(f"{self.address} ended the connection in the middle of a reply")

    def hand_over(self, reply: RemoteReply, text: str) -> None:
        with self.changed:
            while len(reply.ids) > reply.most_waiting and not reply.cancelled:
                self.changed.wait()
            reply.ids += text_ids(text)
            self.changed.notify_all()


# -- loading --------------------------------------------------------------------------------------


def kind_of(settings: EngineSettings, http: Http) -> tuple[RemoteKind, Model]:
    """The kind that the settings name, or the first that the server is."""
    kinds: dict[str, RemoteKind] = {
        "llama.cpp": LlamaServer(),
        "koboldcpp": KoboldCpp(),
        "openai": OpenAi(settings.remote_model),
    }
    if settings.remote_kind != "auto":
        kind = kinds[settings.remote_kind]
        return kind, kind.look(http)
    # KoboldCpp imitates both others.
    for name in ("koboldcpp", "llama.cpp", "openai"):
        try:
            return kinds[name], kinds[name].look(http)
        except RemoteEngineError as error:
            trouble = error
            if "cannot be reached" in str(error):
                raise
    raise trouble


def load_remote(settings: EngineSettings, why: str = "") -> RemoteExecutor:
    """The engine at `engine.remote`. RemoteEngineError says why not."""
    address = settings.remote.rstrip("/").removesuffix("/v1")
    http = Http(address, remote_key(settings), limits_of(settings))
    try:
        kind, model = kind_of(settings, http)
    finally:
        http.close()
    where = "" if is_loopback(address) else " on another machine: what is written goes there"
    why = why or f"engine.remote names it{where}"
    return RemoteExecutor(kind, address, remote_key(settings), model, settings, why)


def remote_key(settings: EngineSettings) -> str:
    """From the file that the settings name, else from SAMOVAR_REMOTE_KEY."""
    if not settings.remote_key_file:
        return os.environ.get("SAMOVAR_REMOTE_KEY", "")
    try:
        return Path(settings.remote_key_file).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RemoteEngineError(f"engine.remote_key_file cannot be read: {error}") from error


def limits_of(settings: EngineSettings) -> HttpLimits:
    return HttpLimits(settings.remote_connect_s, settings.remote_silence_s)
