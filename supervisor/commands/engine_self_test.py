"""`samovar engine self-test`: does the TensorRT plan compute on this card what the exact engine computes?

A start of the node does the same by itself, once for each card, driver and plan.
"""

import argparse
import sys

from supervisor.commands.engine_options import add_model, engine_settings
from supervisor.errors import OperatorError


class SelfTestFailedError(OperatorError):
    """The test cannot be run, or was not passed: the text says what differs and what to do."""


def add(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    import msgspec  # noqa: PLC0415

    from deploy.cache import cache_folder  # noqa: PLC0415
    from gpu_actor.engine import tensorrt_loading  # noqa: PLC0415
    from gpu_actor.models import choose_model  # noqa: PLC0415
    from gpu_actor.tensorrt_model import open_wanted  # noqa: PLC0415
    from gpu_actor.troubles import EngineTrouble  # noqa: PLC0415

    settings = engine_settings(arguments)
    cache = cache_folder()
    try:
        model = choose_model(settings.model, cache, settings.weights)
        wanted = open_wanted(model, settings, cache)
        loaded = tensorrt_loading.load_tensorrt(
            wanted, settings, cache, again=True, doors=tensorrt_loading.REAL
        )
    except EngineTrouble as error:
        raise SelfTestFailedError(str(error)) from error
    loaded.decoder.close()
    report = loaded.report
    if report is None:
        raise AssertionError("asked for again, the test runs")
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return 0
    for part in report.parts:
        sys.stdout.write(
            f"  {part.name:<42} {part.answers:>3} answers, off by {part.difference:.4f}, "
            f"{part.common} likeliest tokens in common\n"
        )
    sys.stdout.write(f"{report.in_words()}; golden logits by {report.golden}; plan: {loaded.folder}\n")
    return 0
