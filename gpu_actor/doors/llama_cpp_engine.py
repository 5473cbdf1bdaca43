"""Loads a model on llama.cpp: the executor that any GGUF file runs on."""

from gpu_actor.doors.http import Http, HttpLimits
from gpu_actor.doors.llama_cpp import LlamaCpp, devices, llama_cpp_version
from gpu_actor.doors.llama_cpp_decoder import BLOCK, IdStates, LlamaCppDecoder, sure_token
from gpu_actor.doors.llama_cpp_probe import refuse_what_llama_cpp_cannot
from gpu_actor.doors.llama_cpp_tokenizer import LlamaCppTokenizer
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine_facts import facts_of
from gpu_actor.executor import LONGEST_CHUNK, ModelExecutor, template_source
from gpu_actor.models import ChosenModel
from gpu_actor.processors import physical_cores
from gpu_actor.prompt.build import PromptBuilder
from gpu_actor.prompt.template import ChatTemplate
from gpu_actor.settings import EngineSettings
from gpu_actor.thought_tags import tags_in_use
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import EngineTrouble, OutOfMemoryBudgetError
from gpu_actor.vocabulary import read_vocabulary

CACHE_BYTES = {"f32": 4.0, "f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Of a number in the key/value cache."""


def load_llama_cpp(settings: EngineSettings, model: ChosenModel, why: str = "") -> ModelExecutor:
    """Load the model. EngineTrouble says why not: what llama.cpp cannot run is refused before it is loaded.
    `why`: for what reason it is this engine.
    """
    file = open_model(model.path)
    refuse_what_llama_cpp_cannot(model.path, settings.probe_s)
    architecture = file.get("general.architecture", str)
    # A prompt as long as the context that the model knows is refused by llama.cpp.
    context = min(settings.context, file.get(f"{architecture}.context_length", int) - 1)
    slots = slots_that_fit(settings, file, context)
    threads = settings.threads or physical_cores()
    llama = LlamaCpp(
        model.path,
        settings,
        slots=slots,
        context=context,
        longest_chunk=LONGEST_CHUNK + BLOCK,
        threads=threads,
    )
    tokenizer = tokenizer_of(file, llama)
    vocabulary = tokenizer.vocabulary
    source = template_source(file, tokenizer)
    template = ChatTemplate(source, tokenizer.name(vocabulary.bos), tokenizer.name(vocabulary.eos))
    exact = settings.numerics == "exact"
    decoder = LlamaCppDecoder(
        llama,
        slots=slots,
        context=context,
        longest_chunk=LONGEST_CHUNK + BLOCK,
        vocabulary=len(tokenizer.pieces),
        top=settings.candidates,
        sure=sure_token(tokenizer.pieces),
        batches=not exact,
    )
    facts = facts_of(
        model,
        settings,
        engine=f"llama.cpp {llama_cpp_version()} ({', '.join(devices())})",
        slots=slots,
        context=context,
        continuation="exact" if exact or slots == 1 else "rounded",
        why=why,
    )
    builder = PromptBuilder(tokenizer, template, model.sha256, tags_in_use(settings, source, tokenizer))
    # llama.cpp has no cheap copy of a cache: what another conversation computed is not shared.
    return ModelExecutor(facts, decoder, IdStates(), tokenizer, builder, share=False, settle=settings.settle)


def tokenizer_of(file: ModelFile, llama: LlamaCpp) -> Tokenizer:
    """Ours where it knows the vocabulary, for it is the one that is measured; else llama.cpp's own."""
    try:
        return Tokenizer(read_vocabulary(file))
    except EngineTrouble:
        return LlamaCppTokenizer(file, Http(llama.address, llama.key, HttpLimits()))


def cache_bytes_a_token(settings: EngineSettings, file: ModelFile) -> int:
    """Keys and values of one position in all layers, as far as the metadata tell; 0 for a model without."""
    name = file.get("general.architecture", str)

    def number(key: str, default: int) -> int:
        return file.get(f"{name}.{key}", int, default)

    heads = file.metadata.get(f"{name}.attention.head_count", 0)
    most_heads = max(
        [each for each in heads if isinstance(each, int)] if isinstance(heads, list) else [heads]
    )
    if not isinstance(most_heads, int) or most_heads < 1:
        return 0
    kv_heads = file.metadata.get(f"{name}.attention.head_count_kv", most_heads)
    layers = number("block_count", 0)
    of_layers = kv_heads if isinstance(kv_heads, list) else [kv_heads] * layers
    size = number("embedding_length", 0) // most_heads
    numbers = number("attention.key_length", size) + number("attention.value_length", size)
    total = sum(each for each in of_layers if isinstance(each, int))
    return int(total * numbers * CACHE_BYTES[settings.cache_type])


def slots_that_fit(settings: EngineSettings, file: ModelFile, context: int) -> int:
    """As many of settings.slots as settings.cache_mb allows."""
    slot_bytes = cache_bytes_a_token(settings, file) * context
    fit = settings.cache_mb * (1 << 20) // max(slot_bytes, 1)
    if fit < 1:
        raise OutOfMemoryBudgetError(
            f"the key/value cache of one slot of {context} positions takes {slot_bytes >> 20} MB and "
            f"engine.cache_mb allows {settings.cache_mb}; lower engine.context, raise engine.cache_mb, or "
            "choose a shorter engine.cache_type"
        )
    return min(settings.slots, fit)
