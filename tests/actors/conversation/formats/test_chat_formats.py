"""Conversations go out as files and come in again."""

import json
import re
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.conversation.formats import markdown, samovar_json, sillytavern
from actors.conversation.formats.chat import (
    NOTHING,
    Chat,
    ChatLimits,
    ChatMessage,
    UnreadableChatError,
    path_of,
)
from actors.conversation.formats.chat_rows import chat_of, rows_of
from actors.conversation.formats.reading import read_chat
from actors.messages.conversations import StoredMessage

LIMITS = ChatLimits()
VERSION, USER = UUID(int=7), UUID(int=8)

TREE = Chat(
    title="Вечер у самовара",
    user_name="Ада",
    character_name="Marfa",
    character=str(VERSION),
    created_ms=1_700_000_000_123,
    head=5,
    messages=(
        ChatMessage(NOTHING, "assistant", "Tea?", "Marfa", 1_700_000_000_123),
        ChatMessage(NOTHING, "assistant", "Снова ты? 🫖", "Marfa", 1_700_000_000_123),
        ChatMessage(0, "user", "Please.\nTwo *cups*.", "Ада", 1_700_000_001_000),
        ChatMessage(1, "user", "Yes, me.", "Ада", 1_700_000_002_000),
        ChatMessage(2, "assistant", "One.", "Marfa", 1_700_000_003_000, "Hm.", "length", 3, 2),
        ChatMessage(2, "assistant", "Two.", "Marfa", 1_700_000_004_000, "", "stop", 4),
    ),
)


def samovar(chat: Chat) -> bytes:
    return b"".join(samovar_json.written(chat))


def tavern(chat: Chat) -> bytes:
    return b"".join(sillytavern.written(chat))


def rows_and_back(chat: Chat) -> Chat:
    ids = (UUID(int=number) for number in count(100))
    rows = rows_of(chat, USER, VERSION, lambda: next(ids), 5, user_name="You")
    root = StoredMessage(
        rows.conversation.root, rows.conversation.id, rows.conversation.root, -1, "system", "", VERSION, 1
    )
    head = replace(rows.conversation, head=rows.head)
    return chat_of(head, (root, *rows.messages), {VERSION: chat.character_name})


def test_samovars_own_format_loses_nothing_through_file_and_rows() -> None:
    data = samovar(TREE)
    read = read_chat(data, LIMITS)
    assert read.chat == TREE
    assert read.warnings == ()
    again = rows_and_back(read.chat)
    assert sorted(m.text for m in again.messages) == sorted(m.text for m in TREE.messages)
    assert samovar(rows_and_back(again)) == samovar(again)
    assert json.loads(data)["messages"][4]["seam"] == 2


def test_the_rows_keep_every_version_and_the_shown_path() -> None:
    again = rows_and_back(TREE)
    assert again.messages[again.head].text == "Two."
    assert [m.text for m in again.messages] == [m.text for m in TREE.messages]
    assert again == TREE


def test_a_conversation_without_messages_comes_through() -> None:
    empty = replace(TREE, head=NOTHING, messages=())
    assert read_chat(samovar(empty), LIMITS).chat == empty
    assert rows_and_back(empty) == empty
    assert read_chat(tavern(empty), LIMITS).chat.messages == ()


def test_sillytaverns_file_has_the_path_with_its_swipes() -> None:
    lines = [json.loads(line) for line in tavern(TREE).splitlines()]
    assert lines[0]["user_name"] == "Ада"
    assert lines[0]["create_date"] == "2023-11-14T22:13:20.123Z"
    assert [line["mes"] for line in lines[1:]] == ["Tea?", "Please.\nTwo *cups*.", "Two."]
    assert lines[1]["swipes"] == ["Tea?", "Снова ты? 🫖"]
    assert (lines[3]["swipe_id"], lines[3]["swipes"]) == (1, ["One.", "Two."])
    assert lines[3]["swipe_info"][0]["extra"] == {"reasoning": "Hm."}
    assert "swipes" not in lines[2]
    assert sillytavern.left_out(TREE) == 1  # what was said to the other greeting


def test_sillytaverns_file_comes_back_as_it_went() -> None:
    read = read_chat(tavern(TREE), LIMITS).chat
    assert [m.text for m in read.messages] == ["Tea?", "Снова ты? 🫖", "Please.\nTwo *cups*.", "One.", "Two."]
    assert [m.parent for m in read.messages] == [NOTHING, NOTHING, 0, 2, 2]
    assert read.messages[3].thoughts == "Hm."
    assert (read.title, read.user_name, read.character_name) == ("Вечер у самовара", "Ада", "Marfa")
    assert tavern(read) == tavern(TREE)
    assert tavern(rows_and_back(read)) == tavern(TREE)


