"""The seal: both implementations pass the same vectors, make the same bytes and fail closed."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rust_crypto import fallback, seal
from rust_crypto.errors import (
    BlobTooShortError,
    KeyLengthError,
    NoRandomnessError,
    SealBrokenError,
    SealError,
    UnknownSuiteError,
)
from rust_crypto.seal import PYTHON, RUST, Implementation

VECTORS = Path(__file__).parent.parent / "vectors"
BUILT: dict[str, Implementation] = {"python": PYTHON} | ({"rust": RUST} if RUST else {})

each = pytest.mark.parametrize("made_by", list(BUILT))
keys = st.binary(min_size=32, max_size=32)
nonces = st.binary(min_size=24, max_size=24)


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def unhex(vector: dict[str, str], *fields: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(vector[field]) for field in fields)


# -- vectors ------------------------------------------------------------------------------------


def test_hchacha20_gives_the_subkey_of_the_draft() -> None:
    for vector in read("seal.json")["hchacha20"]:
        key, nonce, subkey = unhex(vector, "key", "nonce", "subkey")
        assert fallback.hchacha20(key, nonce) == subkey


@each
def test_the_vectors_of_the_draft_hold(made_by: str) -> None:
    for vector in read("seal.json")["seal"]:
        key, nonce, data, text, blob = unhex(vector, "key", "nonce", "associated_data", "plaintext", "blob")
        assert BUILT[made_by].seal_with_nonce(key, nonce, text, data) == blob
        assert BUILT[made_by].open(key, blob, data) == text


@each
def test_the_vectors_of_wycheproof_hold(made_by: str) -> None:
    one = BUILT[made_by]
    seen = {"valid": 0, "invalid": 0, "another nonce": 0}
    for vector in read("seal_wycheproof.json")["tests"]:
        key, nonce, data, text, sealed, tag = unhex(vector, "key", "iv", "aad", "msg", "ct", "tag")
        blob = b"\x01" + nonce + sealed + tag
        if len(nonce) != 24:
            seen["another nonce"] += 1
            with pytest.raises(ValueError):  # noqa: PT011 - the two word it differently
                one.seal_with_nonce(key, nonce, text, data)
        elif vector["result"] == "valid":
            seen["valid"] += 1
            assert one.seal_with_nonce(key, nonce, text, data) == blob, vector
            assert one.open(key, blob, data) == text, vector
        else:
            seen["invalid"] += 1
            with pytest.raises(SealBrokenError):
                one.open(key, blob, data)
    assert seen == {"valid": 246, "invalid": 60, "another nonce": 9}


# -- one format ---------------------------------------------------------------------------------


@settings(deadline=None)  # how long it takes is not what is tested
@given(key=keys, nonce=nonces, text=st.binary(max_size=300), data=st.binary(max_size=100))
def test_every_implementation_makes_the_same_bytes(
    key: bytes, nonce: bytes, text: bytes, data: bytes
) -> None:
    blobs = {one.seal_with_nonce(key, nonce, text, data) for one in BUILT.values()}
    assert len(blobs) == 1
    (blob,) = blobs
    assert len(blob) == len(text) + fallback.OVERHEAD
    assert all(one.open(key, blob, data) == text for one in BUILT.values())


@each
def test_what_one_seals_every_other_opens(made_by: str) -> None:
    blob = BUILT[made_by].seal(b"k" * 32, "чай 🫖".encode(), b"here")
    assert all(one.open(b"k" * 32, blob, b"here") == "чай 🫖".encode() for one in BUILT.values())


@each
def test_the_same_text_never_gives_the_same_blob(made_by: str) -> None:
    assert len({BUILT[made_by].seal(b"k" * 32, b"tea", b"") for _ in range(1000)}) == 1000


# -- failing closed -----------------------------------------------------------------------------


@each
@settings(deadline=None)  # how long it takes is not what is tested
@given(
    key=keys,
    text=st.binary(max_size=100),
    data=st.binary(max_size=60),
    at=st.integers(min_value=0),
    change=st.integers(min_value=1, max_value=255),
)
def test_any_altered_byte_breaks_the_seal(
    made_by: str, key: bytes, text: bytes, data: bytes, at: int, change: int
) -> None:
    one = BUILT[made_by]
    blob = one.seal(key, text, data)

    def altered(original: bytes) -> bytes:
        changed = bytearray(original)
        changed[at % len(original)] ^= change
        return bytes(changed)

    with pytest.raises((SealBrokenError, UnknownSuiteError)):  # the first byte names the suite
        one.open(key, altered(blob), data)
    with pytest.raises(SealBrokenError):
        one.open(altered(key), blob, data)
    with pytest.raises(SealBrokenError):
        one.open(key, blob, altered(data) if data else b"x")
    with pytest.raises(SealBrokenError):
        one.open(key, blob, data + b"\0")
    with pytest.raises(SealBrokenError):
        one.open(key, blob + b"\0", data)
    with pytest.raises((SealBrokenError, BlobTooShortError)):
        one.open(key, blob[: at % len(blob)], data)


@each
def test_each_cause_has_its_error(made_by: str) -> None:
    one = BUILT[made_by]
    blob = one.seal(b"k" * 32, b"", b"")
    for key in (b"", b"k" * 31, b"k" * 33):
        with pytest.raises(KeyLengthError, match=f"32 bytes, this one has {len(key)}"):
            one.seal(key, b"", b"")
        with pytest.raises(KeyLengthError):
            one.open(key, blob, b"")
    for length in (0, 1, 40):
        with pytest.raises(BlobTooShortError, match=f"only {length} bytes"):
            one.open(b"k" * 32, blob[:length], b"")
    for suite in (0, 2, 255):
        with pytest.raises(UnknownSuiteError, match=f"suite {suite}, "):
            one.open(b"k" * 32, bytes((suite,)) + blob[1:], b"")
    assert issubclass(KeyLengthError, SealError)


def test_without_random_bytes_nothing_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(count: int) -> bytes:
        raise OSError(count)

    monkeypatch.setattr("os.urandom", none)
    with pytest.raises(NoRandomnessError):
        fallback.seal(b"k" * 32, b"", b"")


# -- the door -----------------------------------------------------------------------------------


def test_the_door_says_which_implementation_serves() -> None:
    assert seal.implementation() == ("rust" if "rust" in BUILT else "python")
    blob = seal.seal(b"k" * 32, b"tea", b"here")
    assert seal.open(b"k" * 32, blob, b"here") == b"tea"


def reloaded(monkeypatch: pytest.MonkeyPatch, extension: ModuleType | None) -> ModuleType:
    """A door of its own that finds this extension, or none."""
    monkeypatch.setitem(sys.modules, "samovar_crypto", extension)
    spec = importlib.util.find_spec("rust_crypto.seal")
    assert spec is not None
    assert spec.loader is not None
    door = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(door)
    return door


def test_python_serves_where_the_extension_was_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    door = reloaded(monkeypatch, None)
    assert door.implementation() == "python"
    assert door.open(b"k" * 32, seal.seal(b"k" * 32, b"tea", b""), b"") == b"tea"


def test_the_extension_serves_where_it_was_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def echo(key: bytes, text: bytes, data: bytes) -> bytes:
        return key + text + data

    extension = ModuleType("samovar_crypto")
    extension.__dict__.update(seal=echo, open=echo)
    assert reloaded(monkeypatch, extension).implementation() == "python"  # one that is older than the hashes
    extension.__dict__.update(keyed_hashes=echo)
    door = reloaded(monkeypatch, extension)
    assert door.implementation() == "rust"
    assert door.seal(b"a", b"b", b"c") == door.open(b"a", b"b", b"c") == b"abc"
