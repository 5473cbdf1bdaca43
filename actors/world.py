"""World: the door to clock, randomness and ids, so that actors stay pure.

Production reads the machine; the simulator reads its virtual clock and seed.
"""

import os
import time
from typing import Protocol
from uuid import UUID


class World(Protocol):
    """What an actor may ask of the world; handed to it when it is made."""

    def utc_ms(self) -> int:
        """Wall clock, UTC milliseconds since 1970: for rows people read, never for deadlines."""
        ...

    def monotonic_s(self) -> float:
        """A clock that never goes back, seconds: for deadlines and rates."""
        ...

    def new_id(self) -> UUID:
        """A fresh UUIDv7 (RFC 9562): sorts by time of making."""
        ...

    def new_seed(self) -> int:
        """A sampling seed, 0 ≤ seed < 2**63."""
        ...


DAY_MS = 86_400_000


def day_of(utc_ms: int) -> int:
    """Days since 1970, UTC."""
    return utc_ms // DAY_MS


def uuid7(utc_ms: int, random: bytes) -> UUID:
    """UUIDv7 from milliseconds and ten random bytes (RFC 9562 §5.7)."""
    value = (utc_ms & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


ID_BYTES, DRAWN_AT_ONCE = 10, 256


class RealWorld:
    """This machine's clocks and its operating system's randomness, of which ids draw much at once: each call
    lets go of the interpreter, and is waited for.
    """

    def __init__(self) -> None:
        self.drawn: list[bytes] = []

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        return time.monotonic()

    def new_id(self) -> UUID:
        try:
            random = self.drawn.pop()  # any thread may
        except IndexError:
            drawn = os.urandom(ID_BYTES * DRAWN_AT_ONCE)
            random, *rest = (drawn[at : at + ID_BYTES] for at in range(0, len(drawn), ID_BYTES))
            self.drawn += rest
        return uuid7(self.utc_ms(), random)

    def new_seed(self) -> int:
        return int.from_bytes(os.urandom(8), "big") >> 1
