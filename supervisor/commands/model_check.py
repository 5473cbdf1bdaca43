"""`samovar model check`: what a model takes of a graphics card, and how fast it can be there."""

import argparse
import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from deploy.cache import cache_folder
from supervisor.commands.options import whole_number

if TYPE_CHECKING:
    from gpu_actor.model_report import ModelCheck


def gigabytes(text: str) -> float:
    """A type for argparse: a size of memory."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= 10_000:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of GB')
    return number


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        default="",
        help="a GGUF file, a folder, or a name of `samovar model list` (default: the demonstration model)",
    )
    parser.add_argument("--card", metavar="NAME", help="a graphics card (default: RTX 4070)")
    parser.add_argument("--vram", type=gigabytes, metavar="GB", help="memory of the card, where it differs")
    parser.add_argument(
        "--context", type=whole_number(1, 1 << 24), metavar="N", help="tokens of context (default: several)"
    )
    parser.add_argument(
        "--weights",
        choices=("stored", "int8", "int4"),
        default="stored",
        help="full-precision matrices as they are, or in blocks of 8 or 4 bits as the setting engine.weights",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    from gpu_actor.engine import memory  # noqa: PLC0415
    from gpu_actor.model_report import built_plan, check, summary  # noqa: PLC0415
    from gpu_actor.models import find_model  # noqa: PLC0415

    card = memory.find_card(arguments.card or memory.DEFAULT_CARD)
    if arguments.vram is not None:
        card = memory.card(card.name, arguments.vram, card.bandwidth_gb_s)
    cache = cache_folder()
    path = find_model(arguments.model, cache)
    contexts = () if arguments.context is None else (arguments.context,)
    model = summary(path)
    if model.runs != "samovar":
        found = {"model": model}
        lines = iter([f"{model.name}: not run by Samovar's own graph: {model.why}"])
        if model.runs == "llama.cpp":
            lines = iter([*lines, f"llama.cpp runs it; its weights are {model.bytes / 1e9:.2f} GB on disk."])
    else:
        plan = built_plan(arguments.model, cache, arguments.weights)
        found = check(path, card, contexts, arguments.weights, plan)
        lines = told(found)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(found, enc_hook=str).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{each}\n" for each in lines))
    return 0


def told(found: "ModelCheck") -> Iterator[str]:
    model = found.model
    source = "plan as built" if found.from_plan else "counted"
    yield f"{model.name}: {model.family} {model.quantisation}, up to {model.context:,} tokens; run by Samovar"
    yield (
        f"{found.card}: {found.usable_bytes / 1e9:.1f} GB usable, {found.bandwidth_gb_s:.0f} GB/s. "
        f"Weights {found.weights / 1e9:.2f} GB ({source}), scratch {found.scratch / 1e9:.2f} GB a slot; "
        f"token table {found.host / 1e9:.2f} GB in host memory"
    )
    kib = {kind: size / 1024 for kind, size in found.cache_a_token.items()}
    yield (
        f"Cache a token: {kib['fp16']:.1f} KiB in float16, {kib['int6']:.1f} KiB packed (int6). "
        f"One slot alone: {found.longest['fp16']:,} or {found.longest['int6']:,} tokens"
    )
    if found.windowed_layers:
        yield (
            f"{found.windowed_layers} of its layers see only {found.window:,} tokens; "
            "their cache is kept at full length all the same, and counted so"
        )
    if not any(found.longest.values()):
        yield "It does not fit this card: take a smaller quantisation, or a smaller model"
        return
    yield "            slots that fit       most tokens/s of one stream"
    yield "   context  float16     int6     float16     int6"
    for fit in found.fits:
        slots, speed = fit.slots, fit.ceilings
        yield (
            f"{fit.context:>10,}{slots['fp16']:>9}{slots['int6']:>9}"
            f"{speed['fp16']:>12.0f}{speed['int6']:>9.0f}"
        )
