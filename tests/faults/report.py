"""What is said of a run."""

from collections import Counter
from typing import Any

from tests.faults.bench import Outcome
from tests.faults.recovery import summary, waits


def report(outcome: Outcome) -> dict[str, Any]:
    """The report of the command."""
    verdict, happened = outcome.verdict, outcome.happened
    found, hit = waits(outcome.replies, happened)
    by_kind: dict[str, list[float]] = {}
    names = {each.fault.number: each.fault.process or each.fault.kind for each in happened}
    kinds = {each.fault.number: each.fault.kind for each in happened}
    for wait in found:
        what = names[wait.number] if kinds[wait.number] != "stall" else "stall"
        by_kind.setdefault(what, []).append(wait.ms)
    return {
        "faults": len(happened),
        "faults_on_live_streams": len(hit),
        "lost": verdict.lost,
        "duplicated": verdict.duplicated,
        "reordered": verdict.reordered,
        "altered": verdict.altered,
        "recovery_ms": summary([wait.ms for wait in found]),
        "seed": outcome.order.seed,
        "kills": dict(Counter(each.fault.process for each in happened if each.fault.kind == "kill")),
        "other_faults": dict(Counter(each.fault.kind for each in happened if each.fault.kind != "kill")),
        "recovery_ms_by_kind": {kind: summary(values) for kind, values in sorted(by_kind.items())},
        "waits": len(found),
        "replies": verdict.replies,
        "views": verdict.views,
        "texts_compared": verdict.compared,
        "byte_identical": verdict.identical,
        "tokens_checked": verdict.tokens,
        "unfinished": verdict.unfinished,
        "unknown": verdict.unknown,
        "asked_twice": verdict.asked_twice,
        "reader_reconnects": outcome.reconnects,
        "supervisor_starts": outcome.supervisor_starts,
        "engine": outcome.order.engine,
        "control": outcome.order.control,
        "streams": outcome.order.streams,
        "seconds": round(outcome.seconds),
        "examples": verdict.examples,
        "notes": (
            "the limits of restarts (supervisor.restarts, engine_restarts, queue.rest_s) are raised;"
            " kills of the health process hit no stream; kill -9 does not test fsync"
        ),
    }
