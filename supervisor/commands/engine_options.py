"""Arguments of the commands that run the engine in their own process, and the settings that come of them."""

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

from gpu_actor.settings import EngineSettings
from supervisor.commands.options import add_data, data_folder, whole_number
from supervisor.errors import UsageError
from supervisor.settings_file import Given, read_settings

LONGEST_PROMPT_FILE = 1 << 24
"""Bytes; more than any context holds."""


def add_model(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="a file, folder or name of `samovar model list`",
    )
    parser.add_argument("--threads", type=whole_number(1, 1024), metavar="N", help="default: engine.threads")
    parser.add_argument(
        "--context",
        type=whole_number(2),
        metavar="N",
        help="positions of the cache",
    )


def add_raw(parser: argparse.ArgumentParser) -> None:
    """For a raw prompt computed at stated numerics."""
    add_model(parser)
    parser.add_argument(
        "--prompt-file",
        required=True,
        metavar="FILE",
        help="UTF-8 text, taken as it is",
    )
    parser.add_argument(
        "--numerics",
        choices=("exact", "fast"),
        default="exact",
        help="exact: all in float32; fast: as the engine serves by default (default: exact)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def engine_settings(arguments: argparse.Namespace, numerics: str = "") -> EngineSettings:
    """The settings of the node's data folder, with what the call says over them."""
    return read_settings(data_folder(arguments).settings, os.environ, given(arguments, numerics)).engine


def given(arguments: argparse.Namespace, numerics: str) -> Iterable[Given]:
    for key in ("model", "threads", "context"):
        value = getattr(arguments, key)
        if value is not None:
            yield Given("engine", key, value, f"--{key}")
    if numerics:
        yield Given("engine", "numerics", numerics, "--numerics")


def raw_prompt(arguments: argparse.Namespace) -> str:
    """The text of the prompt file, as it is. Raises UsageError."""
    path = Path(arguments.prompt_file)
    try:
        if path.stat().st_size > LONGEST_PROMPT_FILE:
            raise UsageError(f"{path} is larger than a prompt can be ({LONGEST_PROMPT_FILE >> 20} MiB)")
        return path.read_bytes().decode()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no UTF-8 text (byte {error.start})") from error
