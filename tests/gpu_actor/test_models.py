"""Which model, and the hash of its file."""

import hashlib
import os
from pathlib import Path

import pytest

from deploy.cache import DEMONSTRATION_MODEL, model_path
from gpu_actor import models
from gpu_actor.executor import load_executor
from gpu_actor.models import HASHES, cached_models, choose_model, file_hash
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import CacheFolderError, ChatTemplateError, ModelFileError, ModelNotFoundError
from tests.gpu_actor.tiny_folders import TinyFolder, write_folder
from tests.gpu_actor.tiny_models import TinyModel, write_tiny


def test_without_a_name_it_is_the_demonstration_model(tmp_path: Path) -> None:
    path = model_path(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"weights")
    chosen = choose_model("", tmp_path)
    assert (chosen.path, chosen.demonstration) == (path, True)
    assert chosen.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert choose_model(str(path), tmp_path) == chosen


def test_a_named_model_is_no_demonstration(tmp_path: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(b"mine")
    assert not choose_model(str(mine), tmp_path).demonstration


def test_an_absent_model_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="python3 -m deploy setup"):
        choose_model("", tmp_path)
    with pytest.raises(ModelNotFoundError, match=r"nowhere\.gguf; name one with --model PATH"):
        choose_model(str(tmp_path / "nowhere.gguf"), tmp_path)


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())


def test_a_folder_is_a_model_where_it_has_a_config_or_holds_one_file(tmp_path: Path) -> None:
    touch(tmp_path / "one" / "model.gguf", tmp_path / "two" / "a.gguf", tmp_path / "two" / "b.gguf")
    touch(tmp_path / "none" / "README.md")
    write_folder(tmp_path / "Qwen2.5-tiny", TinyFolder())
    assert choose_model(str(tmp_path / "one"), tmp_path).path == tmp_path / "one" / "model.gguf"
    touch(tmp_path / "one" / "config.json")  # as some publishers lay it beside
    assert choose_model(str(tmp_path / "one"), tmp_path).path == tmp_path / "one" / "model.gguf"
    folder = choose_model(str(tmp_path / "Qwen2.5-tiny"), tmp_path)
    assert (folder.path, folder.name) == (tmp_path / "Qwen2.5-tiny", "Qwen2.5-tiny")
    with pytest.raises(ModelNotFoundError, match=r"holds 2 models; name one .*: a\.gguf, b\.gguf$"):
        choose_model(str(tmp_path / "two"), tmp_path)
    with pytest.raises(ModelNotFoundError, match="holds no GGUF file"):
        choose_model(str(tmp_path / "none"), tmp_path)


def test_the_hash_of_a_folder_changes_with_each_file_that_matters_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_folder(folder, TinyFolder(shards=2))
    first = choose_model(str(folder), tmp_path).sha256
    touch(folder / "README.md")
    assert choose_model(str(folder), tmp_path).sha256 == first
    for name in ("tokenizer_config.json", "chat_template.jinja", "model-00002-of-00002.safetensors"):
        before = choose_model(str(folder), tmp_path).sha256
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")
        assert choose_model(str(folder), tmp_path).sha256 != before


def test_a_model_in_parts_is_one_model_by_whatever_part_it_is_named(tmp_path: Path) -> None:
    parts = [tmp_path / f"big-0000{part}-of-00002.gguf" for part in (1, 2)]
    touch(*parts)
    chosen = [choose_model(str(part), tmp_path) for part in parts]
    assert chosen[0] == chosen[1]
    assert (chosen[0].path, chosen[0].name) == (parts[0], "big")
    parts[1].write_bytes(b"other")
    assert choose_model(str(parts[0]), tmp_path).sha256 != chosen[0].sha256


def test_a_model_of_the_cache_is_found_by_its_name_and_a_near_miss_is_told(tmp_path: Path) -> None:
    store = tmp_path / "models"
    touch(
        store / "maker" / "Nemo-GGUF" / "Nemo-Q4_K_M.gguf", store / "other" / "Nemo-GGUF" / "Nemo-Q8_0.gguf"
    )
    touch(store / "Small.gguf", store / "maker" / "Nemo-GGUF" / "mmproj-Nemo.gguf")
    assert list(cached_models(tmp_path)) == [
        "Small",
        "maker/Nemo-GGUF/Nemo-Q4_K_M",
        "other/Nemo-GGUF/Nemo-Q8_0",
    ]
    wanted = store / "maker" / "Nemo-GGUF" / "Nemo-Q4_K_M.gguf"
    for name in ("maker/Nemo-GGUF/Nemo-Q4_K_M", "nemo-q4_k_m", "Nemo-Q4_K_M.gguf"):
        assert choose_model(name, tmp_path).path == wanted
    with pytest.raises(ModelNotFoundError, match=r"model list` \(near it: maker/Nemo-GGUF/Nemo-Q4_K_M"):
        choose_model("Nemo-Q4_K_S", tmp_path)
    touch(store / "third" / "Nemo-Q4_K_M.gguf")
    with pytest.raises(ModelNotFoundError, match="is the name of 2 models"):
        choose_model("Nemo-Q4_K_M", tmp_path)


def test_the_hash_is_remembered_until_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"one")
    first = file_hash(file, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(models.hashlib, "sha256", None)  # nothing is read again
        assert file_hash(file, tmp_path) == first
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert file_hash(file, tmp_path) == hashlib.sha256(b"two").hexdigest()


def test_a_damaged_memory_of_hashes_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"one")
    (tmp_path / HASHES).write_text("{half", encoding="utf-8")
    assert file_hash(file, tmp_path) == hashlib.sha256(b"one").hexdigest()


def test_a_cache_that_cannot_be_written_is_told_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"one")
    (tmp_path / "cache").write_bytes(b"a file where the folder should be")
    with pytest.raises(CacheFolderError, match="SAMOVAR_CACHE"):
        file_hash(file, tmp_path / "cache")


def test_the_demonstration_models_hash_is_the_pinned_one(model_file: Path, tmp_path: Path) -> None:
    assert file_hash(model_file, tmp_path) == DEMONSTRATION_MODEL.sha256


# -- loading --------------------------------------------------------------------------------------


def test_a_model_without_a_chat_template_is_refused_unless_its_tokens_tell_the_form(tmp_path: Path) -> None:
    settings = EngineSettings(context=128, slots=1, threads=1)
    chatty = write_tiny(tmp_path / "chatty.gguf", TinyModel())
    executor = load_executor(settings, choose_model(str(chatty), tmp_path), tmp_path)
    assert executor.facts.model == "chatty"
    assert (executor.facts.slots, executor.facts.context, executor.facts.demonstration) == (1, 128, False)
    mute = write_tiny(tmp_path / "mute.gguf", TinyModel(specials=("<s>", "</s>")))
    with pytest.raises(ChatTemplateError, match="instruct or chat version"):
        load_executor(settings, choose_model(str(mute), tmp_path), tmp_path)


def test_the_context_is_at_most_what_the_model_was_made_for(tmp_path: Path) -> None:
    small = write_tiny(tmp_path / "small.gguf", TinyModel(context=64))
    executor = load_executor(EngineSettings(threads=1), choose_model(str(small), tmp_path), tmp_path)
    assert executor.facts.context == 64


def test_a_file_that_is_no_model_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.gguf").write_text("shopping list", encoding="utf-8")
    with pytest.raises(ModelFileError, match="not a GGUF file") as caught:
        load_executor(EngineSettings(), choose_model(str(tmp_path / "notes.gguf"), tmp_path), tmp_path)
    assert "\n" not in str(caught.value)
