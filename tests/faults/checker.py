"""The checker: what the readers saw, from their logs, against what they should have seen.

It shares no code with the server, nor with the engine of the bench: it computes the text of each reply anew
from the rule in scripted_engine.py, takes the frames of the logs as plain JSON, and follows the rule of
resuming of web/PROTOCOL.md for itself. It imports the standard library alone.

A view is what one page shows of one reply, from a blank page on. Every token that a view showed is held
against its place; so is the whole text in the end.
"""

import hashlib
import json
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

KEY = b"samovar faults"
SHORTEST, SPREAD = 40, 120
WIDTH = 9  # characters of a token

Expect = Callable[["Reply"], list[str] | str | None]
"""What a reply should be: its tokens, or where these are not known its text; None: nothing is known."""


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), key=KEY, digest_size=8).digest()


def keyed_tokens(reply: "Reply") -> list[str] | None:
    """What the scripted engine says."""
    if not reply.generation:
        return None
    name = reply.generation.replace("-", "")
    count = SHORTEST + int.from_bytes(_digest(f"{name}/length")[:4], "big") % SPREAD
    return [f"{_digest(f'{name}/{place}').hex()[:8]} " for place in range(count)]


@dataclass
class Verdict:
    """Counts of tokens, but where it says otherwise."""

    replies: int = 0  # not tokens
    views: int = 0  # not tokens
    tokens: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    altered: int = 0
    unfinished: int = 0  # replies that did not come to their end
    unknown: int = 0  # replies that nothing is known to hold them against
    compared: int = 0  # texts, of views and in the end …
    identical: int = 0  # … and how many of them were so to the byte
    asked_twice: int = 0  # messages of a person that are there more than once
    examples: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        wrong = (self.lost, self.duplicated, self.reordered, self.altered)
        return not any((*wrong, self.unfinished, self.unknown, self.asked_twice))

    def example(self, text: str) -> None:
        if len(self.examples) < 10:
            self.examples.append(text)


@dataclass
class Reply:
    """One question and what its reader saw of the answer. Times are of the reader's clock, in ns."""

    reader: str
    conversation: str
    text: str
    task: str
    generation: str = ""
    views: list["View"] = field(default_factory=list)
    whole: str | None = None
    reason: str = ""
    asked: int = 1  # messages of the person in the newest snapshot
    times: "array[int]" = field(default_factory=lambda: array("q"))  # when tokens came that were new
    most: int = 0
    ended: int = 0


@dataclass
class View:
    """What a page showed: the texts in their order, each with the places that it is said to be of."""

    shown: list[tuple[int, int, str]] = field(default_factory=list)
    next_seq: int = 0
    rest: str = ""  # what came with the end alone
    broken: str = ""  # a rule of the protocol that the server did not keep


def follow(path: Path) -> Iterator[Reply]:
    """The replies of a reader's log."""
    reply: Reply | None = None
    view = View()
    with path.open() as log:
        for line in log:
            at, what, said = line.rstrip("\n").split("\t", 2)
            if what == "ask":
                if reply is not None:
                    yield reply
                asked = json.loads(said)
                view = View()
                reply = Reply(path.stem, asked["conversation"], asked["text"], asked["task"], views=[view])
            elif reply is None:
                continue
            elif what == "reload":
                view = View()
                reply.views.append(view)
            elif what == "got":
                take(reply, view, json.loads(said), int(at))
    if reply is not None:
        yield reply


def take(reply: Reply, view: View, frame: dict[str, Any], at: int) -> None:
    if frame.get("conversation") != reply.conversation:
        return
    kind = frame["type"]
    if kind == "snapshot":
        take_snapshot(reply, view, frame, at)
    elif kind == "reply_state":
        reply.generation = reply.generation or frame["live"]["generation"]
    elif kind == "reply_text" and frame["generation"] == reply.generation:
        if frame["seq"] == view.next_seq:
            show(reply, view, frame["seq"], frame["next_seq"], frame["text"], at)
    elif kind == "reply_finished" and frame["generation"] == reply.generation:
        message = frame.get("message")
        finish(reply, view, message["text"] if message else "", frame["reason"], at)


def take_snapshot(reply: Reply, view: View, frame: dict[str, Any], at: int) -> None:
    messages = frame["messages"]
    mine = [place for place, message in enumerate(messages) if message["role"] == "user"]
    reply.asked = max(reply.asked, len(mine))
    live = frame.get("live")
    if live is not None:
        reply.generation = reply.generation or live["generation"]
        if live["seq"] == 0 and view.next_seq:  # the server does not know the place: all of it again
            view.shown.clear()
            view.next_seq = 0
        if live["seq"] == view.next_seq:
            show(reply, view, live["seq"], live["next_seq"], live["text"], at)
        else:
            view.broken = f"a snapshot from {live['seq']}, behind {view.next_seq}"
    elif mine and len(messages) > mine[-1] + 1:
        finish(reply, view, messages[-1]["text"], messages[-1]["ended"], at)


