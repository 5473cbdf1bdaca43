"""Opens a model on disk, whatever its format."""

from pathlib import Path

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.model_file import ModelFile


def open_model(path: Path) -> ModelFile:
    """The model at `path`; EngineTrouble says why it cannot be read."""
    return GgufFile(path)
