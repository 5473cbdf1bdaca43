"""RemoteExecutor: replies that an engine outside of Samovar makes, in the steps of the GPU actor.

Each reply is read on a thread of its own (remote_reply.py); a step takes from each at most one id of what
has come. With llama.cpp's server the ids are those of its vocabulary, and a reply that is taken up again goes
on from them; with the others they are pieces of text that hold their text (text_ids.py). How truly it goes
on either way stands in `facts.continuation`.

A call that breaks ends its reply as failed, with the cause; it is not begun again by itself.
"""

import hashlib
import os
import threading
import time
from contextlib import closing
from pathlib import Path

import msgspec

from actors.character.lore_scene import LoreLimits
from actors.messages.engine import Admit, Admitted, NotAdmitted, Release, Step, Stepped
from actors.messages.generation import GenerateReply
from actors.messages.preview import CountTokens, PreviewPrompt, PromptPreviewed, TokensCounted
from actors.messages.reply_causes import sentence_of
from actors.sampling_limits import unfit_sampling
from gpu_actor.doors.http import Http, HttpLimits, is_loopback
from gpu_actor.doors.koboldcpp import KoboldCpp
from gpu_actor.doors.llama_server import LlamaServer
from gpu_actor.doors.openai_server import OpenAi
from gpu_actor.doors.remote_kinds import Asked, Model, RemoteKind, template_of
from gpu_actor.doors.remote_reply import RemoteReply
from gpu_actor.engine_facts import EngineFacts
from gpu_actor.previews import counted, previewed
from gpu_actor.prompt.build import PromptBuilder, PromptPlan, PromptTooLongError
from gpu_actor.prompt.condense import condensed
from gpu_actor.prompt.group import mark_of, stops_of
from gpu_actor.prompt.ingredients import Chance
from gpu_actor.prompt.instruct import ends_of
from gpu_actor.reply_text import ReplyText
from gpu_actor.settings import EngineSettings
from gpu_actor.thought_tags import GUESS, marks_of, tags_in_use
from gpu_actor.troubles import EngineTrouble, RemoteEngineError

VOCABULARY_BYTES = 1 << 27
"""Most of an answer with a whole vocabulary: about a hundred bytes a token."""

WAIT_S = 0.05
"""Most time a step waits for an engine's next words: a cancel and a new reply wait no longer."""


