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


def test_a_file_of_the_other_byte_order_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big.gguf").write_bytes(b"GGUF" + (3).to_bytes(4, "big") + bytes(16))
    with pytest.raises(UnsupportedModelError, match="big-endian"):
        GgufFile(tmp_path / "big.gguf")


# -- files in parts -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The small model in three parts, as the gguf package splits it."""
    folder = tmp_path_factory.mktemp("parts")
    whole = gguf.GGUFReader(write_tiny(folder / "whole.gguf", SMALL))
    count = -(-len(whole.tensors) // 3)
    writer = gguf.GGUFWriter(folder / "split.gguf", "llama", split_max_tensors=count)
    for key, value in ((field, whole.fields[field]) for field in whole.fields if "." in field):
        if key not in {"general.architecture", "GGUF.version"}:
            element = value.types[1] if value.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(key, value.contents(), value.types[0], element)
    for tensor in whole.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return sorted(folder.glob("split-*.gguf"))


def test_a_model_in_parts_is_read_from_any_of_them(parts: list[Path], small: Path) -> None:
    whole = GgufFile(small)
    assert len(parts) == 3
    for path in parts:
        file = GgufFile(path)
        assert file.paths == parts
        assert file.get("general.architecture", str) == "llama"
        assert file.tensors.keys() == whole.tensors.keys()
        for name in whole.tensors:
            assert np.array_equal(file.raw(name), whole.raw(name))
        file.close()


def test_a_part_that_is_missing_is_named(parts: list[Path], tmp_path: Path) -> None:
    for path in (parts[0], parts[2]):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelFileError, match=r"one of 3 parts, and split-00002-of-00003\.gguf is not beside"):
        GgufFile(tmp_path / parts[2].name)


def test_parts_that_changed_their_names_are_found_out(parts: list[Path], tmp_path: Path) -> None:
    for path, name in zip(parts, [parts[1].name, parts[0].name, parts[2].name], strict=True):
        (tmp_path / name).write_bytes(path.read_bytes())
    with pytest.raises(ModelFileError, match="give the parts the names"):
        GgufFile(tmp_path / parts[0].name)


def test_a_first_part_under_another_name_does_not_pass_for_the_whole(
    parts: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "model.gguf").write_bytes(parts[0].read_bytes())
    with pytest.raises(ModelFileError, match=r"part 0 \(from 0\) of 3"):
        GgufFile(tmp_path / "model.gguf")


# -- damage ---------------------------------------------------------------------------------------


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
