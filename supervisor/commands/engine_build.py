"""`samovar engine build`: the TensorRT plan of a model for a kind of card; no card is needed to build it."""

import argparse
import sys
from pathlib import Path

from gpu_actor.engine.plan_request import PlanPhase
from supervisor.commands.engine_options import add_model, engine_settings
from supervisor.commands.options import whole_number
from supervisor.errors import OperatorError


class BuildError(OperatorError):
    """The plan cannot be built: the text says why and what to do."""


def add(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--target", default="sm89", metavar="CARD", help="compute capability (default: sm89, RTX 40)"
    )
    parser.add_argument("--slots", type=whole_number(1, 64), metavar="N", help="default: engine.slots")
    parser.add_argument(
        "--chunk",
        type=whole_number(2, 4096),
        metavar="N",
        help="most prompt tokens in one run (default: engine.plan_chunk)",
    )
    parser.add_argument(
        "--kv",
        choices=("fp16", "int6"),
        help="elements of the key/value cache; int6 takes half the memory (default: engine.plan_cache)",
    )
    parser.add_argument(
        "--no-golden",
        action="store_true",
        help="leave the golden logits of the self-test to the first start on the card",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    import msgspec  # noqa: PLC0415

    from deploy.cache import cache_folder  # noqa: PLC0415
    from gpu_actor.engine.plan_build import PlanOrder, build_plan  # noqa: PLC0415
    from gpu_actor.models import choose_model  # noqa: PLC0415
    from gpu_actor.tensorrt_model import open_wanted  # noqa: PLC0415
    from gpu_actor.troubles import EngineTrouble  # noqa: PLC0415

    settings = engine_settings(arguments)
    cache = cache_folder()
    try:
        order = PlanOrder(
            model=choose_model(settings.model, cache, settings.weights),
            target=arguments.target.lower(),
            slots=arguments.slots or settings.slots,
            context=settings.context,
            chunk=arguments.chunk or settings.plan_chunk,
            kv=arguments.kv or settings.plan_cache,
        )
        report = build_plan(order, settings, cache, say)
        if not arguments.no_golden:
            say(PlanPhase("golden logits"), report.seconds)
            open_wanted(order.model, settings, cache).golden(Path(report.plan).parent)
    except EngineTrouble as error:
        raise BuildError(str(error)) from error
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return 0
    state = "was there already" if report.cached else f"built in {report.seconds:.0f} s"
    sys.stdout.write(
        f"{report.plan}\n{report.plan_mb:.0f} MB, {state}; {report.attentions_with_lengths} of "
        f"{report.attentions} attentions know their lengths, {report.kv_updates} cache updates; the builder "
        f"took {report.peak_mb:.0f} MB of host memory ({report.predicted_mb:.0f} predicted)\n"
    )
    return 0


def say(phase: PlanPhase, seconds: float) -> None:
    """A line for people on standard error."""
    share = f" ({phase.done} of {phase.steps})" if phase.done else ""
    sys.stderr.write(f"  {seconds:6.1f} s  {phase.name}{share}\n")
    sys.stderr.flush()