SEEN = "\n".join(
    json.dumps(fields)
    for fields in (
        {"user_name": "unused", "character_name": "unused", "create_date": "2024-02-03 @04h 05m 06s 007ms"},
        {
            "name": "Marfa",
            "is_user": False,
            "send_date": "June 19, 2023 2:20pm",
            "mes": "edited",
            "swipe_id": 1,
            "swipes": ["a", "b", "c"],
            "swipe_info": [],
        },
        {"name": "Ada", "is_user": True, "send_date": 1_700_000_000_000, "mes": "hi", "is_system": True},
        {"name": "Note", "is_user": False, "is_system": True, "mes": "Night.", "extra": {"type": "narrator"}},
        {"name": "Marfa", "mes": "end", "extra": {"reasoning": "mm"}, "send_date": "no time", "swipes": None},
    )
)


def test_what_is_seen_in_the_wild_is_tolerated() -> None:
    read = read_chat(b"\xef\xbb\xbf" + SEEN.encode() + b"\nnot json\n\n[1]\n", LIMITS)
    chat = read.chat
    assert (chat.user_name, chat.character_name) == ("Ada", "Marfa")
    assert [m.text for m in chat.messages] == ["a", "b", "edited", "c", "hi", "Night.", "end"]
    assert [m.role for m in chat.messages] == [*["assistant"] * 4, "user", "system", "assistant"]
    assert [m.parent for m in chat.messages] == [*[NOTHING] * 4, 2, 4, 5]
    assert chat.head == 6
    assert chat.created_ms == 1_706_933_106_007
    assert chat.messages[0].created_ms == 1_687_184_400_000
    assert chat.messages[4].created_ms == 1_700_000_000_000
    assert chat.messages[6].thoughts == "mm"
    assert tuple(each.text for each in read.warnings) == (
        "2 lines could not be read and were left out.",
        "1 messages were hidden from the model; here they are not.",
    )


def test_halves_of_characters_and_odd_values_become_text_that_can_be_stored() -> None:
    lines = b'{"user_name":1}\n{"mes":"half \\ud83d","name":[],"swipes":[null,"x"],"swipe_id":"1"}'
    chat = read_chat(lines, LIMITS).chat
    assert [m.text for m in chat.messages] == ["", "x", "half \ufffd"]
    assert chat.head == 2
    for message in chat.messages:
        message.text.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"[]",
        b'{"a":1',
        b'{"format":"samovar-chat"}',
        b'{"format":"samovar-chat","version":9,"messages":[]}',
        b'{"format":"samovar-chat","version":1,"messages":[{"role":"user","text":"","parent":0}]}',
        b'{"format":"samovar-chat","version":1,"head":1,"messages":[{"role":"user","text":""}]}',
        b'{"format":"samovar-chat","version":1,"messages":[{"role":"king","text":""}]}',
    ],
)
def test_what_is_no_chat_is_refused_with_one_line(data: bytes) -> None:
    with pytest.raises(UnreadableChatError) as refused:
        read_chat(data, LIMITS)
    assert "\n" not in str(refused.value)


def test_a_deeply_nested_line_is_left_out() -> None:
    data = b'{"user_name":"A"}\n' + b'{"mes":' + b"[" * 100_000 + b'\n{"mes":"ok"}'
    read = read_chat(data, LIMITS)
    assert [m.text for m in read.chat.messages] == ["ok"]


def test_a_file_is_taken_within_its_limits() -> None:
    with pytest.raises(UnreadableChatError, match="more than 2 messages"):
        read_chat(samovar(TREE), ChatLimits(messages=2))
    with pytest.raises(UnreadableChatError, match="more than 2 messages"):
        read_chat(tavern(TREE), ChatLimits(messages=2))
    with pytest.raises(UnreadableChatError, match="more than 10 characters"):
        read_chat(b'{"mes":"12345678901"}', ChatLimits(text_chars=10))


def test_markdown_reads_like_a_conversation() -> None:
    text = b"".join(markdown.written(replace(TREE, head=4))).decode()
    assert re.sub(r"[ \n]<!-- .* -->", "", text) == (
        "# Вечер у самовара\n\n\n---\n\n*2023-11-14*\n\n**Marfa**\n\nTea?\n\n**Ада**\n\n"
        "Please.\nTwo *cups*.\n\n**Marfa**\n\n> Hm.\n\nOne.\n"
    )
    assert "**Marfa** <!-- assistant 2023-11-14T22:13:23.000Z thinks -->" in text


