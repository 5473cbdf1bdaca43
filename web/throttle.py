"""Throttles: how often somebody may do something. Pure: the time comes in as an argument."""

from collections import OrderedDict


class Bucket:
    """A token bucket: `burst` at once, `per_s` in the long run. It may run into debt down to `-burst`."""

    __slots__ = ("burst", "level", "per_s", "since")

    def __init__(self, burst: float, per_s: float, now: float) -> None:
        self.burst = burst
        self.per_s = per_s
        self.level = burst
        self.since = now

    def at(self, now: float) -> float:
        """What may be taken at this moment; below zero while there is a debt."""
        self.level = min(self.burst, self.level + (now - self.since) * self.per_s)
        self.since = now
        return self.level

    def take(self, now: float) -> bool:
        """Take one, always; False when it was not there to be taken."""
        left = self.at(now)
        self.level = max(left - 1, -self.burst)
        return left >= 1

    @property
    def deep_in_debt(self) -> bool:
        """As many were taken too much as the burst allows at once."""
        return self.level <= -self.burst


class Throttle:
    """One bucket for each key, of the `keys` keys seen last: memory stays bounded under a flood."""

    def __init__(self, burst: float, per_s: float, keys: int = 10_000) -> None:
        self.burst = burst
        self.per_s = per_s
        self.keys = keys
        self.buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> bool:
        """Take one; False, and nothing taken, when there is none."""
        bucket = self.buckets.get(key)
        if bucket is None:
            bucket = self.buckets[key] = Bucket(self.burst, self.per_s, now)
            if len(self.buckets) > self.keys:
                self.buckets.popitem(last=False)
        self.buckets.move_to_end(key)
        if bucket.at(now) < 1:
            return False
        return bucket.take(now)

    def give_back(self, key: str) -> None:
        """What was taken did no harm after all."""
        bucket = self.buckets.get(key)
        if bucket is not None:
            bucket.level = min(bucket.burst, bucket.level + 1)
