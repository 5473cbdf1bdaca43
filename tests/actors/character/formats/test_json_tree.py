import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.character.formats.json_tree import parse_tree, plain, tree_bytes
from actors.character.formats.limits import CardLimits
from actors.character.formats.troubles import BrokenJsonError, TooLargeError
from actors.character.formats.warnings import Warnings

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(), children, max_size=5),
    max_leaves=20,
)


def parsed(text: bytes, **limits: int) -> Any:
    return parse_tree(text, CardLimits(**limits), Warnings(100))


def told(text: bytes) -> tuple[str, ...]:
    warnings = Warnings(100)
    parse_tree(text, CardLimits(), warnings)
    return tuple(each.text for each in warnings.told())


@settings(max_examples=200, deadline=None)
@given(TREES, st.sampled_from([None, 2]))
def test_a_tree_comes_out_as_it_went_in(tree: Any, indent: int | None) -> None:
    written = tree_bytes(tree, indent)
    assert parsed(written) == tree
    assert tree_bytes(parsed(written), indent) == written
    assert json.loads(written) == tree


@pytest.mark.parametrize(
    "text",
    [
        b'{"z":1,"a":2}',
        b"[1.10,0.1,-0.0,1e3]",
        b"[3.14159265358979323846264338327950288,1E+400,1e-400]",
        b"[123456789012345678901234567890]",
        b'["\\ud83d","\\ud83d\\ude00"]',
    ],
)
def test_what_programs_get_wrong_is_kept(text: bytes) -> None:
    tree = parsed(text)
    again = parsed(tree_bytes(tree))
    assert again == tree
    assert [type(each) for each in again] == [type(each) for each in tree]


def test_a_number_beyond_a_float_is_kept_to_its_last_digit() -> None:
    assert parsed(b"0.1234567890123456789") == Decimal("0.1234567890123456789")
    assert tree_bytes(parsed(b"0.1234567890123456789")) == b"0.1234567890123456789"
    assert isinstance(parsed(b"0.25"), float)


def test_an_emoji_that_was_cut_in_two_is_kept() -> None:
    assert tree_bytes(parsed(b'"a\\ud83d"')) == b'"a\\ud83d"'


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_a_plain_copy_can_be_encoded_by_others(tree: Any) -> None:
    msgspec.msgpack.encode(plain(tree))
    msgspec.json.encode(plain(tree))


def test_a_plain_copy_has_usual_numbers_and_whole_letters() -> None:
    tree = parsed(b'{"a\\ud83d":[1e999, 0.1234567890123456789, 123456789012345678901234567890]}')
    assert plain(tree) == {"a\N{REPLACEMENT CHARACTER}": [None, 0.12345678901234568, 1.2345678901234568e29]}


@pytest.mark.parametrize(
    ("text", "tree", "warned"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}, ""),
        ('{"a":"я"}'.encode("utf-16"), {"a": "я"}, "UTF-16"),
        (b'{"a":1}\0\0\n', {"a": 1}, ""),
        (b'{"a":"x\ny"}', {"a": "x\ny"}, "control characters"),
        (b'{"a":"\xe9"}', {"a": "\N{REPLACEMENT CHARACTER}"}, "not clean UTF-8"),
        (b'{"a":NaN}', {"a": None}, "NaN"),
        (b'{"a":1,"a":2}', {"a": 2}, "twice"),
    ],
)
def test_slips_that_are_met_are_tolerated(text: bytes, tree: object, warned: str) -> None:
    assert parsed(text) == tree
    assert warned in " ".join(told(text))
    assert bool(told(text)) == bool(warned)


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":}', b"{'a':1}", b'{"a":1}{"b":2}', b"nothing"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(BrokenJsonError, match="line 1, column"):
        parsed(text)


def test_json_beyond_a_limit_is_refused() -> None:
    with pytest.raises(TooLargeError, match="json_bytes"):
        parsed(b'"' + b"a" * 100 + b'"', json_bytes=100)
    with pytest.raises(TooLargeError, match="json_parts"):
        parsed(b"[" + b"1," * 100 + b"1]", json_parts=100)
    assert parsed(b"[" * 10 + b"]" * 10, json_depth=10)
    with pytest.raises(TooLargeError, match="json_depth"):
        parsed(b"[" * 11 + b"]" * 11, json_depth=10)
    with pytest.raises(TooLargeError, match="json_depth"):
        parsed(b'{"a":' * 400_000 + b"1" + b"}" * 400_000)


def test_a_number_without_end_is_kept_or_refused_and_never_turned() -> None:
    assert parsed(b"1" * 100_000) == Decimal("1" * 100_000)
    with pytest.raises(BrokenJsonError, match="number"):
        parsed(b"1e99999999999999999999999999")
