"""Ids out of events: characters that span tokens, the token that ends a turn, and damage."""

from typing import Any

import pytest

from gpu_actor.doors.id_reader import IdReader
from gpu_actor.doors.server_tokenizer import ServerTokenizer
from gpu_actor.troubles import RemoteEngineError


class Vocabulary(ServerTokenizer):
    """0 ends a turn; 5 and 6 say together what 2 and 3 do."""

    def __init__(self) -> None:
        self.pieces = [
            b"",
            b"a",
            b"\xf0\x9f",
            b"\x99",
            b"\x82",
            b"\xf0",
            b"\x9f\x99",
            b" \xe4",
            b"\xbd",
            b"\xa0",
        ]
        self.broken = {piece: token for token, piece in enumerate(self.pieces) if token not in {0, 1}}


def event(tokens: list[int], content: str, count: int, **more: Any) -> dict[str, Any]:
    return {"tokens": tokens, "content": content, "tokens_predicted": count, "stop": False, **more}


def end(count: int, kind: str, tokens: list[int] | None = None) -> dict[str, Any]:
    return event(tokens or [], "", count, stop=True, stop_type=kind)


@pytest.fixture
def reader() -> IdReader:
    return IdReader(Vocabulary())


def test_a_token_an_event_is_an_id_at_once(reader: IdReader) -> None:
    assert reader.read(event([1], "a", 1)) == ([1], None, 0)
    assert reader.read(event([1], "a", 2)) == ([1], None, 0)
    assert reader.read(end(2, "limit")) == ([], "length", 0)


def test_ids_that_no_event_had_are_found_by_their_bytes_the_longest_first(reader: IdReader) -> None:
    assert reader.read(event([4], "🙂", 3)) == ([2, 3, 4], None, 0)
    assert reader.read(event([9], " 你", 6)) == ([7, 8, 9], None, 0)


def test_what_ends_the_turn_is_no_part_of_the_reply(reader: IdReader) -> None:
    assert reader.read(event([1], "a", 1)) == ([1], None, 0)
    assert reader.read(event([0], "", 2)) == ([], None, 0)
    assert reader.read(end(2, "eos")) == ([], "stop", 0)


def test_a_special_token_in_the_middle_is_part_of_it(reader: IdReader) -> None:
    assert reader.read(event([0], "", 1)) == ([], None, 0)
    assert reader.read(event([1], "a", 2)) == ([0, 1], None, 0)
    assert reader.read(event([0], "", 3)) == ([], None, 0)
    assert reader.read(end(3, "limit")) == ([0], "length", 0)


def test_ids_that_cannot_be_told_are_counted(reader: IdReader) -> None:
    assert reader.read(event([1], "a", 1)) == ([1], None, 0)
    assert reader.read(event([1], "�a", 3)) == ([], None, 2)
    assert IdReader(Vocabulary()).read(end(4, "limit")) == ([], "length", 4)


def test_a_whole_answer_has_all_its_ids(reader: IdReader) -> None:
    assert reader.read(end(3, "limit", [2, 2, 1])) == ([2, 2, 1], "length", 0)
    assert IdReader(Vocabulary()).read(end(3, "eos", [2, 1, 0])) == ([2, 1], "stop", 0)


@pytest.mark.parametrize("tokens", [None, "1", [1.5], [10], [-1], ["a"]])
def test_what_is_no_id_of_the_vocabulary_is_an_error(reader: IdReader, tokens: Any) -> None:
    with pytest.raises(RemoteEngineError, match="no ids of its vocabulary"):
        reader.read(event(tokens, "a", 1))
