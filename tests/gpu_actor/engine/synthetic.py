"""Models with the layer shapes of what people run on a card of 12 GB, and random weights in real blocks.

Formats as llama.cpp's Q4_K_M has them: Q4_K, with Q6_K for the values and the second feed-forward matrix of
the layers that it keeps finer (`use_more_bits` of llama-quant.cpp), and for the head.

`python -m tests.gpu_actor.engine.synthetic mistral-nemo-12b --layers 1 2` builds plans of them (minutes, and
gigabytes of memory and disk) and shows by how much a plan grows with a layer and what building took.
"""

import argparse
import math
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import gguf
import msgspec
import numpy as np
import numpy.typing as npt

from gpu_actor.engine import memory
from gpu_actor.engine.block_formats import FORMATS
from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.plan_build import PlanOrder, build_plan
from gpu_actor.engine.plan_request import CacheType
from gpu_actor.models import ChosenModel, file_hash
from gpu_actor.settings import EngineSettings

BLOCK_ROWS = 4096  # rows made at a time, which bounds the memory


@dataclass(frozen=True)
class Shape:
    """Sizes of a model's layers; `metadata` keys stand behind the architecture's name."""

    architecture: str
    embedding: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    layers: int  # of the real model
    tied: bool = False
    head_norms: bool = False  # queries and keys are normed a head
    norms_behind: bool = False  # attention and feed-forward are normed again behind
    metadata: dict[str, int | float] = field(default_factory=dict)


SHAPES = {
    # https://huggingface.co/mistralai/Mistral-Nemo-Instruct-2407/blob/main/config.json
    "mistral-nemo-12b": Shape("llama", 5120, 14336, 32, 8, 128, 131072, 40, metadata={"rope.freq_base": 1e6}),
    # https://huggingface.co/Qwen/Qwen3-14B/blob/main/config.json
    "qwen3-14b": Shape(
        "qwen3", 5120, 17408, 40, 8, 128, 151936, 40, head_norms=True, metadata={"rope.freq_base": 1e6}
    ),
    # https://huggingface.co/google/gemma-3-12b-it/blob/main/config.json
    "gemma-3-12b": Shape(
        "gemma3",
        3840,
        15360,
        16,
        8,
        256,
        262144,
        48,
        tied=True,
        head_norms=True,
        norms_behind=True,
        metadata={
            "rope.freq_base": 1e6,
            "rope.scaling.factor": 8.0,
            "attention.sliding_window": 1024,
        },
    ),
    # The same kinds of everything, for tests that take a second.
    "wide": Shape("llama", 1024, 2048, 8, 2, 128, 1024, 4),
    "tiny": Shape("llama", 512, 1024, 8, 2, 64, 1024, 4),
    "tiny-qwen3": Shape("qwen3", 512, 1024, 8, 2, 64, 1024, 4, head_norms=True),
    "tiny-gemma3": Shape(
        "gemma3",
        512,
        1024,
        4,
        2,
        64,
        1024,
        8,
        tied=True,
        head_norms=True,
        norms_behind=True,
        metadata={"attention.sliding_window": 24},
    ),
}


