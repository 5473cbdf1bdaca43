"""The state of a node in words and columns, for a terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from actors.messages.control import NodeStatus, ProcessStatus, WorkerStatus
from supervisor.status import shaped

CONTINUATIONS = {
    "rounded": ". A reply that is cut goes on from the same tokens, but for the last bits of their numbers",
    "redrawn": ". A reply that is cut goes on from the same tokens with other random numbers, so above "
    "temperature 0 otherwise than it would have",
    "text": ". A reply that is cut goes on from the same text, otherwise than it would have",
}
"""See gpu_actor/engine_facts.py; of the exact way there is nothing to be said."""


class ToldDeadLetter(Struct, frozen=True):
    """As a process tells of it (actors/mailbox.py)."""

    address: str
    message: str
    cause: str
    utc_ms: int = 0


MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def status_text(status: NodeStatus) -> str:
    first = [f"Samovar {status.version}", "ready" if status.ready else "not ready"]
    first += [part for part in (status.url, f"crypto: {status.crypto}" if status.crypto else "") if part]
    parts = [
        " · ".join(first),
        columns(
            ("process", "state", "pid", "up", "memory", "restarts", ""),
            [process_row(process) for process in status.processes],
        ),
    ]
    if any(process.name == "web" for process in status.processes):
        parts += [
            columns(
                ("GPU box", "state", "engine", "model", "busy", ""),
                [worker_row(worker) for worker in status.workers],
            )
            if status.workers
            else "No GPU box is linked.",
            f"Queue: {status.queue.waiting} waiting, {status.queue.running} running",
        ]
    else:
        parts.append(link_text(status.facts.get("link", {})))
    engine = status.facts.get("engine", {})
    if serves := engine_text(engine):
        parts.append(serves)
    if tokens := tokens_text(engine.get("tokens")):
        parts.append(tokens)
    if gpu := gpu_text(status.gpu):
        parts.append(gpu)
    if letters := dead_letters_text(status.facts):
        parts.append(letters)
    parts += [f"Warning: {warning}" for warning in status.facts.get("health", {}).get("warnings", [])]
    return "\n\n".join(parts) + "\n"


def process_row(process: ProcessStatus) -> Sequence[str]:
    running = process.pid != 0
    remark = process.progress if process.state == "starting" else process.why
    return (
        process.name,
        process.state,
        str(process.pid) if running else "–",
        duration(process.uptime_s) if running else "–",
        f"{process.rss_mb:.0f} MB" if running else "–",
        str(process.restarts),
        " ".join(remark.split()),
    )


def worker_row(worker: WorkerStatus) -> Sequence[str]:
    model = f"{worker.model} (demonstration)" if worker.demonstration else worker.model
    return (
        worker.name,
        worker.state,
        worker.engine or "–",
        model or "–",
        f"{worker.busy} of {worker.slots}",
        worker.why,
    )


def link_text(link: dict[str, Any]) -> str:
    """How a GPU box alone stands with its web node."""
    if refusal := shaped(link.get("refusal"), str, ""):
        return f"Web node: {refusal}"
    return "Web node: linked" if link.get("linked") is True else "Web node: not reached"


def dead_letters_text(facts: dict[str, dict[str, Any]]) -> str:
    """Messages that no actor could handle, newest last; "" where there are none, as there should be."""
    letters = [
        (process, letter)
        for process, told in facts.items()
        for letter in shaped(told.get("dead_letters"), list[ToldDeadLetter], [])
    ]
    letters.sort(key=lambda each: each[1].utc_ms)
    rows = [
        (clock(letter.utc_ms), process, letter.address, letter.message, " ".join(letter.cause.split()))
        for process, letter in letters
    ]
    heads = ("set aside", "process", "actor", "message", "because of")
    return columns(heads, rows) if rows else ""


def clock(utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S Z")


def engine_text(engine: dict[str, Any]) -> str:
    """Which engine serves on this machine, why, and how a reply that is cut goes on there."""
    name, why, goes_on = (shaped(engine.get(key), str, "") for key in ("engine", "why", "continuation"))
    remark = CONTINUATIONS.get(goes_on, "")
    return f"Engine: {name} – {why}{remark}" if name and why else ""


def tokens_text(tokens: Any) -> str:
    """How much of the prompts was known; "" before the first reply, or where the engine tells nothing."""
    count = shaped(tokens, dict[str, int], {})
    prompts = count.get("prompt_tokens", 0)
    if not prompts:
        return ""
    known = count.get("reused", 0) + count.get("cloned", 0)
    return (
        f"Replies: {count.get('replies', 0):,} with {count.get('emitted', 0):,} tokens; prompts: {prompts:,} "
        f"tokens, {100 * known / prompts:.0f} % of them known; {count.get('evictions', 0):,} caches given up"
    )


def gpu_text(gpu: dict[str, Any]) -> str:
    """The cards, or why there is none; "" on a machine whose health is not watched."""
    if cards := gpu.get("cards"):
        return columns(
            ("GPU", "load", "memory", "temperature", "power"),
            [
                (
                    str(card.get("name")),
                    figure(card.get("utilisation"), "{:.0f} %"),
                    memory(card),
                    figure(card.get("temperature_c"), "{:.0f} °C"),
                    figure(card.get("power_w"), "{:.0f} W"),
                )
                for card in cards
            ],
        )
    absent = gpu.get("absent")
    return f"GPU: {absent}" if absent else ""


def memory(card: dict[str, Any]) -> str:
    used, total = card.get("memory_used_mb"), card.get("memory_total_mb")
    return f"{figure(used, '{:.0f}')} of {figure(total, '{:.0f} MB')}"


def figure(value: object, form: str) -> str:
    """A figure that the card may not give."""
    return form.format(value) if isinstance(value, int | float) else "–"


def duration(seconds: float) -> str:
    whole = int(seconds)
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S} s"
    if whole < DAY_S:
        return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S} min"
    return f"{whole // DAY_S} d {whole % DAY_S // HOUR_S} h"


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, as wide as their widest entry."""
    lines = [heads, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    return "\n".join(
        "  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
