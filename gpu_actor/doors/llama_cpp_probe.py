"""Whether llama.cpp can run a file, tried in a process of its own before anything is loaded here.

llama.cpp maps the file and checks its architecture, vocabulary and tensors; no weight is copied. A hostile
file that makes it crash, take memory or hang does so there, within limits. As a program:
`python -m gpu_actor.doors.llama_cpp_probe FILE`.
"""

import ctypes
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import UnsupportedModelError

LOG, PAUSE = "_Z15common_log_mainv", "_Z16common_log_pauseP10common_log"
REASON = re.compile(r"error loading model(?: \w+)?: (.*)")
MEMORY = 4 << 30
"""Bytes of address space beside the file, where the system can limit it: tables and a tiny context."""


def refuse_what_llama_cpp_cannot(model: Path, limit_s: float) -> None:
    """UnsupportedModelError names what is in the way."""
    if model.is_dir():
        raise UnsupportedModelError(
            f"{model.name} is a folder; llama.cpp runs GGUF files: take the model in that format"
        )
    command = [sys.executable, "-m", "gpu_actor.doors.llama_cpp_probe", str(model)]
    environment = os.environ | {"GGML_NO_BACKTRACE": "1"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnsupportedModelError(
            f"llama.cpp did not get through {model.name} within {limit_s:g} s: raise engine.probe_s for a "
            "large file on a slow disk, or fetch it again"
        ) from error
    if done.returncode == 0:
        return
    why = reason_in(done.stderr.decode("utf-8", "replace"))
    if done.returncode != 1:
        why = f"it crashed on it{': ' + why if why else ''}"
    raise UnsupportedModelError(
        f"llama.cpp cannot run {model.name}: {why or 'it gives no reason'}; choose another file of the model"
    )


def reason_in(said: str) -> str:
    """What llama.cpp names as the reason, else the last that was said at all; "" where it was silent."""
    found = REASON.findall(said) or said.split("\n")
    return next((line.strip()[:200] for line in reversed(found) if line.strip()), "")


def main(path: str) -> int:
    limit_memory(Path(path))
    from gpu_actor.doors.llama_cpp import LlamaCpp  # noqa: PLC0415 - within the limits, not before
    from gpu_actor.troubles import LlamaCppFailedError  # noqa: PLC0415

    settings = EngineSettings(gpu_layers=0, numerics="exact")
    try:
        kept = LlamaCpp(Path(path), settings, slots=1, context=64, longest_chunk=64, threads=1, loud=True)
    except LlamaCppFailedError:
        code = 1
    else:
        code = 0 if kept.address else 1
    sys.stderr.flush()
    let_it_finish_speaking()
    os._exit(code)  # whatever the file made of llama.cpp, it ends here


def let_it_finish_speaking() -> None:
    """llama.cpp writes its log on a thread of its own, whose last words an abrupt end would cut off. To pause
    the log is to wait until that thread has written all; where the library does not give that out, what came
    through by now must do.
    """
    library = ctypes.CDLL(importlib.import_module("xllamacpp.xllamacpp").__file__)
    try:
        log, pause = library[LOG], library[PAUSE]
    except AttributeError:
        return
    log.restype, pause.argtypes, pause.restype = ctypes.c_void_p, (ctypes.c_void_p,), None
    pause(log())


def limit_memory(path: Path) -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        limit = sum(part.stat().st_size for part in path.parent.glob("*.gguf")) + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
