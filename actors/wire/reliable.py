"""Reliable stream: sequence numbers, cumulative acknowledgement, a credit window, resume. Pure.

ZeroMQ loses what a broken connection held. So each reply is a stream of numbered frames:
the sender keeps them in a ring until they are acknowledged and has at most `window` of them
on their way; the receiver puts them in order, drops what it has, and asks again at a gap.
"""

from typing import Generic, TypeVar

Frame = TypeVar("Frame")


class Outbox(Generic[Frame]):
    """The sending end. Frames are numbered from `first`; `acked` ≤ `sent` ≤ first + length."""

    def __init__(self, first: int, window: int) -> None:
        self.window = window
        self.acked = first  # everything below is the receiver's
        self.sent = first  # everything below is on its way or there
        self.frames: list[Frame] = []  # from `acked` on

    @property
    def next_seq(self) -> int:
        return self.acked + len(self.frames)

    def push(self, frame: Frame) -> None:
        """Take the next frame into the ring."""
        self.frames.append(frame)

    def due(self) -> list[Frame]:
        """The frames that the window lets go now."""
        limit = min(self.next_seq, self.acked + self.window)
        frames = self.frames[self.sent - self.acked : limit - self.acked]
        self.sent = max(self.sent, limit)
        return frames

    def acknowledged(self, next_seq: int) -> bool:
        """Everything below `next_seq` has arrived. False where nothing new was said."""
        if not self.acked < next_seq <= self.next_seq:
            return False
        del self.frames[: next_seq - self.acked]
        self.acked = next_seq
        self.sent = max(self.sent, next_seq)
        return True

    def resumed(self, next_seq: int) -> bool:
        """The receiver wants everything from `next_seq` again. False where the ring lacks it."""
        if next_seq < self.acked or next_seq > self.next_seq:
            return False
        self.sent = next_seq  # not an acknowledgement: what the receiver has may not be durable yet
        return True

    def nudge(self) -> Frame | None:
        """The oldest frame that is on its way without an answer, to be sent once more."""
        return self.frames[0] if self.sent > self.acked else None


class Inbox(Generic[Frame]):
    """The receiving end: gives frames out in order, each once."""

    def __init__(self, next_seq: int, limit: int) -> None:
        self.next_seq = next_seq
        self.limit = limit  # frames held beyond a gap at most
        self.held: dict[int, Frame] = {}

    def arrived(self, seq: int, frame: Frame) -> list[Frame]:
        """The frames that are in order now: none for a repetition, or behind a gap."""
        if seq == self.next_seq and not self.held:
            self.next_seq += 1
            return [frame]
        if not self.next_seq <= seq < self.next_seq + self.limit:
            return []
        self.held[seq] = frame
        ready: list[Frame] = []
        while self.next_seq in self.held:
            ready.append(self.held.pop(self.next_seq))
            self.next_seq += 1
        return ready

    @property
    def has_gap(self) -> bool:
        return bool(self.held)
