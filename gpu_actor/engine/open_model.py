"""Opens a model on disk, whatever its format."""

from pathlib import Path

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.huggingface_folder import HuggingFaceFolder
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.engine.quantised_model import QuantisedModel, WeightForm


def open_model(path: Path, weights: WeightForm = "stored") -> ModelFile:
    """The model at `path`: a GGUF file, or a folder of Hugging Face. EngineTrouble says why it cannot be.
    `weights`: what becomes of matrices in full precision.
    """
    file = HuggingFaceFolder(path) if path.is_dir() else GgufFile(path)
    return file if weights == "stored" else QuantisedModel(file, weights)
