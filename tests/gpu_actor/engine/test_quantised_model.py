"""Full-precision models in blocks of eight and four bits: what is quantised, how well, that it is told."""

from pathlib import Path

import gguf
import gguf.quants
import numpy as np
import pytest

from gpu_actor.engine import memory
from gpu_actor.engine.block_formats import FORMATS
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.quantised_model import Q4_1, Q8_0, QuantisedModel, pack_q4_1, pack_q8_0
from gpu_actor.executor import load_executor
from gpu_actor.models import choose_model
from gpu_actor.settings import EngineSettings
from tests.gpu_actor.tiny_folders import TinyFolder, write_folder
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

VALUES = np.random.default_rng(5).standard_normal((40, 256)).astype(np.float32)


def relative(found: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    return float(np.sqrt(np.square(found - VALUES).mean() / np.square(VALUES).mean()))


def test_blocks_of_eight_bits_are_those_of_the_reference() -> None:
    ours = FORMATS[Q8_0].values(pack_q8_0(VALUES))
    theirs = gguf.quants.dequantize(
        gguf.quants.quantize(VALUES, gguf.GGMLQuantizationType.Q8_0), gguf.GGMLQuantizationType.Q8_0
    )
    assert relative(ours) <= relative(theirs) * 1.01 < 0.01


def test_blocks_of_four_bits_are_closer_than_those_of_the_reference() -> None:
    ours = FORMATS[Q4_1].values(pack_q4_1(VALUES))
    theirs = gguf.quants.dequantize(
        gguf.quants.quantize(VALUES, gguf.GGMLQuantizationType.Q4_1), gguf.GGMLQuantizationType.Q4_1
    )
    assert relative(ours) < relative(theirs) < 0.1


PACKS = {Q8_0: pack_q8_0, Q4_1: pack_q4_1}


@pytest.mark.parametrize("type_id", PACKS)
@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-9])
def test_blocks_of_one_value_keep_it(type_id: int, value: float) -> None:
    packed = PACKS[type_id](np.full((2, 64), value, np.float32))
    # Scales are float16: their relative step, and their smallest number.
    assert np.abs(FORMATS[type_id].values(packed) - value).max() <= abs(value) * 2e-3 + 2e-7


@pytest.mark.parametrize("type_id", PACKS)
def test_values_beyond_what_a_scale_can_hold_stay_finite(type_id: int) -> None:
    values = FORMATS[type_id].values(PACKS[type_id](VALUES * np.float32(1e6)))
    assert np.isfinite(values).all()


def test_matrices_are_quantised_and_vectors_and_the_table_are_not(tmp_path: Path) -> None:
    write_folder(tmp_path / "model", TinyFolder(dtype="bfloat16", tied=True))
    stored, file = open_model(tmp_path / "model"), open_model(tmp_path / "model", "int4")
    names = {name: place.format.name for name, place in file.tensors.items()}
    assert names["token_embd.weight"] == "BF16"
    assert names["output.weight"] == "Q8_0"  # the tied head, which the table was
    assert names["blk.0.attn_q.weight"] == "Q4_1"
    assert names["blk.0.attn_norm.weight"] == "BF16"
    assert memory.weight_bytes(file) < memory.weight_bytes(stored) * 0.45
    assert file.metadata == stored.metadata
    for name, place in file.tensors.items():
        assert file.raw(name).shape == (place.rows, place.row_bytes)


def test_what_is_quantised_already_stays_exactly_as_it_is(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "model.gguf", TinyModel("Q4_K", value_format="Q6_K"))
    stored, file = open_model(path), open_model(path, "int8")
    assert file.tensors == stored.tensors
    assert all(np.array_equal(file.raw(name), stored.raw(name)) for name in stored.tensors)
    assert file.changes() == ""


def test_the_error_is_measured_once_for_each_matrix_and_told_in_one_line(tmp_path: Path) -> None:
    write_folder(tmp_path / "model", TinyFolder(dtype="float16"))
    file = open_model(tmp_path / "model", "int4")
    assert isinstance(file, QuantisedModel)
    for name in [*file.tensors, *file.tensors]:
        file.raw(name)
    losses = file.losses
    assert (losses["F16 as Q4_1"].matrices, losses["F16 as Q8_0"].matrices) == (14, 1)
    assert 0.05 < losses["F16 as Q4_1"].relative < 0.09
    assert 0.002 < losses["F16 as Q8_0"].relative < 0.008
    assert "F16 as Q4_1: 14 matrices, relative RMS error" in file.changes()
    assert "\n" not in file.changes()


def test_an_engine_says_what_its_weights_are_and_has_another_hash_for_each_form(tmp_path: Path) -> None:
    write_folder(tmp_path / "model", TinyFolder())
    hashes: set[str] = set()
    told: list[str] = []
    for form in ("stored", "int8", "int4"):
        settings = EngineSettings(model=str(tmp_path / "model"), weights=form, slots=1, context=64, threads=1)
        model = choose_model(settings.model, tmp_path, settings.weights)
        first = load_executor(settings, model, tmp_path).facts
        facts = load_executor(settings, model, tmp_path).facts
        assert facts == first  # the second time the graph is there, and its report with it
        hashes.add(facts.model_hash)
        told.append(facts.weights)
    assert len(hashes) == 3
    assert told[0] == "matrices 15 F32; all as they are stored"
    assert "15 Q8_0; F32 as Q8_0: 15 matrices, relative RMS error 0." in told[1]
    assert "F32 as Q4_1: 14 matrices, relative RMS error" in told[2]
