"""Which model, and the hash of its file."""

import hashlib
import os
from pathlib import Path

import pytest

from deploy.cache import DEMONSTRATION_MODEL, model_path
from gpu_actor import models
from gpu_actor.executor import load_executor
from gpu_actor.models import HASHES, choose_model, file_hash
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import CacheFolderError, ChatTemplateError, ModelFileError, ModelNotFoundError
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
    with pytest.raises(ModelNotFoundError, match=r"nowhere\.gguf; name one with --model PATH$"):
        choose_model(str(tmp_path / "nowhere.gguf"), tmp_path)


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
