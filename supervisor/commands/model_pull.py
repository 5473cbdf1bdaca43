"""`samovar model pull`: fetches a model from a hub into the cache."""

import argparse
import sys
import time

import msgspec

from deploy.cache import cache_folder
from supervisor.progress_line import ProgressLine


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="REPO[:QUANT]", help="OWNER/NAME, with :Q4_K_M or :FILE where it has several files"
    )
    parser.add_argument("--revision", metavar="R", help="a branch, tag or commit (default: the newest)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    from gpu_actor.hub import Hub  # noqa: PLC0415
    from gpu_actor.model_report import summary  # noqa: PLC0415
    from gpu_actor.models import model_hash  # noqa: PLC0415
    from gpu_actor.pull import pull  # noqa: PLC0415

    cache = cache_folder()
    line = ProgressLine(sys.stderr, time.monotonic, "fetched")
    try:
        pulled = pull(arguments.model, arguments.revision, Hub(), cache, line.report)
    finally:
        line.end()
    model = summary(pulled.path)
    if arguments.json:
        found = {
            **msgspec.to_builtins(pulled, enc_hook=str),
            "sha256": model_hash(pulled.path, cache),
            "model": model,
        }
        sys.stdout.write(msgspec.json.encode(found, enc_hook=str).decode() + "\n")
        return 0
    name = pulled.path.relative_to(cache / "models").as_posix().removesuffix(".gguf")
    why = f" ({model.why})" if model.why else ""
    runs = "cannot be run" if model.runs == "nobody" else f"will be run by {model.runs}"
    sys.stdout.write(
        f"{name}: {model.bytes / 1e9:.2f} GB, {model.family} {model.quantisation}; {runs}{why}\n"
    )
    sys.stdout.write(f"Use it: samovar up --model {name}\n")
    return 0
