"""llama.cpp as a contender: its own server inside this process, as its users run it.

Everything is left at llama.cpp's own settings but what the tasks need: threads, slots and context.
Prompts and answers go as token ids; sampling is greedy; its own prompt cache serves the second turn.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import xllamacpp as untyped  # pyright: ignore[reportMissingTypeStubs]

from gpu_actor.bench.memory_peak import peak_megabytes
from gpu_actor.bench.tasks import Answer, Decode, Memory, Prefill, SecondTurn, Task, Together
from gpu_actor.troubles import BenchFailedError

xllamacpp: Any = untyped
"""The package has no usable types."""


class LlamaCppContender:
    """`context`: positions of each of the `slots`."""

    def __init__(self, model: Path, *, slots: int, context: int, threads: int) -> None:
        self.name = f"llama.cpp (xllamacpp {xllamacpp.__version__})"
        self.slots = slots
        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_ctx = slots * context
        params.n_parallel = slots
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.verbosity = -1
        try:
            self.server: Any = xllamacpp.Server(params)
        except RuntimeError as error:
            raise BenchFailedError(f"llama.cpp cannot load {model.name}") from error

    def run(self, task: Task) -> Answer:
        match task:
            case Prefill(ids):
                return Answer(self.timed(ids, 1))
            case Decode(ids, steps):
                # One more is made: the first comes with the prompt and is not part of its own figure.
                return Answer(self.complete(ids, steps + 1)["predicted_ms"] / 1000)
            case Together(prompts, steps):
                begun = time.perf_counter()
                with ThreadPoolExecutor(self.slots) as pool:
                    list(pool.map(partial(self.complete, count=steps), prompts))
                return Answer(time.perf_counter() - begun)
            case SecondTurn():
                cold = self.timed(task.second, 1)
                self.complete(task.first, task.reply, keep=True)
                return Answer(self.timed(task.second, 1, keep=True), cold)
            case Memory():
                return Answer(megabytes=peak_megabytes())

    def timed(self, ids: list[int], count: int, *, keep: bool = False) -> float:
        begun = time.perf_counter()
        self.complete(ids, count, keep=keep)
        return time.perf_counter() - begun

    def complete(self, ids: list[int], count: int, *, keep: bool = False) -> dict[str, float]:
        """So many greedy tokens; the server's own timings. `keep`: its prompt cache is used and filled."""
        answer = self.server.handle_completions(
            {"prompt": ids, "n_predict": count, "temperature": 0, "ignore_eos": True, "cache_prompt": keep}
        )
        if "timings" not in answer:
            raise BenchFailedError(f"llama.cpp refused a task: {str(answer)[:200]}")
        return answer["timings"]
