"""Bodies as they were sealed before there were thoughts: they are read for ever."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages.generation import Circumstances, Sampling
from storage.chunks import Tokens
from storage.generations import Inputs
from storage.messages import Body, body_bytes, read_body
from tests.storage.store import reply


def test_a_chunk_of_ids_and_text_has_no_thoughts() -> None:
    older = msgspec.msgpack.encode([[1, 2], "ab"])
    assert msgspec.msgpack.decode(older, type=Tokens) == Tokens((1, 2), "ab", "")


def test_inputs_of_text_and_sampling_have_no_thoughts() -> None:
    older = msgspec.msgpack.encode(["Once", [0.5, 20, 0.75, 0.125, 1.25, ["Ann:"], 64]])
    found = msgspec.msgpack.decode(older, type=Inputs)
    assert (found.continues, found.continues_thoughts) == ("Once", "")
    assert (found.user_name, found.persona, found.circumstances) == ("", "", Circumstances())
    assert found.sampling == Sampling(0.5, 20, 0.75, 0.125, 1.25, ("Ann:",), 64)


@pytest.mark.parametrize("text", ["", "Tea?", "Чай 🫖", "\x92", "\x00\x01"])
def test_a_body_without_thoughts_is_its_text_and_nothing_else(text: str) -> None:
    assert body_bytes(reply(text)) == text.encode()
    assert read_body(text.encode()) == Body(text)


def test_a_body_of_text_and_thoughts_has_no_name() -> None:
    older = msgspec.msgpack.encode(["Tea?", "Hm."])
    assert read_body(older) == Body("Tea?", "Hm.")
    assert body_bytes(reply("Tea?", thoughts="Hm.")) == older


@given(text=st.text(), thoughts=st.text(), name=st.text())
def test_text_thoughts_and_name_come_back_whatever_they_are(text: str, thoughts: str, name: str) -> None:
    assert read_body(body_bytes(reply(text, thoughts=thoughts, name=name))) == Body(text, thoughts, name)
