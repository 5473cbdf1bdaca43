"""A contender's process: `python -m gpu_actor.bench.contender NAME MODEL SLOTS CONTEXT THREADS`.

Says Ready in one JSON line when its model is loaded, then answers each task that comes on standard input.
Each contender has a process of its own, so that its memory is its own, and rests while the other runs.
"""

import os
import sys
from pathlib import Path
from typing import Protocol

import msgspec

from gpu_actor.bench.tasks import Answer, Ready, Task
from gpu_actor.troubles import EngineTrouble


class Contender(Protocol):
    @property
    def name(self) -> str: ...

    def run(self, task: Task) -> Answer: ...


def load(name: str, model: str, *, slots: int, context: int, threads: int) -> Contender:
    # A contender loads nothing of the other one.
    if name == "llama.cpp":
        from gpu_actor.bench.llama_cpp import LlamaCppContender  # noqa: PLC0415

        return LlamaCppContender(Path(model), slots=slots, context=context, threads=threads)
    from gpu_actor.bench.samovar import SamovarContender  # noqa: PLC0415

    return SamovarContender(model, slots=slots, context=context, threads=threads)


def main(words: list[str]) -> int:
    # Libraries print; standard output is for answers alone.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    name, model, slots, context, threads = words
    try:
        contender = load(name, model, slots=int(slots), context=int(context), threads=int(threads))
    except EngineTrouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    answers.write(msgspec.json.encode(Ready(contender.name)) + b"\n")
    for line in sys.stdin.buffer:
        answers.write(msgspec.json.encode(contender.run(msgspec.json.decode(line, type=Task))) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