class RemoteExecutor:
    """`key`: for the engine, "" for none. EngineTrouble where the server cannot be used."""

    def __init__(
        self, kind: RemoteKind, address: str, key: str, model: Model, settings: EngineSettings, why: str
    ) -> None:
        self.kind = kind
        self.address = address
        self.key = key
        self.model = model
        self.limits = limits_of(settings)
        self.settings = settings
        patient = msgspec.structs.replace(self.limits, answer_bytes=VOCABULARY_BYTES)
        hasty = msgspec.structs.replace(self.limits, silence_s=settings.remote_tokens_s)
        self.http = Http(address, key, hasty)
        with closing(Http(address, key, patient)) as loading:
            self.tokenizer = kind.open(loading, self.http, model)
        name = f"{model.engine} {model.name} {model.context} {model.template} {self.tokenizer.digest}"
        ignored = f"; it has no {', '.join(kind.ignored)}: these are left out" if kind.ignored else ""
        self.facts = EngineFacts(
            engine=f"{model.engine} at {address}",
            model=model.name,
            model_hash=hashlib.sha256(name.encode()).hexdigest(),
            slots=min(settings.slots, model.slots) if model.slots else settings.slots,
            context=min(settings.context, model.context) if model.context else settings.context,
            demonstration=False,
            numerics="its own",
            threads=0,
            continuation=kind.continuation,
            why=f"{why}{ignored}",
        )
        has_ids = kind.continuation != "text"
        tags = tags_in_use(settings, model.template, self.tokenizer) if has_ids else GUESS
        self.marks = None if settings.thoughts == "off" else marks_of(tags, self.tokenizer)
        own = tags if has_ids else None  # a server that is given text opens thoughts itself
        self.builder = PromptBuilder(
            self.tokenizer,
            template_of(model),
            self.facts.model_hash,
            own,
            steady=settings.steady_prompts,
            formats=kind.formats,
        )
        self.replies: dict[int, RemoteReply] = {}
        self.changed = threading.Condition()

    # -- the executor -------------------------------------------------------------------------

    def limit_lore(self, limits: LoreLimits) -> None:
        self.builder.lore = limits

    def admit(self, message: Admit) -> Admitted | NotAdmitted:
        """Raises RemoteEngineError where ids would go to another model than the one they are of: the engine
        has to be loaded anew.
        """
        request = message.request
        if not 0 <= message.slot < self.facts.slots:
            raise ValueError(f"there is no slot {message.slot}")
        self.release(Release(message.slot))

        def refuse(why: str) -> NotAdmitted:
            return NotAdmitted(request.generation, request.attempt, why)

        if request.background and not request.turn.task:
            return refuse("what is computed ahead is the other engine's own affair")
        if request.model and request.model != self.facts.model_hash:
            return refuse(sentence_of("other_model"))
        if not all(map(self.tokenizer.knows, request.committed)):
            return refuse(sentence_of("other_engine"))
        if why := unfit_sampling(request.sampling):
            return refuse(why)
        try:
            now = self.kind.look(self.http) if self.kind.continuation != "text" else self.model
        except RemoteEngineError as error:
            return refuse(str(error))
        if now != self.model:
            raise RemoteEngineError(f"{self.address} runs {now.name} now, or runs it otherwise than before")
        budget = self.budget(request)
        try:
            chance = Chance(request.conversation.hex, request.seed)
            plan = self.builder.build(request.turn, message.sheet, budget, chance, message.books)
        except (PromptTooLongError, EngineTrouble) as error:
            return refuse(str(error))
        if request.prompt_digest and request.prompt_digest != plan.digest:
            return refuse(sentence_of("other_prompt"))
        begun = bool(request.committed)
        if why := self.kind.refusal(request.sampling, begun=begun, thinking=plan.thinking):
            return refuse(why)
        reply = self.replies[message.slot] = self.reply_of(message.slot, request, plan)
        if reply.end is None:
            reply.start()
        return Admitted(
            request.generation,
            request.attempt,
            self.facts.model_hash,
            plan.digest,
            prompt_tokens=len(plan.ids),
            to_prefill=0,
            to_replay=0,
            trace=condensed(plan.trace),
            format=plan.format,
            budget=budget,
        )

    def budget(self, request: GenerateReply) -> int:
        """Tokens that the prompt may have: the rest is for the reply."""
        return self.facts.context - min(self.most_tokens(request), self.facts.context // 2)

    def preview(self, message: PreviewPrompt) -> PromptPreviewed:
        return previewed(message, self.builder, self.facts, self.budget(message.request))

    def count(self, message: CountTokens) -> TokensCounted:
        return counted(message, self.builder, self.facts)

    def most_tokens(self, request: GenerateReply) -> int:
        """Of the reply, with the thoughts of a model that is known to think."""
        sampling = request.sampling
        thinks = self.marks is not None and not self.marks.guessed
        return max(sampling.max_tokens, 1) + (sampling.max_thought_tokens if thinks else 0)

    def reply_of(self, slot: int, request: GenerateReply, plan: PromptPlan) -> RemoteReply:
        begun = bool(request.turn.continue_text)
        asked = Asked(request, [*plan.messages], [*plan.parts], plan.ids, self.facts.context)
        # A server holds thoughts to a constraint as well, so where there is one there are none.
        free = self.kind.continuation == "text" or not request.sampling.constraint_kind
        text = ReplyText(
            self.tokenizer.detokenizer(fresh=not begun),
            (*request.sampling.stop, *stops_of(request.turn), *ends_of(plan.format)),
            self.marks if free else None,
            begun=begun,
            thinking=plan.thinking,
            thought_limit=request.sampling.max_thought_tokens if self.kind.continuation != "text" else 0,
            mark=mark_of(request.turn),
        )
        return RemoteReply(
            slot, asked, text, self.kind, self.model, self.settings, self.changed, self.connect
        )

    def connect(self) -> Http:
        return Http(self.address, self.key, self.limits)

    def step(self, message: Step) -> Stepped:
        begun = time.perf_counter()
        replies = [self.replies[slot] for slot in message.decode]
        with self.changed:
            if replies and not any(reply.has_something for reply in replies):
                self.changed.wait(WAIT_S)
            emitted = [each for reply in replies if (each := reply.emit()) is not None]
            self.changed.notify_all()
        return Stepped(message.number, 0, tuple(emitted), (), time.perf_counter() - begun)

    def release(self, message: Release) -> None:
        reply = self.replies.pop(message.slot, None)
        if reply is not None:
            with self.changed:
                reply.cancel()


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
