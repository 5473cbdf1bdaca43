"""A contender's process: `python -m gpu_actor.bench.contender NAME SETTINGS`, those of the engine as JSON.

Says Ready in one JSON line when its model is loaded, then answers each task that comes on standard input.
Each contender has a process of its own, so that its memory is its own, and rests while the other runs.
"""

import os
import sys
from pathlib import Path
from typing import Protocol

import msgspec

from gpu_actor.bench.tasks import Answer, Ready, Task
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import EngineTrouble


class Contender(Protocol):
    @property
    def name(self) -> str: ...

    def run(self, task: Task) -> Answer: ...


def load(name: str, settings: EngineSettings) -> Contender:
    """`settings`: slots, context and threads are what is meant, none is left to be found out."""
    # A contender loads nothing of the other one.
    if name == "llama.cpp":
        from gpu_actor.bench.llama_cpp import LlamaCppContender  # noqa: PLC0415

        sizes = {"slots": settings.slots, "context": settings.context, "threads": settings.threads}
        return LlamaCppContender(Path(settings.model), **sizes)
    from gpu_actor.bench.samovar import SamovarContender  # noqa: PLC0415

    return SamovarContender(settings)


def main(words: list[str]) -> int:
    # Libraries print; standard output is for answers alone.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    name, settings = words
    try:
        contender = load(name, msgspec.json.decode(settings, type=EngineSettings))
    except EngineTrouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    answers.write(msgspec.json.encode(Ready(contender.name)) + b"\n")
    for line in sys.stdin.buffer:
        answers.write(msgspec.json.encode(contender.run(msgspec.json.decode(line, type=Task))) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
