"""The comparison with llama.cpp: what it measures and reports. The figures themselves are nobody's test."""

from pathlib import Path

import msgspec
import pytest

from gpu_actor.bench.engine import Figures, Workload, compare, ratios
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import BenchFailedError

SMALL = Workload(prefill=16, decode=(4, 8), steps=3, together=(4, 3), reply=3, sentences=1)


def test_both_engines_are_measured_in_turn_on_the_same_file(model_file: Path) -> None:
    said: list[str] = []
    settings = EngineSettings(model=str(model_file), slots=8, kept=0, context=512, threads=1)
    found = compare(settings, 49_152, rounds=1, say=said.append, work=SMALL)
    assert said[0] == "warming up: prefill_512"
    assert said[-1] == "round 1 of 1: second_turn"
    assert found.model == model_file.name
    assert "Samovar" in found.samovar.name
    assert "llama.cpp" in found.llama_cpp.name
    for figures in (found.samovar, found.llama_cpp):
        assert all(value > 0 for value in msgspec.to_builtins(figures).values() if not isinstance(value, str))
    assert set(found.ratios) == {
        "prefill_512",
        "decode_64",
        "decode_500",
        "eight_sequences",
        "warm_first_token",
        "memory",
    }


def test_a_ratio_of_speeds_above_one_says_that_samovar_is_faster() -> None:
    own = Figures("own", 200.0, 30.0, 20.0, 100.0, 0.1, 2.0, 300.0)
    rival = Figures("rival", 100.0, 20.0, 20.0, 50.0, 0.5, 4.0, 600.0)
    assert ratios(own, rival) == {
        "prefill_512": 2.0,
        "decode_64": 1.5,
        "decode_500": 1.0,
        "eight_sequences": 2.0,
        "warm_first_token": pytest.approx(0.05),
        "memory": 0.5,
    }


def test_a_contender_that_falls_out_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(BenchFailedError, match="samovar could not be measured"):
        compare(EngineSettings(model=str(tmp_path / "none")), 100, rounds=1, say=said.append, work=SMALL)
