"""Arguments that several commands share."""

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path

from supervisor.data_folder import DataFolder, default_data_folder


def add_data(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """`again`: of a subcommand whose command has it too; it may stand before or behind the subcommand."""
    parser.add_argument(
        "--data",
        default=argparse.SUPPRESS if again else None,
        metavar="DIR",
        help=f"the node's data folder (default: SAMOVAR_DATA, else {default_data_folder()})",
    )


def data_folder(arguments: argparse.Namespace) -> DataFolder:
    chosen = arguments.data or os.environ.get("SAMOVAR_DATA")
    return DataFolder(Path(chosen) if chosen else default_data_folder())


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A type for argparse: a whole number within bounds."""
    bounds = f"of {least} or more" if most is None else f"from {least} to {most}"

    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f'"{text}" is not a whole number {bounds}')
        return number

    return convert


def seconds(text: str) -> float:
    """A type for argparse: a time to wait."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of seconds')
    return number
