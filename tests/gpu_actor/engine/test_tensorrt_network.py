"""The network that TensorRT makes of the decoder graph, read back from the network itself."""

from pathlib import Path
from typing import Any

import pytest

from gpu_actor.engine.graph_cache import written_graph
from gpu_actor.engine.graph_writer import with_sizes
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.tensorrt_library import make_log, tensorrt_library
from gpu_actor.engine.tensorrt_network import NetworkFacts, attentions_of, check, mend, parse, walk
from gpu_actor.engine.variant import CANONICAL_HALF
from gpu_actor.troubles import PlanBuildError
from tests.gpu_actor.engine.synthetic import SHAPES, write_synthetic
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

LAYERS = 2
NO_WINDOWS = [0] * LAYERS


class Parsed:
    def __init__(self, graph: Path) -> None:
        self.library = tensorrt_library("tensorrt_rtx")
        self.log = make_log(self.library)
        self.builder, self.network, self.parser = parse(self.library, self.log, graph)

    def walk(self) -> NetworkFacts:
        return walk(self.library, self.network)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graph")
    file = open_model(write_tiny(folder / "tiny.gguf", TinyModel("Q4_1", layers=LAYERS)))
    made = written_graph(folder / "graph", CANONICAL_HALF, file, read_config(file))
    return with_sizes(made, {"T": 66}, "decoder-66.onnx")


@pytest.fixture
def parsed(graph: Path) -> Parsed:
    return Parsed(graph)


def test_every_attention_knows_its_lengths_and_every_cache_is_continued(parsed: Parsed) -> None:
    mend(parsed.library, parsed.network)
    facts = parsed.walk()
    check(parsed.network, facts, NO_WINDOWS)
    assert [(each.causal, each.lengths, each.mask) for each in facts.attentions] == [
        ("LOWER_RIGHT", True, "")
    ] * LAYERS
    assert not any(each.decomposable for each in facts.attentions)
    assert facts.with_lengths == LAYERS
    caches = {f"{kind}{layer}": f"{kind}o{layer}" for layer in range(LAYERS) for kind in "kv"}
    assert {each.source: each.target for each in facts.updates} == caches
    assert all(each.same_shape for each in facts.updates)


@pytest.mark.parametrize("name", ["tiny-qwen3", "tiny-gemma3"])
def test_every_family_has_lengths_on_all_and_masks_where_a_window_is(name: str, tmp_path: Path) -> None:
    file = open_model(write_synthetic(tmp_path / "model.gguf", SHAPES[name], 7))
    config = read_config(file)
    made = written_graph(tmp_path / "graph", CANONICAL_HALF, file, config)
    parsed = Parsed(with_sizes(made, {"T": 66}, "decoder-66.onnx"))
    mend(parsed.library, parsed.network)
    facts = parsed.walk()
    windows = [24, 24, 24, 24, 24, 0, 24] if name == "tiny-gemma3" else [0] * 7
    check(parsed.network, facts, windows)
    assert facts.with_lengths == 7
    assert len(facts.updates) == 14
    with pytest.raises(PlanBuildError, match="for a window of 25"):
        check(parsed.network, facts, [25, *windows[1:]])


def test_a_network_as_the_parser_leaves_it_is_refused(parsed: Parsed) -> None:
    facts = parsed.walk()
    assert facts.with_lengths == 0  # should this ever fail, the parser has learnt it
    with pytest.raises(PlanBuildError, match=r"causal from UPPER_LEFT.*knows no lengths"):
        check(parsed.network, facts, NO_WINDOWS)


def test_one_attention_without_lengths_among_others_is_found(parsed: Parsed) -> None:
    mend(parsed.library, parsed.network)
    name, last = attentions_of(parsed.library, parsed.network)[-1]
    last.key_value_lengths = None
    facts = parsed.walk()
    assert facts.with_lengths == LAYERS - 1
    with pytest.raises(PlanBuildError, match=f"{name} knows no lengths"):
        check(parsed.network, facts, NO_WINDOWS)


def test_one_attention_with_other_lengths_is_found(parsed: Parsed) -> None:
    mend(parsed.library, parsed.network)
    other = parsed.network.add_input("others", parsed.library.int32, (-1,))
    attentions_of(parsed.library, parsed.network)[0][1].key_value_lengths = other
    with pytest.raises(PlanBuildError, match="knows no lengths"):
        check(parsed.network, parsed.walk(), NO_WINDOWS)


def test_one_attention_of_another_causal_kind_is_found(parsed: Parsed) -> None:
    mend(parsed.library, parsed.network)
    kinds: Any = parsed.library.CausalMaskKind
    attentions_of(parsed.library, parsed.network)[1][1].causal_kind = kinds.UPPER_LEFT
    with pytest.raises(PlanBuildError, match="is causal from UPPER_LEFT"):
        check(parsed.network, parsed.walk(), NO_WINDOWS)


def test_a_sliding_window_that_the_network_lacks_is_found(parsed: Parsed) -> None:
    mend(parsed.library, parsed.network)
    with pytest.raises(PlanBuildError, match="has the mask of none for a window of 8"):
        check(parsed.network, parsed.walk(), [8, 0])


def test_a_layer_that_the_network_lacks_is_found(parsed: Parsed) -> None:
    mend(parsed.library, parsed.network)
    with pytest.raises(PlanBuildError, match="2 attentions for 3 layers"):
        check(parsed.network, parsed.walk(), [0] * 3)


def test_a_cache_that_no_update_continues_is_found(parsed: Parsed) -> None:
    mend(parsed.library, parsed.network)
    copy = parsed.network.add_identity(parsed.network.get_input(0)).get_output(0)
    copy.name = "ko9"
    parsed.network.mark_output(copy)
    with pytest.raises(PlanBuildError, match="ko9 does not continue its cache in place"):
        check(parsed.network, parsed.walk(), NO_WINDOWS)


def test_what_is_no_graph_is_refused_in_the_parsers_own_words(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(PlanBuildError, match=r"does not take the decoder graph: .+"):
        Parsed(tmp_path / "broken.onnx")
