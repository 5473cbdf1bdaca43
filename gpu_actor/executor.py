"""Executor: what carries out the steps that the GPU actor plans. ModelExecutor does it with a real model.

An executor is synchronous and knows no threads, messages' ways or clocks; the engine port
(gpu_actor/engine_port.py) runs one on its own thread. The scripted executor of the tests passes
the same contract test.
"""

import time
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs

from actors.character.lore_scene import LoreLimits
from actors.messages.engine import Admit, Admitted, Emitted, NotAdmitted, Release, Step, Stepped
from actors.messages.generation import CharacterSheet, Sampling, Turn
from actors.messages.lore import BookSheet
from actors.messages.preview import CountTokens, PreviewPrompt, PromptPreviewed, TokensCounted
from actors.messages.reply_causes import sentence_of
from actors.sampling_limits import unfit_sampling
from gpu_actor.caches import Caches, Held, Placed
from gpu_actor.engine.decoder import Decoder
from gpu_actor.engine.graph_cache import cached_graph, weights_report
from gpu_actor.engine.model_config import ModelConfig, read_config
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.engine.onnx_runtime import MEMORY_ON_DEMAND, OnnxRuntimeDecoder, runtime_version
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.token_table import TokenTable
from gpu_actor.engine_facts import EngineFacts, facts_of
from gpu_actor.models import ChosenModel
from gpu_actor.previews import counted, previewed
from gpu_actor.processors import physical_cores
from gpu_actor.prompt.build import PromptBuilder, PromptTooLongError
from gpu_actor.prompt.condense import condensed
from gpu_actor.prompt.group import cache_of
from gpu_actor.prompt.ingredients import Chance
from gpu_actor.prompt.template import CHATML, ChatTemplate
from gpu_actor.sampler.chooser import UnfitSamplingError
from gpu_actor.sequence import Sequence
from gpu_actor.settings import EngineSettings
from gpu_actor.settling import Ended, Settling
from gpu_actor.thought_tags import marks_of, tags_in_use
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import ChatTemplateError, ModelFileError, OutOfMemoryBudgetError
from gpu_actor.vocabulary import read_vocabulary

LONGEST_CHUNK = 512
"""Most prompt tokens computed in one go, whatever a step asks for: bounds the runtime's scratch memory."""


class Executor(Protocol):
    """One step of work at a time. Whatever it raises means that it is broken and must not be used again;
    what is wrong with a request comes back as NotAdmitted.
    """

    @property
    def facts(self) -> EngineFacts: ...

    def limit_lore(self, limits: LoreLimits) -> None:
        """What lore may take in a prompt, from now on."""
        ...

    def admit(self, message: Admit) -> Admitted | NotAdmitted:
        """Build the prompt and take the slot, whatever it held before."""
        ...

    def preview(self, message: PreviewPrompt) -> PromptPreviewed:
        """The prompt that such a request would get; nothing is computed on the model."""
        ...

    def count(self, message: CountTokens) -> TokensCounted: ...

    def step(self, message: Step) -> Stepped:
        """One prefill chunk and one token for each slot of `decode`; or a little of what idle time is for."""
        ...

    def release(self, message: Release) -> None:
        """Forget the slot's sequence; harmless where there is none."""
        ...


class Begun(Struct, frozen=True):
    """Where the cache of a reply lies, and what its prompt was made of, in at most `budget` tokens."""

    held: Held
    turn: Turn
    sheet: CharacterSheet
    budget: int
    talk: str
    background: bool = False
    books: tuple[BookSheet, ...] = ()


class States(Protocol):
    """What a decoder is fed with, for ids (gpu_actor/engine/token_table.py)."""

    def states(self, ids: SequenceOf[int]) -> npt.NDArray[np.float32]: ...


