"""The door to the keyed hashes of words: BLAKE2b (RFC 7693), by Rust where the extension was built, else by
Python. Both give the same bytes.
"""

from collections.abc import Sequence

from rust_crypto.seal import CHOSEN


def keyed_hashes(key: bytes, label: bytes, texts: Sequence[str], size: int) -> bytes:
    """Of label + text under a key of 1 to 64 bytes, `size` bytes each, one behind the other. In Rust other
    threads go on meanwhile.

    Raises HashLengthError.
    """
    return CHOSEN.keyed_hashes(key, label, list(texts), size)