def shown_path(chat: Chat) -> Chat:
    """What Markdown has of it."""
    path = [chat.messages[number] for number in path_of(chat)]
    told = (replace(one, parent=number - 1, ended="", tokens=0, seam=-1) for number, one in enumerate(path))
    return replace(chat, head=len(path) - 1, messages=tuple(told))


def marked_down(chat: Chat) -> bytes:
    return b"".join(markdown.written(chat))


def test_markdown_comes_back_with_the_path_that_was_shown() -> None:
    for head in (4, 5, 1, NOTHING):
        chat = replace(TREE, head=head)
        read = read_chat(marked_down(chat), LIMITS)
        assert read.chat == shown_path(chat)
        assert marked_down(read.chat) == marked_down(chat)
        assert [one.code for one in read.warnings] == ["chat_path"]
        assert rows_and_back(read.chat) == read.chat
        elsewhere = b"\xef\xbb\xbf" + marked_down(chat).replace(b"\n", b"\r\n")
        assert read_chat(elsewhere, LIMITS) == read


LINE = st.sampled_from(
    [
        *("", "Tea?", "> quoted", ">", "---", "*2023-11-14*", "# A title", "**Ада**", "  indented", "\\"),
        *(
            "**Ада** <!-- user -->",
            "\\**Ада** <!-- user -->",
            "**Ада** <!-- user --> ",
            "-->",
            "Снова ты? 🫖",
        ),
        *("**M** <!-- assistant 2023-11-14T22:13:23.000Z -->", '<!-- samovar-chat {"version":1} -->'),
    ]
)
TEXT = st.lists(LINE, max_size=6).map("\n".join)
DAY_MS = 86_400_000


@given(texts=st.lists(st.tuples(TEXT, TEXT, st.integers(0, 3)), min_size=1, max_size=5))
def test_whatever_was_said_comes_back_out_of_markdown(texts: list[tuple[str, str, int]]) -> None:
    messages = tuple(
        ChatMessage(number - 1, "user", text.rstrip(), "Ада", day * DAY_MS, thoughts)
        for number, (text, thoughts, day) in enumerate(texts)
    )
    chat = replace(TREE, user_name='--> "A"', head=len(messages) - 1, messages=messages)
    assert read_chat(marked_down(chat), LIMITS).chat == chat


def test_markdown_that_people_mended_comes_in_as_it_is() -> None:
    data = marked_down(replace(TREE, head=4)).replace(b"Two *cups*.", b"Two *mugs*.\n\nAnd jam.\n")
    assert [one.text for one in read_chat(data, LIMITS).chat.messages] == [
        "Tea?",
        "Please.\nTwo *mugs*.\n\nAnd jam.",
        "One.",
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"# Notes\n\n**Ann**\n\nHello.\n", "no_chat"),
        (b"# A\n\n<!-- samovar-chat nothing -->\n", "no_chat"),
        (b"# A\n\n<!-- samovar-chat [[[ -->\n", "no_chat"),
        (b'# A\n\n<!-- samovar-chat {"version":2} -->\n', "newer_chat"),
    ],
)
def test_other_markdown_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableChatError) as error:
        read_chat(data, LIMITS)
    assert error.value.remark.code == code


def test_markdown_is_held_to_the_limits() -> None:
    for limits in (ChatLimits(messages=2), ChatLimits(text_chars=3)):
        with pytest.raises(UnreadableChatError):
            read_chat(marked_down(replace(TREE, head=4)), limits)


def test_markdown_has_nothing_that_is_for_prompts_and_lore_alone() -> None:
    first = replace(TREE.messages[0], text="Tea?{{hidden_key: samovar}}{{// pour}}")
    messages = (first, *TREE.messages[1:])
    text = b"".join(markdown.written(replace(TREE, messages=messages, head=4))).decode()
    assert "\n\nTea?\n\n" in text


def test_messages_of_one_time_keep_the_order_of_the_file() -> None:
    drawn = iter([UUID(int=number) for number in (9, 2, 7, 1, 8, 3, 6, 4, 5, 0)])
    rows = rows_of(TREE, USER, VERSION, lambda: next(drawn), 5, user_name="You")
    assert [row.id for row in rows.messages] == sorted(row.id for row in rows.messages)
