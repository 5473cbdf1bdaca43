"""The keyed hashes: both implementations make the same bytes, which are those of the reference."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rust_crypto.errors import HashLengthError
from rust_crypto.hashes import keyed_hashes
from rust_crypto.seal import PYTHON, RUST, Implementation

BUILT: dict[str, Implementation] = {"python": PYTHON} | ({"rust": RUST} if RUST else {})

each = pytest.mark.parametrize("made_by", list(BUILT))


@each
def test_it_is_the_algorithm_of_the_reference(made_by: str) -> None:
    """The first of the known answers that were published with BLAKE2b."""
    known = (
        "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
        "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568"
    )
    assert BUILT[made_by].keyed_hashes(bytes(range(64)), b"", [""], 64).hex() == known


@settings(deadline=None)
@given(
    key=st.binary(min_size=1, max_size=64),
    label=st.binary(max_size=200),
    texts=st.lists(st.text(max_size=200), max_size=20),
    size=st.integers(min_value=1, max_value=64),
)
def test_every_implementation_makes_the_same_bytes(
    key: bytes, label: bytes, texts: list[str], size: int
) -> None:
    one_by_one = [
        hashlib.blake2b(label + text.encode(), key=key, digest_size=size).digest() for text in texts
    ]
    assert {one.keyed_hashes(key, label, texts, size) for one in BUILT.values()} == {b"".join(one_by_one)}


@each
@pytest.mark.parametrize(("key_bytes", "size"), [(0, 5), (65, 5), (32, 0), (32, 65)])
def test_a_length_that_the_algorithm_has_not_is_refused(made_by: str, key_bytes: int, size: int) -> None:
    with pytest.raises(HashLengthError, match="1 to 64 bytes"):
        BUILT[made_by].keyed_hashes(bytes(key_bytes), b"", ["tea"], size)


def test_the_door_takes_any_sequence() -> None:
    assert keyed_hashes(b"k", b"word", ("tea", "cup"), 5) == keyed_hashes(b"k", b"word", ["tea", "cup"], 5)
    assert keyed_hashes(b"k", b"word", (), 5) == b""
