"""The network that TensorRT makes of the decoder graph: parsed, mended, and walked to see that it is right.

TensorRT's ONNX parser (1.7.1) drops the input `nonpad_kv_seqlen` of Attention without an error: what it
makes is causal from the upper left and knows no lengths, so that a decode step would see only the first
position. `mend` sets both on every attention; `walk` tells what the network holds, and `check` refuses one
in which anything is missing.
"""

import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from gpu_actor.troubles import PlanBuildError

LENGTHS = "kv_length"
UPDATED = re.compile(r"([a-z]+)o(\d+)")


class AttentionFacts(Struct, frozen=True):
    """One attention of a network."""

    name: str
    causal: str  # CausalMaskKind; LOWER_RIGHT: the queries stand behind what is cached; NONE: a mask rules
    lengths: bool  # whether it knows how many positions of each row are filled
    mask: str  # the tensor that masks it, as a sliding window does; "": none
    decomposable: bool  # no fused kernel then


class UpdateFacts(Struct, frozen=True):
    """One write of new keys or values into a cache."""

    source: str  # the network's input that it continues
    target: str  # the network's output that it makes
    same_shape: bool


class NetworkFacts(Struct, frozen=True):
    """What a walk over the network found."""

    layers: int
    attentions: tuple[AttentionFacts, ...]
    updates: tuple[UpdateFacts, ...]

    @property
    def with_lengths(self) -> int:
        return sum(each.lengths for each in self.attentions)


def parse(library: Any, log: Any, graph: Path) -> tuple[Any, Any, Any]:
    """(builder, network, parser) of the graph file; all are to be kept until the plan is there. Weights
    beside the graph are mapped by the parser, not copied.
    """
    builder = library.Builder(log)
    # The network has the graph's own element types; classic TensorRT has to be told so.
    strongly_typed = 1 << int(library.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    network = builder.create_network(strongly_typed)
    parser = library.OnnxParser(network, log)
    if not parser.parse_from_file(str(graph)):
        told = "; ".join(parser.get_error(index).desc() for index in range(parser.num_errors))
        raise PlanBuildError(f"TensorRT does not take the decoder graph: {one_line(told) or log.problems()}")
    return builder, network, parser


def layers_of(network: Any) -> list[Any]:
    return [network.get_layer(index) for index in range(network.num_layers)]


def attentions_of(library: Any, network: Any) -> list[tuple[str, Any]]:
    """(name, IAttention) of every attention. The layer comes as its base class and has to be told its own."""
    found: list[tuple[str, Any]] = []
    for layer in layers_of(network):
        if layer.type == library.LayerType.ATTENTION_INPUT:
            layer.__class__ = library.IAttentionInputLayer
            found.append((layer.name, layer.attention))
    return found


def inputs_of(network: Any) -> dict[str, Any]:
    return {tensor.name: tensor for tensor in map(network.get_input, range(network.num_inputs))}


def mend(library: Any, network: Any) -> None:
    """Give every attention the lengths of its rows and the causal kind that belongs to them. One with a mask
    has the rule in its mask, and takes no other.
    """
    lengths = inputs_of(network)[LENGTHS]
    narrow = network.add_cast(lengths, library.DataType.INT32)
    narrow.name = "samovar lengths"
    for _, attention in attentions_of(library, network):
        if attention.mask is None:
            attention.causal_kind = library.CausalMaskKind.LOWER_RIGHT
        attention.key_value_lengths = narrow.get_output(0)


def walk(library: Any, network: Any) -> NetworkFacts:
    """What the network holds, read from the network itself."""
    attentions = tuple(
        AttentionFacts(
            name=name,
            causal=attention.causal_kind.name,
            lengths=comes_from(attention.key_value_lengths, network),
            mask="" if attention.mask is None else attention.mask.name,
            decomposable=attention.decomposable,
        )
        for name, attention in attentions_of(library, network)
    )
    updates: list[UpdateFacts] = []
    for layer in layers_of(network):
        if layer.type == library.LayerType.KV_CACHE_UPDATE:
            source, target = layer.get_input(0), layer.get_output(0)
            same = tuple(source.shape) == tuple(target.shape) and source.dtype == target.dtype
            updates.append(UpdateFacts(source.name, target.name, same))
    return NetworkFacts(network.num_layers, attentions, tuple(updates))


def comes_from(lengths: Any, network: Any) -> bool:
    """Whether these are the lengths that `mend` made."""
    casts = [layer for layer in layers_of(network) if layer.name == "samovar lengths"]
    return lengths is not None and any(layer.get_output(0).name == lengths.name for layer in casts)


def check(network: Any, facts: NetworkFacts, windows: list[int]) -> None:
    """Refuse a network that would compute something else than the decoder. `windows`: for each layer of the
    model, how many positions it sees; 0: all.
    """
    missing: list[str] = []
    if len(facts.attentions) != len(windows):
        missing.append(f"{len(facts.attentions)} attentions for {len(windows)} layers")
    for attention, window in zip(facts.attentions, windows, strict=False):
        if attention.causal != ("NONE" if window else "LOWER_RIGHT"):
            missing.append(f"{attention.name} is causal from {attention.causal}")
        if not attention.lengths:
            missing.append(f"{attention.name} knows no lengths")
        if attention.mask != (f"window_{window}" if window else ""):
            missing.append(
                f"{attention.name} has the mask {attention.mask or 'of none'} for a window of {window}"
            )
    updated = {(update.source, update.target) for update in facts.updates if update.same_shape}
    outputs = [network.get_output(index).name for index in range(network.num_outputs)]
    for name in outputs:
        parts = UPDATED.fullmatch(name)
        if parts and (f"{parts[1]}{parts[2]}", name) not in updated:
            missing.append(f"{name} does not continue its cache in place")
    if len(updated) < 2 * len(windows):
        missing.append(f"{len(updated)} cache updates for {len(windows)} layers")
    if missing:
        raise PlanBuildError(f"TensorRT made another network than the decoder: {'; '.join(missing[:4])}")


def one_line(text: str) -> str:
    return " ".join(text.split())
