"""Files of cards, for the commands that work on them."""

import argparse
import contextlib
import os
from collections.abc import Generator
from pathlib import Path

from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import CardFile, read_card
from actors.character.formats.troubles import CardTrouble
from actors.character.lore_scene import LoreLimits
from supervisor.commands.options import data_folder
from supervisor.errors import UsageError
from supervisor.settings_file import read_settings


def card_limits(arguments: argparse.Namespace) -> CardLimits:
    return read_settings(data_folder(arguments).settings, os.environ).card


def lore_limits(arguments: argparse.Namespace) -> LoreLimits:
    return read_settings(data_folder(arguments).settings, os.environ).lore


def card_file(path: Path, limits: CardLimits) -> CardFile:
    """Raises UsageError: whatever is wrong with the file, it was the wrong one to give."""
    data = file_bytes(path, limits)
    with refusals(path):
        return read_card(data, limits)


def file_bytes(path: Path, limits: CardLimits) -> bytes:
    """The file, but no more of it than shows that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(limits.file_bytes + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


@contextlib.contextmanager
def refusals(path: Path) -> Generator[None]:
    """What is wrong with the file, as the one line of a command."""
    try:
        yield
    except CardTrouble as error:
        raise UsageError(f"{path}: {error}") from None
