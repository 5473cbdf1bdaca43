"""Pace: how many prompt tokens one step may compute, from what steps took so far. Pure.

While streams are live, a step (a chunk of one prompt and a token of every stream) is to take no longer than
`token_gap_ms`, which so bounds the gap between two tokens of a stream; while none is, `step_ms`,
for a cancel and a new reply wait for the step under way. A chunk's time counts as in proportion to its
tokens. That is too much for a chunk larger than the one that was measured, so sizes come up to the
bound from below; where chunks become slower (a longer context, a busy machine) one step may be late.
"""

from actors.settings import GpuSettings

UNMEASURED = 4
"""The first chunk is so many times the smallest."""


class Pace:
    def __init__(self, settings: GpuSettings) -> None:
        self.settings = settings
        self.token_s = 0.0  # of a prompt; 0: not measured yet
        self.decode_s: dict[int, float] = {}  # of the streams of a step, by their number

    def chunk(self, streams: int) -> int:
        """Prompt tokens for a step that also takes one token of so many streams."""
        settings = self.settings
        if self.token_s <= 0:
            return min(UNMEASURED * settings.least_chunk, settings.prefill_chunk)
        limit_s = (settings.token_gap_ms if streams else settings.step_ms) / 1000
        size = int((limit_s - self.decoding_s(streams)) / self.token_s)
        return max(settings.least_chunk, min(size, settings.prefill_chunk))

    def idle_chunk(self) -> int:
        """Prompt tokens for a step that nobody waits for: work that comes meanwhile waits for it."""
        return self.chunk(streams=1)

    def decoding_s(self, streams: int) -> float:
        """Expected; of the nearest number of streams that was measured, the larger one first."""
        if not streams or not self.decode_s:
            return 0.0
        more = [count for count in self.decode_s if count >= streams]
        return self.decode_s[min(more) if more else max(self.decode_s)]

    def measured(self, *, computed: int, prefill_s: float, streams: int, decode_s: float) -> None:
        """A step took that long."""
        if computed and prefill_s > 0:
            self.token_s = slower(self.token_s, prefill_s / computed)
        if streams and decode_s > 0:
            self.decode_s[streams] = slower(self.decode_s.get(streams, 0.0), decode_s)


def slower(before: float, now: float) -> float:
    """Follows a rise at once and a fall by halves."""
    return max(now, (before + now) / 2)