class ModelExecutor:
    """A model on a decoder, whatever runtime that is.

    The slots of the messages are places at the table: in which slot of the decoder a reply's cache lies is
    decided here (gpu_actor/caches.py), so that what is known of a prompt can be gone on with in place.
    `share`, `settle`: settings.share_prefixes and settings.settle.
    """

    def __init__(
        self,
        facts: EngineFacts,
        decoder: Decoder,
        table: States,
        tokenizer: Tokenizer,
        builder: PromptBuilder,
        *,
        share: bool = True,
        settle: bool = True,
        most_positions: int = 0,
    ) -> None:
        """`builder` knows the tags of the model's thoughts."""
        self.facts = facts
        self.decoder = decoder
        self.table = table
        self.tokenizer = tokenizer
        self.builder = builder
        self.marks = marks_of(builder.tags, tokenizer)
        self.sequences: dict[int, Sequence] = {}
        self.begun: dict[int, Begun] = {}  # of the same slots; none where a reply was complete already
        self.caches = Caches(decoder, share=share, most=most_positions)
        self.settling = Settling(self.caches, builder) if settle else None

    def limit_lore(self, limits: LoreLimits) -> None:
        self.builder.lore = limits

    def admit(self, message: Admit) -> Admitted | NotAdmitted:
        request = message.request
        if not 0 <= message.slot < self.facts.slots:
            raise ValueError(f"there is no slot {message.slot}")
        self.release(Release(message.slot))
        if request.model and request.model != self.facts.model_hash:
            return self.refuse(message, sentence_of("other_model"))
        if not all(0 <= token < len(self.tokenizer.pieces) for token in request.committed):
            return self.refuse(message, sentence_of("other_tokens"))
        if why := unfit_sampling(request.sampling):
            return self.refuse(message, why)
        most, budget = self.most_tokens(request.sampling), self.budget(request.sampling)
        try:
            chance = Chance(request.conversation.hex, request.seed)
            plan = self.builder.build(request.turn, message.sheet, budget, chance, message.books)
        except (PromptTooLongError, ChatTemplateError) as error:
            return self.refuse(message, str(error))
        if request.prompt_digest and request.prompt_digest != plan.digest:
            return self.refuse(message, sentence_of("other_prompt"))
        try:
            sequence = Sequence(message.slot, request, plan, self.tokenizer, self.facts.context, self.marks)
        except UnfitSamplingError as error:
            return self.refuse(message, str(error))
        if request.background and not request.turn.task:
            return self.compute_ahead(message, sequence, budget)
        longest = min(len(plan.ids) + most, self.facts.context)
        placed = self.place(message, sequence, budget, longest) if sequence.to_prefill else None
        if placed is None and sequence.to_prefill:
            why = "the replies under way leave too little memory"
            return NotAdmitted(request.generation, request.attempt, why, wait=True)
        self.sequences[message.slot] = sequence
        return Admitted(
            request.generation,
            request.attempt,
            self.facts.model_hash,
            plan.digest,
            prompt_tokens=len(plan.ids),
            to_prefill=sequence.to_prefill,
            to_replay=max(sequence.to_replay - 1, 0),  # with the last of them the reply goes on
            trace=condensed(plan.trace),
            format=plan.format,
            reused=placed.reused if placed else 0,
            cloned=placed.cloned if placed else 0,
            evicted=placed.evicted if placed else 0,
            settles=placed is not None and self.settling is not None,
            budget=budget,
        )

    def most_tokens(self, sampling: Sampling) -> int:
        """Of the reply, with the thoughts of a model that is known to think."""
        thinks = self.marks is not None and not self.marks.guessed
        return sampling.max_tokens + (sampling.max_thought_tokens if thinks else 0)

    def budget(self, sampling: Sampling) -> int:
        """Tokens that the prompt may have: the rest is for the reply."""
        return self.facts.context - min(max(self.most_tokens(sampling), 1), self.facts.context // 2)

    def preview(self, message: PreviewPrompt) -> PromptPreviewed:
        return previewed(message, self.builder, self.facts, self.budget(message.request.sampling))

    def count(self, message: CountTokens) -> TokensCounted:
        return counted(message, self.builder, self.facts)

    def place(self, message: Admit, sequence: Sequence, budget: int, longest: int) -> Placed | None:
        """None where memory does not suffice now for the reply's `longest` form. What is written in the
        background leaves its conversation's cache as it is.
        """
        request, prompt = message.request, sequence.ids[: sequence.prompt_tokens]
        own = cache_of(request.turn, request.conversation)
        whose = request.generation if request.background else own
        placed = self.caches.begin(prompt, whose, request.user, longest)
        if placed is None:
            return None
        if self.settling is not None:
            self.settling.begun(placed.held)
        self.begun[message.slot] = Begun(
            placed.held,
            request.turn,
            message.sheet,
            budget,
            request.conversation.hex,
            request.background,
            message.books,
        )
        sequence.begin(placed.reused + placed.cloned)
        return placed

    def compute_ahead(self, message: Admit, sequence: Sequence, budget: int) -> Admitted:
        """Nothing is to be written: what the conversation's next prompt begins with is computed in idle
        steps, as after a reply.
        """
        request, turn = message.request, message.request.turn
        if self.settling is not None and turn.history and turn.history[-1].role == "assistant":
            before = structs.replace(turn, history=turn.history[:-1])
            self.settling.ahead(
                before,
                message.sheet,
                message.books,
                turn.history[-1].text,
                budget,
                request.conversation,
                request.user,
            )
        sequence.end = "length"
        self.sequences[message.slot] = sequence
        return Admitted(
            request.generation,
            request.attempt,
            self.facts.model_hash,
            b"",
            prompt_tokens=0,
            to_prefill=0,
            to_replay=0,
            settles=self.settling is not None,
        )

    @staticmethod
    def refuse(message: Admit, why: str) -> NotAdmitted:
        return NotAdmitted(message.request.generation, message.request.attempt, why)

    def step(self, message: Step) -> Stepped:
        begun = time.perf_counter()
        emitted: list[Emitted] = []
        prefilled = computed = cloned = 0
        if message.prefill_slot >= 0:
            sequence = self.sequences[message.prefill_slot]
            cloned, computed, emitted = self.prefill(sequence, message.prefill_tokens)
            prefilled = sequence.prefilled - sequence.known
        elif message.settle:
            computed = self.settle(message.settle)
        prefill_s = time.perf_counter() - begun
        replayed: list[int] = []
        if message.decode:
            self.decode([self.sequences[slot] for slot in message.decode], emitted, replayed)
        return Stepped(
            message.number,
            prefilled,
            tuple(emitted),
            tuple(replayed),
            seconds=time.perf_counter() - begun,
            prefill_s=prefill_s,
            computed=computed,
            cloned=cloned,
            unsettled=self.settling is not None and bool(self.settling.waiting),
        )

    def prefill(self, sequence: Sequence, limit: int) -> tuple[int, int, list[Emitted]]:
        """One chunk; with the prompt complete and nothing to replay, the first token as well. How many prompt
        tokens were cloned, how many computed, and the token.
        """
        if not sequence.to_prefill:
            raise ValueError(f"slot {sequence.slot} has no prompt left to prefill")
        held = self.begun[sequence.slot].held
        cloned = self.caches.catch_up(held, sequence.ids[: sequence.prompt_tokens])
        sequence.chunk_done(cloned)
        chunk = sequence.next_chunk(min(limit, self.decoder.longest_chunk))
        logits = self.decoder.prefill(held.place, self.table.states(chunk))
        self.caches.computed(held, chunk)
        sequence.chunk_done(len(chunk))
        waits = sequence.to_prefill or sequence.to_replay
        return cloned, len(chunk), [] if waits else [sequence.emit(logits)]

    def settle(self, limit: int) -> int:
        """A little of what replies that have ended leave to do; how many tokens were computed."""
        found = self.settling and self.settling.next_chunk(min(limit, self.decoder.longest_chunk))
        if not found:
            return 0
        held, chunk = found
        self.decoder.prefill(held.place, self.table.states(chunk))
        self.caches.computed(held, chunk)
        return len(chunk)

    def decode(self, sequences: list[Sequence], emitted: list[Emitted], replayed: list[int]) -> None:
        """One token for each; a reply that was complete when it was taken up only says so."""
        if any(sequence.to_prefill for sequence in sequences):
            raise ValueError("a slot to decode has prompt left to prefill")
        emitted += [sequence.emit_end() for sequence in sequences if sequence.end is not None]
        live = [sequence for sequence in sequences if sequence.end is None]
        if not live:
            return
        states = self.table.states([sequence.next_token() for sequence in live])
        places = [self.begun[sequence.slot].held.place for sequence in live]
        logits = self.decoder.decode(places, states)
        for row, sequence in zip(logits, live, strict=True):
            sequence.token_done()
            if sequence.to_replay:
                replayed.append(sequence.slot)
            else:
                emitted.append(sequence.emit(row))

    def release(self, message: Release) -> None:
        sequence = self.sequences.pop(message.slot, None)
        begun = self.begun.pop(message.slot, None)
        if sequence is None or begun is None:
            return
        self.caches.end(begun.held)
        if begun.background:  # what was taken away half-way is gone on with; what is over is of no more use
            if sequence.end is not None:
                self.caches.forget(begun.held.place)
            return
        if self.settling is not None and sequence.said and begun.held.ids:
            text = begun.turn.continue_text + sequence.said
            ended = Ended(
                begun.held, begun.turn, begun.sheet, text, begun.budget, begun.talk, books=begun.books
            )
            self.settling.add(ended)


# -- loading --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnModel:
    """A model that this engine's own graph computes, whatever the runtime: read and checked, not loaded."""

    model: ChosenModel
    file: ModelFile
    config: ModelConfig
    tokenizer: Tokenizer
    builder: PromptBuilder

    def executor(
        self, facts: EngineFacts, decoder: Decoder, settings: EngineSettings, most_positions: int = 0
    ) -> ModelExecutor:
        return ModelExecutor(
            facts,
            decoder,
            TokenTable(self.file),
            self.tokenizer,
            self.builder,
            share=settings.share_prefixes,
            settle=settings.settle,
            most_positions=most_positions,
        )


def open_own(settings: EngineSettings, model: ChosenModel) -> OwnModel:
    """EngineTrouble says why it cannot be."""
    file = open_model(model.path, model.weights)
    config = read_config(file)
    tokenizer = Tokenizer(read_vocabulary(file))
    if len(tokenizer.pieces) != config.vocabulary:
        raise ModelFileError("the file names more or fewer tokens than it holds: it is damaged")
    vocabulary = tokenizer.vocabulary
    source = template_source(file, tokenizer)
    template = ChatTemplate(source, tokenizer.name(vocabulary.bos), tokenizer.name(vocabulary.eos))
    tags = tags_in_use(settings, source, tokenizer)
    builder = PromptBuilder(tokenizer, template, model.sha256, tags, steady=settings.steady_prompts)
    return OwnModel(model, file, config, tokenizer, builder)


def load_executor(settings: EngineSettings, model: ChosenModel, cache: Path, why: str = "") -> ModelExecutor:
    """Load the model on the processor. Takes a second or two, the first time with a model longer.
    EngineTrouble says why not. `cache` is the folder of deploy.cache; `why` it is this engine.
    """
    own = open_own(settings, model)
    context = min(settings.context, own.config.context)
    positions = positions_that_fit(settings, own.config, context)
    slots, kept = caches_that_fit(settings, positions, context)
    threads = settings.threads or physical_cores()
    graph = cached_graph(cache, model.sha256, settings.numerics, own.file, own.config)
    decoder = OnnxRuntimeDecoder(
        graph,
        own.config,
        model_tables(own.file, own.config, context + 1),
        slots=slots,
        shelves=kept,
        context=context,
        longest_chunk=LONGEST_CHUNK,
        threads=threads,
        numerics=settings.numerics,
    )
    facts = facts_of(
        model,
        settings,
        engine=f"ONNX Runtime {runtime_version()} (CPU)",
        slots=slots,
        context=context,
        weights=weights_report(graph),
        why=why,
    )
    return own.executor(facts, decoder, settings, positions)


def template_source(file: ModelFile, tokenizer: Tokenizer) -> str:
    source = file.get("tokenizer.chat_template", str, "")
    if not source and {"<|im_start|>", "<|im_end|>"} <= tokenizer.specials.keys():
        source = CHATML
    if not source:
        raise ChatTemplateError("the model has no chat template: take its instruct or chat version")
    return source


def positions_that_fit(settings: EngineSettings, config: ModelConfig, context: int) -> int:
    """Positions that all caches together may have under settings.cache_mb: at least those of one slot."""
    slot_bytes = config.cache_bytes_a_token * (context + 1)
    if settings.cache_mb * (1 << 20) < slot_bytes:
        raise OutOfMemoryBudgetError(
            f"the key/value cache of one slot of {context} positions takes {slot_bytes >> 20} MB and "
            f"engine.cache_mb allows {settings.cache_mb}; lower engine.context or raise engine.cache_mb"
        )
    return settings.cache_mb * (1 << 20) // config.cache_bytes_a_token


def caches_that_fit(settings: EngineSettings, positions: int, context: int) -> tuple[int, int]:
    """Slots and kept caches. Where the system gives memory only as it is used, as many as are set, for few
    conversations fill their context; else as many as have room when all are full, first of the slots.
    """
    if MEMORY_ON_DEMAND:
        return settings.slots, settings.kept
    fit = positions // (context + 1)
    slots = min(settings.slots, fit)
    return slots, min(settings.kept, fit - slots)
