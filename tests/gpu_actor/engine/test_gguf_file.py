"""The GGUF reader: what it reads, and that damage is named, never obeyed."""

from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.troubles import EngineTrouble, ModelFileError, UnsupportedModelError
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

SMALL = TinyModel(embedding=32, feed_forward=32, heads=1, kv_heads=1, head_size=32, layers=1)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("gguf") / "small.gguf", SMALL)


def test_metadata_and_tensors_are_those_that_the_reference_reads(model_file: Path) -> None:
    ours, reference = GgufFile(model_file), gguf.GGUFReader(model_file)
    assert set(ours.tensors) == {tensor.name for tensor in reference.tensors}
    for tensor in reference.tensors[::40]:
        assert ours.tensors[tensor.name].shape == tuple(int(size) for size in tensor.shape[::-1])
        assert np.array_equal(ours.raw(tensor.name).reshape(-1), tensor.data.reshape(-1).view(np.uint8))
    for key in (
        "general.architecture",
        "llama.block_count",
        "llama.rope.freq_base",
        "tokenizer.chat_template",
    ):
        field = reference.get_field(key)
        assert field is not None
        assert ours.metadata[key] == field.contents()
    tokens = ours.items("tokenizer.ggml.tokens", (str,))
    field = reference.get_field("tokenizer.ggml.tokens")
    assert field is not None
    assert [tokens[0], tokens[-1]] == [field.contents(0), field.contents(-1)]


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    other = tmp_path / "picture.png"
    other.write_bytes(b"\x89PNG and so on")
    with pytest.raises(ModelFileError, match="not a GGUF file"):
        GgufFile(other)


def test_an_empty_or_absent_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.gguf").touch()
    for name in ("empty.gguf", "absent.gguf"):
        with pytest.raises(ModelFileError, match="cannot be read"):
            GgufFile(tmp_path / name)


def test_a_version_from_the_future_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new.gguf").write_bytes(b"GGUF" + (9).to_bytes(4, "little") + bytes(16))
    with pytest.raises(UnsupportedModelError, match="version 9"):
        GgufFile(tmp_path / "new.gguf")


def test_a_download_that_was_cut_off_is_found_before_its_weights_are_used(
    small: Path, tmp_path: Path
) -> None:
    whole = small.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[:-100])
    file = GgufFile(cut)
    with pytest.raises(ModelFileError, match="cut off"):
        file.raw(max(file.tensors.values(), key=lambda place: place.offset).name)


@given(end=st.integers(1, 999))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_header_cut_anywhere_is_named_as_damaged(small: Path, tmp_path: Path, end: int) -> None:
    header = min(place.offset for place in GgufFile(small).tensors.values()) - 32  # without its padding
    cut = tmp_path / f"{end}.gguf"
    cut.write_bytes(small.read_bytes()[: max(1, header * end // 1000)])
    with pytest.raises(EngineTrouble):
        GgufFile(cut)


@given(place=st.integers(4, 6000), value=st.binary(min_size=1, max_size=8))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_in_the_header_leads_to_a_clear_error_or_to_nothing(
    small: Path, tmp_path: Path, place: int, value: bytes
) -> None:
    damaged = bytearray(small.read_bytes())
    damaged[place : place + len(value)] = value
    path = tmp_path / "damaged.gguf"
    path.unlink(missing_ok=True)
    path.write_bytes(damaged)
    try:
        file = GgufFile(path)
        for name in file.tensors:
            file.raw(name)
    except EngineTrouble:
        pass  # the only kind of error there may be
