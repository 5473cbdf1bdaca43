"""The join string: what comes back out of it, and what is told from slips and from newer ones."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zmq.utils import z85

from actors.wire.join_string import (
    DamagedJoinStringError,
    Invitation,
    NewerJoinStringError,
    read_join_string,
    write_join_string,
)
from actors.wire.keys import joining_key, new_key_pair, pairing_fingerprint

INVITATION = Invitation(
    1_800_000_000, bytes(range(16)), bytes(range(100, 132)), ("vds.example.org:7777", "[2001:db8::1]:7")
)
VECTOR = (
    "SAMOVAR1STHGWSOSADCBAAABAIBQIBIGA4EASCQLBQGQ4D6EEBSGKZTHNBUWU23MNVXG64DROJZXI5LWO54HS6T3PR6X474AQGBI"
    "HEVUOZSHGLTFPBQW24DMMUXG64THHI3TONZXV5NTEMBQGE5GIYRYHI5DCXJ2G6AOI7VT"
)
"""A string of version 1 is read for ever."""


def test_a_join_string_says_what_was_put_into_it() -> None:
    assert read_join_string(write_join_string(INVITATION)) == INVITATION
    assert write_join_string(INVITATION) == VECTOR


def test_it_is_one_word_of_capitals_and_digits() -> None:
    assert set(VECTOR) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") | {"1"}


def test_small_letters_spaces_and_line_breaks_do_no_harm() -> None:
    pasted = f"  {VECTOR[:50].lower()}\n   {VECTOR[50:90]} \r\n{VECTOR[90:]}\n"
    assert read_join_string(pasted) == INVITATION


@given(st.integers(8, len(VECTOR) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567189-é"))
def test_any_wrong_letter_is_noticed(place: int, letter: str) -> None:
    if VECTOR[place] != letter:
        with pytest.raises(DamagedJoinStringError):
            read_join_string(VECTOR[:place] + letter + VECTOR[place + 1 :])


@given(st.integers(0, len(VECTOR) - 1))
def test_a_part_that_is_missing_is_noticed(end: int) -> None:
    with pytest.raises(DamagedJoinStringError):
        read_join_string(VECTOR[:end])


@given(st.text())
def test_any_other_text_is_none(text: str) -> None:
    for nonsense in (text, f"SAMOVAR1{text}"):
        with pytest.raises((DamagedJoinStringError, NewerJoinStringError)):
            read_join_string(nonsense)


def test_a_newer_version_is_told_apart() -> None:
    with pytest.raises(NewerJoinStringError, match="version 2"):
        read_join_string(f"SAMOVAR2{VECTOR[8:]}")


def test_the_joining_key_follows_from_the_secret_alone() -> None:
    first, again, other = joining_key(bytes(16)), joining_key(bytes(16)), joining_key(bytes([1] * 16))
    assert first == again
    assert first.public != other.public
    assert first.public == "v^.8Lw{$I&hp)@9+EsD1b&qeH7hGF}ze0^1vhq/]"


def test_the_fingerprint_differs_with_each_of_the_three_keys() -> None:
    server, box, joining, another = (new_key_pair().public for _ in range(4))
    right = pairing_fingerprint(server, box, joining)
    assert right == pairing_fingerprint(server, box, joining)
    others = {
        pairing_fingerprint(another, box, joining),
        pairing_fingerprint(server, another, joining),
        pairing_fingerprint(server, box, another),
        pairing_fingerprint(box, server, joining),
    }
    assert len({right} | others) == 5
    groups = right.split("-")
    assert [len(group) for group in groups] == [4, 4, 4]


def test_a_string_is_small_enough_to_be_scanned() -> None:
    key = z85.decode(new_key_pair().public)
    text = write_join_string(Invitation(int(time.time()), bytes(16), key, ("chat.example.org:7777",)))
    assert len(text) < 160
