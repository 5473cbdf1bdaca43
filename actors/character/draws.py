"""Draws that come out alike wherever and however often they are made: chance, keyed by what it is for."""

import hashlib

RANGE = 1 << 64


def draw(*key: object) -> float:
    """A number, 0 ≤ x < 1, for each key. The parts of a key are told apart."""
    digest = hashlib.blake2b(digest_size=8)
    for part in key:
        data = str(part).encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return int.from_bytes(digest.digest(), "big") / RANGE


def draw_whole(most: int, *key: object) -> int:
    """A whole number, 1 ≤ n ≤ most."""
    return 1 + int(draw(*key) * most)
