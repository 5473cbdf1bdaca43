"""`samovar chat`: a message to a character and its reply, streamed to standard output."""

import argparse

from actors.messages.generation import Sampling
from actors.presets import DEFAULT_PRESET, PRESETS, UnknownPresetError, find_preset
from supervisor.commands.options import add_data, data_folder, seconds, whole_number


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--character", metavar="NAME", help="whom to ask (default: the first of the gallery)")
    parser.add_argument(
        "--seed",
        type=whole_number(0, 2**63 - 1),
        metavar="N",
        help="the same seed and text give the same reply",
    )
    parser.add_argument(
        "--preset",
        type=preset,
        default=PRESETS[DEFAULT_PRESET],
        metavar="NAME",
        help=f"how the reply is sampled: {', '.join(PRESETS)} (default: {DEFAULT_PRESET})",
    )
    parser.add_argument("text", metavar="TEXT", help="what to say")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=600.0,
        metavar="SECONDS",
        help="most time to wait for the whole reply (default: 600)",
    )


def preset(name: str) -> Sampling:
    try:
        return find_preset(name)
    except UnknownPresetError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(arguments: argparse.Namespace) -> int:
    from web.terminal import chat  # noqa: PLC0415 - other commands need no web client

    return chat(
        data_folder(arguments).root,
        arguments.text,
        arguments.character,
        arguments.seed,
        arguments.timeout,
        arguments.preset,
    )
