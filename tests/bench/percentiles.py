"""Percentiles, as the benches print them."""

import statistics
from collections.abc import Sequence

from msgspec import Struct


class Percentiles(Struct, frozen=True):
    p50: float
    p99: float


def percentiles(values: Sequence[float]) -> Percentiles:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return Percentiles(round(cuts[49], 2), round(cuts[98], 2))
