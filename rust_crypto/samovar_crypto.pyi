# Use it through rust_crypto.seal, which falls back to Python where this is not built.

# Seals under a random nonce. Raises KeyLengthError, TooLongError, NoRandomnessError.
def seal(key: bytes, plaintext: bytes, associated_data: bytes) -> bytes: ...

# Seals under a given 24-byte nonce: for test vectors only, since a nonce must never serve twice.
def seal_with_nonce(key: bytes, nonce: bytes, plaintext: bytes, associated_data: bytes) -> bytes: ...

# The keyed hashes of many texts (BLAKE2b of label + text), `size` bytes each, one behind the other; other
# threads go on meanwhile. Raises HashLengthError.
def keyed_hashes(key: bytes, label: bytes, texts: list[str], size: int) -> bytes: ...

# Opens a blob. Raises SealBrokenError, UnknownSuiteError, BlobTooShortError, KeyLengthError.
def open(key: bytes, blob: bytes, associated_data: bytes) -> bytes: ...  # noqa: A001
