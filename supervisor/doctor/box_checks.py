"""Checks of a GPU box: the link to its web node, the card, the engine."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from supervisor.doctor.finding import Finding, ok, problem, warning
from supervisor.doctor.subject import Subject

SKEW_S = 60.0
PAIR = "`samovar pair` there, then `samovar join` here"


def link(subject: Subject) -> Iterator[Finding]:
    """For a box of its own; in an all-in-one the link stays within the machine."""
    if subject.role != "gpu":
        return
    pairing = subject.pairing
    if pairing is None:
        yield problem(
            "link", "this box serves no web node yet", "`samovar pair` there, then `samovar join` here"
        )
        return
    where = pairing.web_node.removeprefix("tcp://")
    facts = subject.status.facts.get("link", {}) if subject.status else {}
    if refusal := facts.get("refusal"):
        yield problem("link", f"{where} refuses this box: {refusal}", f"as it says; else {PAIR}")
    elif facts.get("linked"):
        yield ok("link", f"linked with {where} as {pairing.name}")
    else:
        yield from handshake(subject, where)
    yield from skew(subject)


def handshake(subject: Subject, where: str) -> Iterator[Finding]:
    pairing = subject.pairing
    if pairing is None:
        return
    match subject.doors.handshake(pairing, subject.data.keys):
        case "welcome":
            yield ok("link", f"{where} takes this box's key (fingerprint {pairing.fingerprint})")
        case "refused":
            yield problem(
                "link",
                f"{where} does not know this box's key: it was revoked there, or forgotten",
                PAIR,
            )
        case "another server":
            yield problem(
                "link",
                f"what answers at {where} is not the web node that this box joined",
                "look whether the address still leads there; else pair anew",
            )
        case "no answer":
            yield problem(
                "link",
                f"{where} does not answer",
                "does the web node run, is its link port open in the firewall, is this machine online?",
            )


def skew(subject: Subject) -> Iterator[Finding]:
    """Against the web node's pages, where they are to be had under its name."""
    host = urlsplit(subject.pairing.web_node).hostname if subject.pairing else None
    if not host:
        return
    date_s = subject.doors.page(f"https://{host}/").date_s
    if date_s is None:
        return
    off_s = subject.doors.now_s() - date_s
    if abs(off_s) > SKEW_S:
        word = "ahead of" if off_s > 0 else "behind"
        yield warning(
            "clocks", f"this machine is {abs(off_s):.0f} s {word} the web node", "set the clock, on both"
        )
    else:
        yield ok("clocks", "agree with the web node's")


def card(subject: Subject) -> Iterator[Finding]:
    if not subject.has_engine:
        return
    try:
        from gpu_actor.nvml import Absent, Nvml  # noqa: PLC0415 - only with the packages of the gpu role
    except ModuleNotFoundError:
        return  # which `packages` has told
    gauge = Nvml()
    try:
        found = gauge.read()
    finally:
        gauge.close()
    if isinstance(found, Absent):
        if subject.doors.system == "win32":
            yield warning("card", found.why, "install NVIDIA's driver; until then the processor computes")
        else:
            yield ok("card", f"{found.why}; the processor computes")
        return
    for one in found.cards:
        yield ok("card", f"{one.name}, {one.memory_total_mb} MB")


def engine(subject: Subject) -> Iterator[Finding]:
    """What the running engine tells. TensorRT serves only where it has passed its self-test."""
    if not subject.has_engine or subject.status is None:
        return
    facts = subject.status.facts.get("engine", {})
    name, why = str(facts.get("engine", "")), str(facts.get("why", ""))
    if not name:
        return
    if subject.status.gpu.get("cards") and not name.startswith("TensorRT"):
        yield warning("engine", f"{name}, though there is a card: {why}", "samovar engine self-test")
    else:
        tested = ", self-test passed" if name.startswith("TensorRT") else ""
        yield ok("engine", f"{name}{tested}: {why}")
