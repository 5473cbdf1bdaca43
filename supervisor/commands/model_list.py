"""`samovar model list`: the models of the cache and the one in use."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

import msgspec

from deploy.cache import cache_folder
from supervisor.commands.options import add_data, data_folder
from supervisor.settings_file import read_settings

if TYPE_CHECKING:
    from gpu_actor.model_report import ModelSummary


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    from gpu_actor.model_report import summary  # noqa: PLC0415
    from gpu_actor.models import cached_models, find_model  # noqa: PLC0415
    from gpu_actor.troubles import EngineTrouble  # noqa: PLC0415

    cache = cache_folder()
    named = read_settings(data_folder(arguments).settings, os.environ).engine.model
    models = [summary(path, name) for name, path in cached_models(cache).items()]
    missing = ""
    used = None
    try:
        used = find_model(named, cache)
    except EngineTrouble as error:
        missing = str(error)
    if used is not None and all(each.path != used for each in models):
        models.append(summary(used))
    if arguments.json:
        found = {"models": models, "in_use": used, "in_use_missing": missing, "cache": cache / "models"}
        sys.stdout.write(msgspec.json.encode(found, enc_hook=str).decode() + "\n")
        return 0
    for each in models:
        sys.stdout.write(line(each, used=each.path == used) + "\n")
    if not models:
        sys.stdout.write("There is no model yet: fetch one with `samovar model pull OWNER/NAME:Q4_K_M`.\n")
    if missing:
        sys.stdout.write(f"In use: none ({missing}).\n")
    return 0


def line(model: "ModelSummary", *, used: bool) -> str:
    mark = "*" if used else " "
    kind = " ".join(filter(None, (model.family, model.quantisation)))
    context = f", {model.context:,} tokens" if model.context else ""
    runs = f"run by {model.runs}" if model.runs != "nobody" else "cannot be run"
    why = f" ({model.why})" if model.why else ""
    return f"{mark} {model.name}  {model.bytes / 1e9:.2f} GB, {kind or 'unknown kind'}{context}; {runs}{why}"
