"""The door to TensorRT: `tensorrt_rtx` (for GeForce and RTX cards) or classic `tensorrt`, the same interface.

Only this file imports them. The builder and the runtime get the module handed and use what both have.
"""

import importlib
from typing import Any, Literal

from gpu_actor.troubles import TensorRtMissingError

LibraryName = Literal["tensorrt_rtx", "tensorrt"]
LOG_LINES = 200
"""Lines of the library's own log that are kept to explain a failure."""


def tensorrt_library(name: LibraryName) -> Any:
    """The module; TensorRtMissingError where it is not installed or cannot be loaded."""
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        package = "tensorrt-rtx-cu13" if name == "tensorrt_rtx" else "tensorrt-cu13"
        raise TensorRtMissingError(
            f"{name} cannot be loaded ({error}); install {package}, or choose another engine.runtime"
        ) from error


def installed_library(name: LibraryName | None = None) -> tuple[LibraryName, str]:
    """The library of that name, or the first that is installed, and its version. TensorRtMissingError
    where there is none.
    """
    names: tuple[LibraryName, ...] = (name,) if name else ("tensorrt_rtx", "tensorrt")
    reasons: list[str] = []
    for each in names:
        try:
            return each, str(tensorrt_library(each).__version__)
        except TensorRtMissingError as error:
            reasons.append(str(error))
    raise TensorRtMissingError("; ".join(reasons))


def has_jit(library: Any) -> bool:
    """Whether plans are compiled to the end on the card (TensorRT for RTX), with a cache for the results."""
    return hasattr(library, "IRuntimeCache")


def make_log(library: Any) -> Any:
    """A logger for the library that keeps its last lines: `lines`, of (severity, text), and `problems()`."""

    class Log(library.ILogger):
        def __init__(self) -> None:
            library.ILogger.__init__(self)
            self.lines: list[tuple[Any, str]] = []

        def log(self, severity: Any, msg: str) -> None:
            self.lines = [*self.lines[1 - LOG_LINES :], (severity, msg)]

        def problems(self) -> str:
            """Errors that were logged since the last call, in one line."""
            worst = (library.ILogger.INTERNAL_ERROR, library.ILogger.ERROR)
            errors = [text.strip() for severity, text in self.lines if severity in worst]
            self.lines = []
            return "; ".join(errors) or "TensorRT says nothing about it"

    return Log()