def more_bits(layer: int, layers: int) -> bool:
    """Whether Q4_K_M keeps this layer's values and second feed-forward matrix in Q6_K."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def blocks(name: str, rows: int, columns: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Random blocks whose values are of about the gain of real weights: [rows, row bytes]."""
    form = FORMATS[int(gguf.GGMLQuantizationType[name])]
    raw = np.frombuffer(rng.bytes(rows * columns // form.elements * form.bytes), np.uint8)
    raw = raw.reshape(rows, columns // form.elements, form.bytes).copy()
    gain = columns**-0.5
    scales = rng.uniform(0.5, 1.5, raw.shape[:2]) * gain
    # Q4_K: value = d · scale · code − dmin · minimum, six-bit scales and minima, codes 0 to 15.
    # Q6_K: value = d · scale · (code − 32), scales of eight bits with a sign.
    places = {"Q4_K": {0: 1 / 200, 2: 1 / 27}, "Q6_K": {208: 1 / 1400}}[name]
    for place, factor in places.items():
        raw[..., place : place + 2] = (scales * factor).astype(np.float16)[..., None].view(np.uint8)
    return raw.reshape(rows, -1)


@dataclass(frozen=True)
class Tensor:
    name: str
    rows: int  # 0: a vector
    columns: int
    form: str = "F32"


def tensors(shape: Shape, layers: int) -> Iterator[Tensor]:
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    embedding, wide = shape.embedding, shape.feed_forward
    yield Tensor("token_embd.weight", shape.vocabulary, embedding, "Q6_K" if shape.tied else "Q4_K")
    for layer in range(layers):
        p = f"blk.{layer}"
        finer = "Q6_K" if more_bits(layer, layers) else "Q4_K"
        yield Tensor(f"{p}.attn_norm.weight", 0, embedding)
        yield Tensor(f"{p}.attn_q.weight", queries, embedding, "Q4_K")
        yield Tensor(f"{p}.attn_k.weight", keys, embedding, "Q4_K")
        yield Tensor(f"{p}.attn_v.weight", keys, embedding, finer)
        yield Tensor(f"{p}.attn_output.weight", embedding, queries, "Q4_K")
        if shape.head_norms:
            yield Tensor(f"{p}.attn_q_norm.weight", 0, shape.head_size)
            yield Tensor(f"{p}.attn_k_norm.weight", 0, shape.head_size)
        if shape.norms_behind:
            yield Tensor(f"{p}.post_attention_norm.weight", 0, embedding)
            yield Tensor(f"{p}.post_ffw_norm.weight", 0, embedding)
        yield Tensor(f"{p}.ffn_norm.weight", 0, embedding)
        yield Tensor(f"{p}.ffn_gate.weight", wide, embedding, "Q4_K")
        yield Tensor(f"{p}.ffn_up.weight", wide, embedding, "Q4_K")
        yield Tensor(f"{p}.ffn_down.weight", embedding, wide, finer)
    yield Tensor("output_norm.weight", 0, embedding)
    if not shape.tied:
        yield Tensor("output.weight", shape.vocabulary, embedding, "Q6_K")


def write_synthetic(path: Path, shape: Shape, layers: int, *, seed: int = 0) -> Path:
    """Write the GGUF file, tensor after tensor."""
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, shape.architecture)
    writer.add_block_count(layers)
    writer.add_context_length(131072)
    writer.add_embedding_length(shape.embedding)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_layer_norm_rms_eps(1e-5)
    for key, value in shape.metadata.items():
        if isinstance(value, int):
            writer.add_uint32(f"{shape.architecture}.{key}", value)
        else:
            writer.add_float32(f"{shape.architecture}.{key}", value)
    places = list(tensors(shape, layers))
    for place in places:
        kind = gguf.GGMLQuantizationType[place.form]
        form = FORMATS[int(kind)]
        if place.rows:
            row_bytes = place.columns // form.elements * form.bytes
            dtype = np.dtype(np.uint8)
            writer.add_tensor_info(place.name, (place.rows, row_bytes), dtype, place.rows * row_bytes, kind)
        else:
            writer.add_tensor_info(place.name, (place.columns,), np.dtype(np.float32), 4 * place.columns)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for place in places:
        if place.rows:
            rows = [min(BLOCK_ROWS, place.rows - at) for at in range(0, place.rows, BLOCK_ROWS)]
            writer.write_tensor_data(
                np.concatenate([blocks(place.form, count, place.columns, rng) for count in rows])
            )
        else:
            writer.write_tensor_data((1 + 0.1 * rng.standard_normal(place.columns)).astype(np.float32))
    writer.close()
    return path


# -- measuring builds -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Build:
    """What a build of some layers took. Sizes in bytes."""

    shape: str
    layers: int
    seconds: float
    plan: int
    weights: int  # as gpu_actor/engine/memory.py counts them
    peak: int
    predicted: int
    q4_k: int  # weights of this format
    others: int  # bytes that all others take, as memory.py counts them


def measure(name: str, layers: int, folder: Path, kv: CacheType, vocabulary: int = 0) -> Build:
    """Write the model, build its plan, remove both. `vocabulary`: in place of the real one, if not 0."""
    shape = replace(SHAPES[name], vocabulary=vocabulary or SHAPES[name].vocabulary)
    path = write_synthetic(folder / f"{name}-{layers}.gguf", shape, layers)
    try:
        model = ChosenModel(path, file_hash(path, folder), demonstration=False)
        order = PlanOrder(model, "sm89", slots=4, context=4096, chunk=256, kv=kv)
        report = build_plan(order, EngineSettings(), folder, lambda phase, seconds: None)
        file = GgufFile(path)
        places = memory.on_the_card(file)
        fine = [place for place in places if place.format.name == "Q4_K"]
        return Build(
            shape=name,
            layers=layers,
            seconds=report.seconds,
            plan=report.manifest.plan_bytes,
            weights=memory.weight_bytes(file),
            peak=report.manifest.peak,
            predicted=report.manifest.predicted,
            q4_k=sum(math.prod(place.shape) for place in fine),
            others=sum(memory.tensor_bytes(place) for place in places if place.format.name != "Q4_K"),
        )
    finally:
        path.unlink()
        shutil.rmtree(folder / "plans", ignore_errors=True)


def bits_a_weight(fewer: Build, more: Build) -> float:
    """By how many bits a plan grows with each weight in Q4_K, when layers are added."""
    grown = (more.plan - fewer.plan) - (more.others - fewer.others)
    return 8 * grown / (more.q4_k - fewer.q4_k)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build plans of synthetic models at two depths.")
    parser.add_argument("shapes", nargs="*", choices=[*SHAPES, []], metavar="SHAPE", help=", ".join(SHAPES))
    parser.add_argument("--layers", type=int, nargs=2, default=(1, 2), metavar="N")
    parser.add_argument("--kv", choices=("fp16", "int6"), default="fp16")
    parser.add_argument(
        "--vocabulary", type=int, default=0, metavar="N", help="a smaller head, for a quicker build"
    )
    arguments = parser.parse_args()
    for name in arguments.shapes or SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            builds = [
                measure(name, layers, Path(folder), arguments.kv, arguments.vocabulary)
                for layers in arguments.layers
            ]
        facts = {
            "bits_a_q4_k_weight": round(bits_a_weight(*builds), 3),
            "plan_to_weights": [round(each.plan / each.weights, 4) for each in builds],
            "peak_to_predicted": [round(each.peak / each.predicted, 3) for each in builds],
            "builds": builds,
        }
        sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
