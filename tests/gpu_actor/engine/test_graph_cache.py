"""Graphs on disk: made once, whole or not at all."""

from pathlib import Path

import pytest

from gpu_actor.engine import decoder_graph
from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.graph_cache import cached_graph
from gpu_actor.engine.model_config import read_config
from gpu_actor.troubles import CacheFolderError
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

KEY = "a1" * 32


@pytest.fixture
def file(tmp_path: Path) -> GgufFile:
    return GgufFile(write_tiny(tmp_path / "model.gguf", TinyModel("Q4_0", layers=1)))


def test_the_second_time_nothing_is_written(file: GgufFile, tmp_path: Path) -> None:
    first = cached_graph(tmp_path, KEY, "fast", file, read_config(file))
    written = {each.name: each.stat().st_mtime_ns for each in first.parent.iterdir()}
    assert cached_graph(tmp_path, KEY, "fast", file, read_config(file)) == first
    assert {each.name: each.stat().st_mtime_ns for each in first.parent.iterdir()} == written


def test_models_and_numerics_have_graphs_of_their_own(file: GgufFile, tmp_path: Path) -> None:
    config = read_config(file)
    graphs = {
        cached_graph(tmp_path, key, numerics, file, config)
        for key in (KEY, "b2" * 32)
        for numerics in ("fast", "exact")
    }
    assert len(graphs) == 4
    assert all(graph.is_file() for graph in graphs)


def test_a_graph_whose_making_failed_leaves_nothing_behind(
    file: GgufFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(graph: decoder_graph.DecoderGraph) -> None:
        graph.writer.data.write(b"half of the weights")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(decoder_graph.DecoderGraph, "write", fail)
    with pytest.raises(CacheFolderError, match="No space left on device; make room there"):
        cached_graph(tmp_path, KEY, "fast", file, read_config(file))
    assert list((tmp_path / "graphs").iterdir()) == []
    monkeypatch.undo()
    assert cached_graph(tmp_path, KEY, "fast", file, read_config(file)).is_file()


def test_of_two_that_make_the_same_graph_the_second_takes_the_first_ones(
    file: GgufFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read_config(file)
    write = decoder_graph.DecoderGraph.write

    def overtaken(graph: decoder_graph.DecoderGraph) -> None:
        monkeypatch.undo()
        cached_graph(tmp_path, KEY, "fast", file, config)  # another process comes in between
        write(graph)

    monkeypatch.setattr(decoder_graph.DecoderGraph, "write", overtaken)
    graph = cached_graph(tmp_path, KEY, "fast", file, config)
    assert graph.is_file()
    assert [each.name for each in (tmp_path / "graphs").iterdir()] == [graph.parent.name]
