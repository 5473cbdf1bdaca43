"""TensorRT for a chosen model: what loading a plan and making its golden logits need of the model's file."""

from collections.abc import Sequence
from pathlib import Path

from gpu_actor.engine.golden import Golden
from gpu_actor.engine.model_config import ModelConfig, read_config
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.tensorrt_loading import Wanted
from gpu_actor.models import ChosenModel
from gpu_actor.processors import physical_cores
from gpu_actor.settings import EngineSettings
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import CacheFolderError
from gpu_actor.vocabulary import read_vocabulary


def open_wanted(model: ChosenModel, settings: EngineSettings, cache: Path) -> Wanted:
    """The same, for who has only chosen the model. EngineTrouble says why it cannot be read."""
    file = open_model(model.path, model.weights)
    config = read_config(file)
    return wanted_model(model.sha256, file, config, Tokenizer(read_vocabulary(file)), settings, cache)


def wanted_model(
    model_hash: str,
    file: ModelFile,
    config: ModelConfig,
    tokenizer: Tokenizer,
    settings: EngineSettings,
    cache: Path,
) -> Wanted:
    """For load_tensorrt. `cache` is the folder of deploy.cache."""

    def encode(text: str) -> Sequence[int]:
        ids = tokenizer.encode(text, special=False)
        # Without the token that all its texts began with, a model that had one computes at its limits.
        starts = [tokenizer.bos] if tokenizer.vocabulary.add_bos and tokenizer.bos is not None else []
        return [*starts, *ids]

    def golden(folder: Path) -> Golden:
        from gpu_actor.engine.golden_cpu import golden_for  # noqa: PLC0415 - heavy, and seldom needed

        threads = settings.threads or physical_cores()
        try:
            return golden_for(folder, model_hash, file, config, encode, cache=cache, threads=threads)
        except OSError as error:
            raise CacheFolderError(
                f"golden logits cannot be written to {folder}: {error.strerror or error}; make room there, "
                "or choose another folder with SAMOVAR_CACHE"
            ) from error

    return Wanted(model_hash, file, config, golden)
