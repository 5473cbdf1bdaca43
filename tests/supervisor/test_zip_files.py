"""A file that cannot be read out of a zip, whatever keeps one from it, is unreadable."""

import io
import zipfile
from collections.abc import Callable

import pytest

from supervisor.zip_files import UNREADABLE

NAME = "talk.jsonl"
FLAGS_AT, PACKING_AT = {b"PK\x03\x04": 6, b"PK\x01\x02": 8}, {b"PK\x03\x04": 8, b"PK\x01\x02": 10}


def whole() -> bytearray:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, b"".join(b"%d " % (number * number) for number in range(2_000)))
    return bytearray(data.getvalue())


def with_both(places: dict[bytes, int], value: int) -> bytearray:
    """A field of the file's two headers as it is told."""
    data = whole()
    for mark, at in places.items():
        data[data.index(mark) + at] = value
    return data


def damaged(at: int) -> bytearray:
    data = whole()
    data[at] ^= 0xFF
    return data


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_both(FLAGS_AT, 1),  # encrypted
        lambda: with_both(PACKING_AT, 97),  # packed in a way that nobody knows
        lambda: damaged(60),
        lambda: damaged(1_000),
        lambda: whole()[:500],
        bytearray,
    ],
    ids=["encrypted", "packing", "damaged_first", "damaged_later", "cut", "empty"],
)
def test_it_raises_one_of_these(make: Callable[[], bytearray]) -> None:
    with pytest.raises(UNREADABLE), zipfile.ZipFile(io.BytesIO(make())) as archive:
        archive.read(NAME)
