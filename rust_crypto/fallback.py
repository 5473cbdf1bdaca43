"""The seal in Python, on PyPI `cryptography`: the same bytes as the Rust crate, somewhat slower.

`cryptography` has ChaCha20 and ChaCha20-Poly1305 but no XChaCha20. XChaCha20-Poly1305 is
ChaCha20-Poly1305 under the subkey HChaCha20(key, nonce[:16]) and the nonce 0⁴ ‖ nonce[16:]
(draft-irtf-cfrg-xchacha-03 §2.3), and HChaCha20 is the ChaCha20 block without its last step, which
adds the initial state: one block of keystream minus that state.
"""

import hashlib
import os
import struct
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from rust_crypto.errors import (
    BlobTooShortError,
    HashLengthError,
    KeyLengthError,
    NoRandomnessError,
    SealBrokenError,
    TooLongError,
    UnknownSuiteError,
)

SUITE = 1
KEY_LEN = 32
NONCE_LEN = 24
TAG_LEN = 16
OVERHEAD = 1 + NONCE_LEN + TAG_LEN

_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
_ZEROS = bytes(64)


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """The 32-byte subkey of a 32-byte key and a 16-byte nonce (draft-irtf-cfrg-xchacha-03 §2.2)."""
    # As here used the 16 bytes are the counter and the nonce of ChaCha20: words 12 to 15 of the state.
    keystream = Cipher(ChaCha20(key, nonce), mode=None).encryptor().update(_ZEROS)
    words = struct.unpack("<16I", keystream)
    before = (*_CONSTANTS, *struct.unpack("<4I", nonce))
    after = (*words[:4], *words[12:])
    return struct.pack("<8I", *((a - b) & 0xFFFF_FFFF for a, b in zip(after, before, strict=True)))


def _cipher(key: bytes, nonce: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    if len(key) != KEY_LEN:
        raise KeyLengthError(f"a key has {KEY_LEN} bytes, this one has {len(key)}")
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])), bytes(4) + nonce[16:]


def seal(key: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """Seals under a random nonce."""
    try:
        nonce = os.urandom(NONCE_LEN)
    except (OSError, NotImplementedError) as error:
        raise NoRandomnessError("the operating system gave no random bytes") from error
    return seal_with_nonce(key, nonce, plaintext, associated_data)


def seal_with_nonce(key: bytes, nonce: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """Seals under a given nonce: for test vectors only, since a nonce must never serve twice."""
    if len(nonce) != NONCE_LEN:
        raise ValueError(f"a nonce has {NONCE_LEN} bytes, this one has {len(nonce)}")
    cipher, short_nonce = _cipher(key, nonce)
    try:
        sealed = cipher.encrypt(short_nonce, plaintext, associated_data)
    except OverflowError as error:  # `cryptography` stops at 2 GiB already
        raise TooLongError("too long to be sealed in one blob") from error
    return bytes((SUITE,)) + nonce + sealed


def open(key: bytes, blob: bytes, associated_data: bytes) -> bytes:  # noqa: A001 - seal and open are the pair
    """Opens a blob."""
    if blob[:1] not in {b"", bytes((SUITE,))}:
        raise UnknownSuiteError(
            f"the blob was sealed by suite {blob[0]}, which this version does not know: use a newer one"
        )
    if len(blob) < OVERHEAD:
        raise BlobTooShortError(f"the sealed blob was cut off: only {len(blob)} bytes are left")
    cipher, short_nonce = _cipher(key, blob[1 : 1 + NONCE_LEN])
    try:
        return cipher.decrypt(short_nonce, blob[1 + NONCE_LEN :], associated_data)
    except InvalidTag:
        raise SealBrokenError("the seal is broken: another key, another place, or altered bytes") from None


LONGEST_HASH = 64


def keyed_hashes(key: bytes, label: bytes, texts: Sequence[str], size: int) -> bytes:
    """BLAKE2b of label + text under the key, `size` bytes each, one behind the other."""
    if not 1 <= len(key) <= LONGEST_HASH or not 1 <= size <= LONGEST_HASH:
        raise HashLengthError("the key of a hash, and the hash itself, have 1 to 64 bytes")
    begun = hashlib.blake2b(label, key=key, digest_size=size)
    hashes = bytearray()
    for text in texts:
        made = begun.copy()
        made.update(text.encode())
        hashes += made.digest()
    return bytes(hashes)
