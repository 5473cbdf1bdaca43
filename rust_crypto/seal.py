"""The door to the seal: XChaCha20-Poly1305 with associated data, by Rust where the extension was built,
else by Python. Both give the same bytes, so a database moves freely between them.

A blob is `suite (1 byte) | nonce (24) | ciphertext | tag (16)`; suite 1 is XChaCha20-Poly1305
(draft-irtf-cfrg-xchacha-03) with a random nonce. What can go wrong stands in errors.py.
"""

import importlib
from typing import Literal, Protocol, cast

from rust_crypto import fallback

KEY_LEN = fallback.KEY_LEN


class Implementation(Protocol):
    """What the Rust extension `samovar_crypto` and fallback.py both offer."""

    def seal(self, key: bytes, plaintext: bytes, associated_data: bytes) -> bytes: ...

    def open(self, key: bytes, blob: bytes, associated_data: bytes) -> bytes: ...

    def seal_with_nonce(
        self, key: bytes, nonce: bytes, plaintext: bytes, associated_data: bytes
    ) -> bytes: ...

    def keyed_hashes(self, key: bytes, label: bytes, texts: list[str], size: int) -> bytes: ...


def _rust() -> Implementation | None:
    try:
        built = importlib.import_module("samovar_crypto")
    except ModuleNotFoundError:  # not built here; a broken one raises ImportError and is not hidden
        return None
    if not hasattr(built, "keyed_hashes"):  # of before there were any, and not built anew since
        return None
    return cast("Implementation", built)


RUST = _rust()
PYTHON = cast("Implementation", fallback)
CHOSEN = RUST or PYTHON


def implementation() -> Literal["rust", "python"]:
    """Which one serves in this process."""
    return "python" if RUST is None else "rust"


def seal(key: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """A blob that opens only under the same 32-byte key and the same associated data.

    Raises KeyLengthError, TooLongError, NoRandomnessError.
    """
    return CHOSEN.seal(key, plaintext, associated_data)


def open(key: bytes, blob: bytes, associated_data: bytes) -> bytes:  # noqa: A001 - seal and open are the pair
    """What was sealed.

    Raises SealBrokenError where the key, the associated data or the blob is another; UnknownSuiteError,
    BlobTooShortError, KeyLengthError.
    """
    return CHOSEN.open(key, blob, associated_data)
