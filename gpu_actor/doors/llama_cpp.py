"""llama.cpp inside this process: the door to `xllamacpp`, llama.cpp's own server as a library.

What it is asked for is one completion call in JSON: ids in, the most likely next ids with their
probabilities out. The library always opens its HTTP listener as well; it is bound to the loopback
address, asks for a key that is drawn at each start, and serves the tokenizer here and nothing else.
"""

import secrets
from pathlib import Path
from typing import Any

import msgspec
import xllamacpp as untyped  # pyright: ignore[reportMissingTypeStubs]
from msgspec import Struct

from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import LlamaCppFailedError

xllamacpp: Any = untyped
"""The package has no usable types: behind this door nothing of it is visible."""

CACHE_TYPES = {
    "f32": "GGML_TYPE_F32",
    "f16": "GGML_TYPE_F16",
    "q8_0": "GGML_TYPE_Q8_0",
    "q4_0": "GGML_TYPE_Q4_0",
}
FLASH = {
    "auto": "LLAMA_FLASH_ATTN_TYPE_AUTO",
    "on": "LLAMA_FLASH_ATTN_TYPE_ENABLED",
    "off": "LLAMA_FLASH_ATTN_TYPE_DISABLED",
}

ERRORS = 1
"""Level of llama.cpp's log that shows errors and nothing else."""


class Probability(Struct, frozen=True):
    id: int
    prob: float


class Position(Struct, frozen=True):
    top_probs: list[Probability]


class Positions(Struct, frozen=True):
    content: list[Position]


class Choice(Struct, frozen=True):
    index: int
    logprobs: Positions | None = None


class PromptDetails(Struct, frozen=True):
    cached_tokens: int = 0


class Usage(Struct, frozen=True):
    prompt_tokens: int
    prompt_tokens_details: PromptDetails = PromptDetails()


class Failure(Struct, frozen=True):
    message: str


class Completion(Struct, frozen=True):
    """What of an answer is read. `usage` is that of the first choice."""

    choices: list[Choice] = []
    usage: Usage | None = None
    error: Failure | None = None


ANSWER = msgspec.json.Decoder(Completion)


class LlamaCpp:
    """One loaded model. Not thread-safe: one thread owns it. LlamaCppFailedError where it does not load.

    `slots` caches of `context` positions each; `longest_chunk`: most prompt tokens of one call that are
    computed in one go. `loud`: what llama.cpp complains of goes to the standard error output.
    """

    def __init__(
        self,
        model: Path,
        settings: EngineSettings,
        *,
        slots: int,
        context: int,
        longest_chunk: int,
        threads: int,
        loud: bool = False,
    ) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_parallel = slots
        params.kv_unified = False  # each slot has its own part of the cache
        params.n_ctx = slots * (context + 2)  # a prompt as long as a slot is refused
        params.n_batch = params.n_ubatch = max(longest_chunk, 64)
        params.n_gpu_layers = settings.gpu_layers
        params.fit_params = settings.gpu_layers < 0  # as many layers as the card has room for
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.flash_attn_type = getattr(xllamacpp.llama_flash_attn_type, FLASH[settings.flash_attention])
        params.cache_type_k = getattr(xllamacpp.ggml_type, CACHE_TYPES[settings.cache_type])
        params.cache_type_v = params.cache_type_k
        # Nothing of a conversation is kept where the slots' own bookkeeping does not see it.
        params.cache_ram_mib = 0
        params.cache_idle_slots = False
        params.n_ctx_checkpoints = 0
        params.ctx_shift = False
        params.no_extra_bufts = settings.numerics == "exact"  # other kernels for four rows and more
        params.warmup = False
        params.verbosity = ERRORS if loud else -1
        # A template in the file is never run here; one that llama.cpp cannot read must not stop it.
        params.use_jinja = False
        params.chat_template = "chatml"
        self.key = secrets.token_urlsafe(32)
        params.api_keys = [self.key]
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.cors_origins = "null"
        params.cors_credentials = False
        params.ui = params.endpoint_slots = params.endpoint_props = False
        params.n_threads_http = 1
        try:
            self.server: Any = xllamacpp.Server(params)
        except RuntimeError as error:
            raise LlamaCppFailedError(
                f"llama.cpp cannot load {model.name}: the file is damaged, of a kind that this version does "
                "not know, or larger than the memory; fetch it again or choose another"
            ) from error
        self.address: str = self.server.listening_address
        # The library's loop may not run yet; a server that is given up before it does waits for it for ever.
        self.complete(b'{"prompt": [0], "n_predict": 1, "id_slot": 0, "cache_prompt": false}')

    def complete(self, body: bytes) -> Completion:
        """The answer to one call; LlamaCppFailedError where it refuses."""
        if self.server is None:
            raise LlamaCppFailedError("llama.cpp was closed")
        came: list[bytes] = []
        self.server.handle_completions(body, came.append)
        answer = ANSWER.decode(came[0]) if came else Completion(error=Failure("no answer came"))
        if answer.error is not None:
            raise LlamaCppFailedError(f"llama.cpp refused a step: {answer.error.message[:200]}")
        return answer

    def close(self) -> None:
        """Give the model up; what is asked afterwards fails."""
        self.server = None


def llama_cpp_version() -> str:
    return str(xllamacpp.__version__)


def devices() -> list[str]:
    """What this build of llama.cpp computes on, as people call it; the processor is always there."""
    found: list[dict[str, Any]] = xllamacpp.get_device_info()
    return [f"{each['description'] or each['name']}".strip() for each in found]
