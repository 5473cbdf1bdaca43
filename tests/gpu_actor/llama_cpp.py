"""The oracle: llama.cpp, as the `xllamacpp` wheel, on the same file and the same ids."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import xllamacpp as untyped  # pyright: ignore[reportMissingTypeStubs]

xllamacpp: Any = untyped


class LlamaCpp:
    """A llama.cpp server inside this process; ends with the object."""

    def __init__(self, model: Path, context: int = 512) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_ctx = context
        params.n_parallel = 1
        # Threads of llama.cpp spin while they wait: beside other work several are slower than one.
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        params.warmup = False
        params.verbosity = -1
        # Everything in float32: its defaults keep the cache in float16 and fuse the attention.
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.server: Any = xllamacpp.Server(params)

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        body = {"content": text, "add_special": False, "parse_special": special}
        request = urllib.request.Request(
            f"{self.server.listening_address}/tokenize",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["tokens"]

    def greedy(self, ids: list[int], count: int, top: int = 1) -> list[dict[int, float]]:
        """For each of `count` greedy steps: id → log-probability of the `top` most likely, best first.
        (It leaves out steps whose token is a part of a character.)
        """
        answer = self.server.handle_completions(
            {
                "prompt": ids,
                "n_predict": count,
                "temperature": 0,
                "logprobs": top,
                "cache_prompt": False,
            }
        )
        steps = answer["choices"][0]["logprobs"]["content"]
        return [{each["id"]: each["logprob"] for each in step["top_logprobs"]} for step in steps]

    def ends_with(self, token: int) -> bool:
        """Whether the token, forced upon the model, ends its text."""
        answer = self.server.handle_completions(
            {
                "prompt": [5, 6],
                "n_predict": 2,
                "temperature": 0,
                "logit_bias": [[token, 1000]],
                "cache_prompt": False,
            }
        )
        return answer["choices"][0]["finish_reason"] == "stop"
