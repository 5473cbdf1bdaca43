"""PlanRequest and PlanAnswer: what the builder's process is asked for and what it says, a JSON line each."""

from typing import Literal

from msgspec import Struct

from gpu_actor.engine.tensorrt_library import LibraryName

CacheType = Literal["fp16", "int6"]


class PlanRequest(Struct, frozen=True):
    """`graph`: the decoder graph with T a number. `slots` rows and `chunk` tokens are the largest shape."""

    library: LibraryName
    graph: str
    plan: str  # where to write
    target: str
    slots: int
    chunk: int
    windows: list[int]  # for each layer, how many positions it sees; 0: all


class PlanPhase(Struct, frozen=True, tag=True):
    """The builder begins this; `done` of `steps` are over."""

    name: str
    done: int = 0
    steps: int = 0


class PlanBuilt(Struct, frozen=True, tag=True):
    """The plan is written whole. `sha256` is that of its file, hex."""

    sha256: str
    bytes: int
    attentions: int
    attentions_with_lengths: int
    kv_updates: int
    profiles: int


class PlanTrouble(Struct, frozen=True, tag=True):
    """It cannot be built; `kind` is the class of gpu_actor/troubles.py."""

    kind: str
    text: str


PlanAnswer = PlanPhase | PlanBuilt | PlanTrouble
