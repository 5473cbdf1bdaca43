"""Opens a model on disk, whatever its format."""

from pathlib import Path

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.huggingface_folder import HuggingFaceFolder
from gpu_actor.engine.model_file import ModelFile


def open_model(path: Path) -> ModelFile:
    """The model at `path`: a GGUF file, or a folder of Hugging Face. EngineTrouble says why it cannot be."""
    return HuggingFaceFolder(path) if path.is_dir() else GgufFile(path)