def show(reply: Reply, view: View, seq: int, next_seq: int, text: str, at: int) -> None:
    view.shown.append((seq, next_seq, text))
    view.next_seq = next_seq
    if next_seq > reply.most:
        reply.most = next_seq
        reply.times.append(at)


def finish(reply: Reply, view: View, whole: str, reason: str, at: int) -> None:
    if reply.whole is not None and reply.whole != whole:
        view.broken = "the finished reply is another one than before"
    reply.whole, reply.reason, reply.ended = whole, reason, at
    shown = "".join(text for _, _, text in view.shown)
    if not whole.startswith(shown):
        view.broken = "the finished reply is not the one that was shown"
    view.rest = whole[len(shown) :]
    if view.rest:
        reply.times.append(at)


# -- judging --------------------------------------------------------------------------------------


def judge(reply: Reply, expected: list[str] | str | None, verdict: Verdict) -> None:
    verdict.replies += 1
    verdict.views += len(reply.views)
    verdict.asked_twice += reply.asked - 1
    complete = reply.whole is not None and reply.reason in {"stop", "length"}
    if not complete:
        verdict.unfinished += 1
        verdict.example(f"{reply.reader} {reply.conversation}: ended as {reply.reason!r} at {reply.most}")
    for view in reply.views:
        if view.broken:
            verdict.altered += 1
            verdict.example(f"{reply.reader} {reply.conversation}: {view.broken}")
    if expected is None:
        verdict.unknown += 1
        verdict.example(f"{reply.reader} {reply.conversation}: nothing is known of its reply")
    elif isinstance(expected, str):
        judge_text(reply, expected, verdict)
    else:
        judge_tokens(reply, expected, verdict)
        verdict.lost += 0 if complete else len(expected) - reply.most


def judge_text(reply: Reply, expected: str, verdict: Verdict) -> None:
    """Where a token ends is not known: what was shown must be how the text begins, what is kept the text."""
    verdict.tokens += reply.most
    for view in reply.views:
        shown = "".join(text for _, _, text in view.shown)
        verdict.compared += 1
        verdict.identical += expected.startswith(shown)
        if not expected.startswith(shown):
            verdict.altered += 1
            verdict.example(f"{reply.reader} {reply.task}: shown {shown[-80:]!r}")
    verdict.compared += reply.whole is not None
    verdict.identical += reply.whole == expected
    if reply.whole is not None and reply.whole != expected:
        shorter = expected.startswith(reply.whole)
        verdict.lost += shorter
        verdict.altered += not shorter
        verdict.example(f"{reply.reader} {reply.task}: kept {reply.whole[-80:]!r}, not {expected[-80:]!r}")


def judge_tokens(reply: Reply, tokens: list[str], verdict: Verdict) -> None:
    if reply.whole is not None:
        compare(reply, reply.whole, tokens, len(tokens), verdict, "in the end")
    for number, view in enumerate(reply.views):
        shown = "".join(text for _, _, text in view.shown)
        compare(reply, shown, tokens, view.next_seq, verdict, f"in view {number}")
        if shown != "".join(tokens[: view.next_seq]):
            continue
        for seq, next_seq, text in view.shown:
            if text != "".join(tokens[seq:next_seq]):
                verdict.altered += 1
                verdict.example(f"{reply.reader} {reply.conversation}: not of the places {seq} to {next_seq}")


def compare(reply: Reply, text: str, all_tokens: list[str], count: int, verdict: Verdict, where: str) -> None:
    """`text` against the first `count` tokens."""
    verdict.tokens += count
    verdict.compared += 1
    expected = "".join(all_tokens[:count])
    if text == expected:
        verdict.identical += 1
        return
    tokens = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    places = {token: place for place, token in enumerate(all_tokens)}
    found = [places[token] for token in tokens if token in places]
    firsts = list(dict.fromkeys(found))
    altered = len(tokens) - len(found)
    verdict.altered += altered
    verdict.duplicated += len(found) - len(firsts)
    verdict.reordered += sum(after < before for before, after in pairwise(firsts))
    verdict.lost += max(0, count - len(firsts) - altered)
    verdict.example(f"{reply.reader} {reply.conversation}: {where}: {text[-80:]!r}, not {expected[-80:]!r}")


def check(logs: list[Path], expect: Expect = keyed_tokens) -> tuple[Verdict, list[Reply]]:
    """All logs; the replies come without their texts, for the times."""
    verdict = Verdict()
    replies: list[Reply] = []
    for path in logs:
        for reply in follow(path):
            judge(reply, expect(reply), verdict)
            reply.views.clear()
            replies.append(reply)
    return verdict, replies
