"""The packed cache: half the memory, in place, and what it costs in precision."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.graph_cache import written_graph
from gpu_actor.engine.graph_writer import with_sizes
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.packed_cache import MOST, SHIFT, hadamard
from gpu_actor.engine.tensorrt_library import make_log, tensorrt_library
from gpu_actor.engine.tensorrt_network import check, mend, parse, walk
from gpu_actor.engine.token_table import TokenTable
from gpu_actor.engine.variant import CANONICAL, CANONICAL_HALF, CANONICAL_PACKED
from tests.gpu_actor.engine.canonical import CanonicalRun, write_graph
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

Numbers = npt.NDArray[np.float64]
TOKENS = [int(token) for token in np.random.default_rng(3).integers(4, 260, 48)]
POSITIONS = 64


@pytest.fixture(scope="module", params=[64, 96], ids=["a head of 64", "a head that is no power of two"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GgufFile:
    model = TinyModel("Q4_1", heads=4, kv_heads=2, head_size=request.param)
    return GgufFile(write_tiny(tmp_path_factory.mktemp("model") / "model.gguf", model))


def log_softmax(logits: npt.NDArray[np.float32]) -> Numbers:
    wide = logits.astype(np.float64)
    return wide - wide.max() - np.log(np.exp(wide - wide.max()).sum())


def answers(run: CanonicalRun, table: TokenTable) -> list[Numbers]:
    """Log-probabilities after a prompt in two chunks and after each of some tokens."""
    states = table.states(TOKENS)
    run.append(states[:9])
    found = [run.append(states[9:40])]
    found += [run.append(states[at : at + 1]) for at in range(40, len(TOKENS))]
    return [log_softmax(each) for each in found]


def divergence(right: Numbers, other: Numbers) -> float:
    """Kullback and Leibler's, in nats."""
    return float((np.exp(right) * (right - other)).sum())


def test_the_answers_stay_close_to_those_of_a_whole_cache(file: GgufFile, tmp_path: Path) -> None:
    table = TokenTable(file)
    whole = CanonicalRun(write_graph(file, CANONICAL, tmp_path / "whole"), file, "float32", POSITIONS)
    half = CanonicalRun(write_graph(file, CANONICAL_HALF, tmp_path / "half"), file, "float16", POSITIONS)
    packed = CanonicalRun(
        write_graph(file, CANONICAL_PACKED, tmp_path / "packed"), file, "float16", POSITIONS
    )
    right = answers(whole, table)
    by_half = [divergence(a, b) for a, b in zip(right, answers(half, table), strict=True)]
    by_packed = [divergence(a, b) for a, b in zip(right, answers(packed, table), strict=True)]
    assert max(by_half) < 1e-4
    assert max(by_half) < max(by_packed) < 0.02
    assert sum(each.nbytes for each in packed.caches.values()) < 0.53 * sum(
        each.nbytes for each in half.caches.values()
    )


def test_every_element_of_the_cache_is_a_pair_that_float16_holds_exactly(
    file: GgufFile, tmp_path: Path
) -> None:
    run = CanonicalRun(write_graph(file, CANONICAL_PACKED, tmp_path / "packed"), file, "float16", POSITIONS)
    run.append(TokenTable(file).states(TOKENS))
    for name, cache in run.caches.items():
        if len(name) != 2:
            assert (cache[:, :, : len(TOKENS)] > 0).all()  # a scale
            continue
        wide = cache.astype(np.float64)
        high = np.rint(wide / SHIFT)
        low = wide - SHIFT * high
        assert np.abs(high).max() == MOST or np.abs(low).max() == MOST
        assert np.abs(high).max() <= MOST
        assert np.abs(low).max() <= MOST
        np.testing.assert_array_equal(low, np.rint(low))
        assert not wide[:, :, len(TOKENS) :].any()


@pytest.mark.parametrize(("size", "order"), [(64, 64), (128, 128), (96, 32)])
def test_turning_there_and_back_changes_nothing(size: int, order: int) -> None:
    matrix = hadamard(size, order)
    np.testing.assert_array_equal(matrix @ matrix.T, order * np.eye(size))
    np.testing.assert_array_equal(matrix, matrix.T)


def test_tensorrt_updates_pairs_and_scales_in_place(file: GgufFile, tmp_path: Path) -> None:
    config = read_config(file)
    graph = written_graph(tmp_path / "graph", CANONICAL_PACKED, file, config)
    library = tensorrt_library("tensorrt_rtx")
    _, network, _parser = parse(library, make_log(library), with_sizes(graph, {"T": 64}, "decoder-64.onnx"))
    mend(library, network)
    facts = walk(library, network)
    check(network, facts, [0] * config.layers)
    caches = {
        f"{kind}{layer}": f"{kind}o{layer}"
        for layer in range(config.layers)
        for kind in ("k", "v", "ks", "vs")
    }
    assert {each.source: each.target for each in facts.updates} == caches
