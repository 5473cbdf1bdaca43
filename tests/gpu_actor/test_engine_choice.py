"""The choice of the engine, and the speeds it goes by."""

from pathlib import Path

import pytest

from gpu_actor.engine_choice import Runtime, candidates
from gpu_actor.measured_speeds import SPEEDS, read_speeds, write_speeds
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import CacheFolderError

NOTHING: dict[Runtime, float] = {}


def chosen(
    settings: EngineSettings,
    *,
    uncovered: str | None = None,
    card: str = "",
    measured: dict[Runtime, float] = NOTHING,
) -> list[str]:
    found = candidates(settings, uncovered=uncovered, card=card, measured=measured)
    return [each.runtime for each in found]


def test_without_a_card_the_processor_serves() -> None:
    assert chosen(EngineSettings()) == ["onnxruntime"]


def test_a_card_is_used_and_the_processor_stands_by() -> None:
    assert chosen(EngineSettings(), card="RTX 4070") == ["tensorrt", "onnxruntime"]
    assert chosen(EngineSettings(fallback="none"), card="RTX 4070") == ["tensorrt"]


def test_what_the_graph_does_not_cover_runs_on_llama_cpp_and_the_reason_is_told() -> None:
    found = candidates(EngineSettings(), uncovered="64 experts", card="RTX 4070", measured={})
    assert [each.runtime for each in found] == ["llama.cpp"]
    assert "64 experts" in found[0].why


def test_what_was_measured_to_be_faster_serves() -> None:
    fast: dict[Runtime, float] = {"onnxruntime": 80.0, "llama.cpp": 100.0}
    assert chosen(EngineSettings(), measured=fast) == ["llama.cpp", "onnxruntime"]
    assert chosen(EngineSettings(), card="RTX 4070", measured={"tensorrt": 70.0, "llama.cpp": 60.0})[0] == (
        "tensorrt"
    )


def test_one_figure_alone_decides_nothing() -> None:
    assert chosen(EngineSettings(), measured={"llama.cpp": 100.0}) == ["onnxruntime"]


def test_figures_of_a_card_that_is_gone_do_not_count() -> None:
    assert chosen(EngineSettings(), measured={"tensorrt": 70.0, "llama.cpp": 60.0}) == ["onnxruntime"]


def test_a_setting_goes_over_everything() -> None:
    slow: dict[Runtime, float] = {"onnxruntime": 100.0, "llama.cpp": 1.0}
    assert chosen(EngineSettings(runtime="llama.cpp"), measured=slow) == ["llama.cpp"]
    assert chosen(EngineSettings(runtime="tensorrt")) == ["tensorrt", "onnxruntime"]
    assert chosen(EngineSettings(runtime="tensorrt", fallback="none")) == ["tensorrt"]


def test_speeds_are_kept_for_each_model(tmp_path: Path) -> None:
    assert read_speeds(tmp_path, "a") == {}
    write_speeds(tmp_path, "a", {"onnxruntime": 1.0})
    write_speeds(tmp_path, "a", {"llama.cpp": 2.0})
    write_speeds(tmp_path, "b", {"tensorrt": 3.0})
    assert read_speeds(tmp_path, "a") == {"onnxruntime": 1.0, "llama.cpp": 2.0}
    assert read_speeds(tmp_path, "b") == {"tensorrt": 3.0}


def test_a_file_that_cannot_be_read_counts_as_nothing_measured(tmp_path: Path) -> None:
    (tmp_path / SPEEDS).write_text("{")
    assert read_speeds(tmp_path, "a") == {}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CacheFolderError, match="SAMOVAR_CACHE"):
        write_speeds(tmp_path / "file", "a", {"onnxruntime": 1.0})
