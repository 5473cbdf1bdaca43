"""The demonstration model, loaded once for all tests of the GPU box."""

from pathlib import Path

import pytest
from hypothesis import settings

from deploy.cache import demonstration_model
from gpu_actor.executor import ModelExecutor, load_executor
from gpu_actor.models import ChosenModel, file_hash
from gpu_actor.settings import EngineSettings

# A busy machine is no failure: nothing here is judged by the clock.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def model_file() -> Path:
    """The demonstration model's GGUF file. Its absence is a failure: these tests are about it."""
    path = demonstration_model()
    if not path.is_file():
        pytest.fail(f"the demonstration model is not at {path}; fetch it with `python3 -m deploy setup`")
    return path


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that begins empty."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def model(model_file: Path, cache: Path) -> ChosenModel:
    return ChosenModel(model_file, file_hash(model_file, cache), demonstration=True)


@pytest.fixture(scope="session")
def fast(model: ChosenModel, cache: Path) -> ModelExecutor:
    """The demonstration model at fast numerics, six slots of 512 positions."""
    return load_executor(EngineSettings(slots=6, context=512, threads=2), model, cache)


@pytest.fixture(scope="session")
def exact(model: ChosenModel, cache: Path) -> ModelExecutor:
    """The demonstration model at exact numerics, four slots of 512 positions."""
    return load_executor(EngineSettings(slots=4, context=512, threads=2, numerics="exact"), model, cache)
