"""Small models as TensorRT plans on the device that computes on the CPU, with all that belongs to one."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.tensorrt_decoder import TensorRtDecoder, Widths
from gpu_actor.engine.tensorrt_engine import Kernels, PlanEngine, make_jit
from gpu_actor.engine.token_table import TokenTable
from gpu_actor.engine.variant import CANONICAL, CANONICAL_HALF, Variant
from tests.fakes.cpu_cuda import CpuCuda
from tests.fakes.cpu_tensorrt import cpu_tensorrt, write_plan
from tests.gpu_actor.engine.canonical import write_graph
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

SMALL = TinyModel(layers=2, embedding=64, feed_forward=96, heads=4, kv_heads=2, head_size=16)
SLOTS, SHELVES, CONTEXT, CHUNK = 4, 1, 100, 64
POSITIONS = 104
"""T: more than the context, and such that a slot's cache is a multiple of 256 bytes in float16 too."""


@dataclass
class Plan:
    """A model's plan file, and what else of the model the decoder needs."""

    folder: Path
    file: GgufFile
    plan: Path
    positions: int

    @property
    def table(self) -> TokenTable:
        return TokenTable(self.file)


def make_plan(
    folder: Path,
    model: Path | None = None,
    elements: str = "float32",
    *,
    variant: Variant | None = None,
    positions: int = POSITIONS,
    rows: int = SLOTS,
    tokens: int = CHUNK,
) -> Plan:
    """The plan of the model, or of a small one with random weights. `variant`: of the graph."""
    model = model or write_tiny(folder / "model.gguf", SMALL)
    file = GgufFile(model)
    variant = variant or (CANONICAL if elements == "float32" else CANONICAL_HALF)
    graph = write_graph(file, variant, folder / "graph")
    plan = write_plan(folder / "model.plan", graph, positions=positions, rows=rows, tokens=tokens)
    return Plan(folder, file, plan, positions)


@dataclass
class Setup:
    """How a decoder on the CPU device is put together; the broken ones of the tests replace parts."""

    plan: Plan
    slots: int = SLOTS
    shelves: int = SHELVES
    context: int = CONTEXT
    chunk: int = CHUNK
    steady: bool = True
    classic: bool = False
    graphs: int = 4
    kernels: Kernels = "eager"
    cuda: CpuCuda = field(default_factory=CpuCuda)
    engine_class: type[PlanEngine] = PlanEngine
    decoder_class: type[TensorRtDecoder] = TensorRtDecoder

    def decoder(self) -> TensorRtDecoder:
        library: Any = cpu_tensorrt(self.cuda, classic=self.classic)
        engine = self.engine_class(library, self.plan.plan)
        config = read_config(self.plan.file)
        return self.decoder_class(
            engine,
            self.cuda,
            model_tables(self.plan.file, config, self.plan.positions),
            slots=self.slots,
            shelves=self.shelves,
            context=self.context,
            longest_chunk=self.chunk,
            widths=Widths(steady=self.steady, slots=self.slots, longest_chunk=self.chunk, unit=self.chunk),
            jit=make_jit(engine, self.plan.folder / "kernels", self.kernels),
            graphs=self.graphs,
        )
