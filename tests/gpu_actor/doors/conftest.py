"""llama.cpp's real server, as it comes with its wheel, on a free port of the loopback."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xllamacpp as untyped  # pyright: ignore[reportMissingTypeStubs]

xllamacpp: Any = untyped
SERVER_KEY = "a secret of the test"


@contextmanager
def llama_server(model: Path, template: str = "") -> Generator[str]:
    """Its address. Two slots of 1024 positions, one thread; `template`: in the place of the model's own."""
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx, params.n_parallel, params.warmup, params.verbosity = 2048, 2, False, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.api_keys = [SERVER_KEY]
    if template:
        params.chat_template = template
    running: Any = xllamacpp.Server(params)
    yield running.listening_address
    del running


@pytest.fixture(scope="session")
def server(model_file: Path) -> Iterator[str]:
    """Its address; it ends with the session."""
    with llama_server(model_file) as address:
        yield address


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with the server's key."""
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_text(SERVER_KEY + "\n")
    return str(path)
