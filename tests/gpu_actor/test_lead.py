"""The speaker's name before a reply, taken off wherever the tokens are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.lead import Lead


def read(mark: str, *pieces: str) -> str:
    lead = Lead(mark)
    return "".join(lead.take(piece) for piece in pieces) + lead.rest()


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ((" Hello", " there"), "Hello there"),  # the prompt ended with the name
        (("Ves", "na", ":", " Hello"), "Hello"),  # the model wrote it itself
        (("\n", "Vesna: Hello"), "Hello"),
        (("Vesna", " sighs."), "Vesna sighs."),
        (("Vest",), "Vest"),
        (("Ves",), "Ves"),
        (("Vesna:",), ""),
        (("Vesna:", " ", "\n"), ""),
        (("Hello. Vesna: no",), "Hello. Vesna: no"),
        ((), ""),
    ],
)
def test_the_name_and_the_space_around_it_are_no_part_of_the_reply(
    pieces: tuple[str, ...], said: str
) -> None:
    assert read("Vesna:", *pieces) == said


def test_without_a_name_nothing_is_touched() -> None:
    assert read("", " \n", "Hello") == " \nHello"


@given(st.text("Ves:na \n", max_size=12), st.lists(st.integers(1, 4), max_size=12))
def test_where_it_is_cut_into_tokens_makes_no_difference(text: str, sizes: list[int]) -> None:
    pieces: list[str] = []
    rest = text
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert read("Vesna:", *pieces, rest) == read("Vesna:", text)
