"""A session: how a conversation begins, who reads along, what people say."""

import re

import pytest
from msgspec.structs import replace

from actors import addresses
from actors.addresses import QUEUE, SOCKETS
from actors.messages.chat import (
    Awake,
    Close,
    Continue,
    Delete,
    Done,
    Edit,
    MessageAdded,
    Open,
    Regenerate,
    Rename,
    ReplyState,
    Select,
    SendText,
    Snapshot,
    Stop,
)
from actors.messages.generation import (
    CharacterSheet,
    Circumstances,
    GenerateReply,
    Sampling,
    SheetMissing,
    SheetWanted,
)
from tests.actors.kit import CHARACTER, READER, SHEET, uid
from tests.actors.session.kit import CONVERSATION, SETTINGS, START, USER, Talk, begun, problem

# -- beginning --------------------------------------------------------------------------------------


def test_a_conversation_begins_with_the_greetings_of_its_character_the_first_one_shown() -> None:
    talk = Talk()
    assert talk.tell(START).to(addresses.character(CHARACTER)) == [SheetWanted(CHARACTER)]
    said = talk.tell(SHEET)
    assert said.of(Done) == []  # not before it is durable
    assert talk.commit().to("asks/1") == [Done()]
    snapshot = talk.snapshot()
    assert (snapshot.title, snapshot.character_version) == ("A title", CHARACTER)
    assert [message.text for message in snapshot.messages] == ["Hello, Anna."]
    assert len(snapshot.messages[0].siblings) == 2


def test_macros_of_a_greeting_become_words_when_the_conversation_begins() -> None:
    text = (
        "{{// draft}}{{random:NUMBERS}} {{roll:1000000}} {{time}} {{idle_duration}} "
        "{{persona}}{{description}}{{hidden_key:dragon}}"
    ).replace("NUMBERS", ",".join(map(str, range(1000))))
    card = CharacterSheet(
        CHARACTER, "Nadia", description="{{char}} pours.", first_mes=text, alternate_greetings=(text,)
    )

    def began(offset_min: int) -> list[str]:
        talk = Talk(sheet=card)
        talk.tell(replace(START, utc_offset_min=offset_min))
        talk.tell(card)
        talk.commit()
        assert talk.snapshot().messages[0].text == talk.messages[0].body
        return [message.body for message in talk.messages]

    first, second = began(0)
    assert began(0) == [first, second]
    assert re.fullmatch(
        r"\d{1,3} \d{1,7} \d\d:\d\d just now Nadia pours\.\{\{hidden_key:dragon\}\}", first
    ), first
    assert first.split()[:2] != second.split()[:2]  # each greeting draws for itself
    assert began(90)[0].split()[2] != first.split()[2]


def test_without_a_title_it_is_called_by_the_character() -> None:
    assert begun().snapshot().title == "Nadia"


def test_a_character_without_a_greeting_begins_with_nothing() -> None:
    talk = begun(sheet=CharacterSheet(CHARACTER, "Mute"))
    assert talk.texts() == []
    talk.say("Hello?")
    assert talk.texts() == ["Hello?"]


def test_a_character_that_does_not_exist_cannot_be_talked_to() -> None:
    talk = Talk()
    talk.tell(START)
    assert problem(talk.tell(SheetMissing(CHARACTER))) == ("not_found", None)
    assert talk.tell(START).kinds == ["SheetWanted"]  # it may be tried again


def test_a_conversation_begins_once() -> None:
    talk = Talk()
    talk.tell(START)
    assert problem(talk.tell(START)) == ("busy", None)
    talk.do(SHEET)
    assert problem(talk.tell(START)) == ("busy", None)
    assert talk.tell(SHEET) == []  # the answer to a question that was asked twice
    assert len(talk.disk.conversations) == 1


# -- reading ----------------------------------------------------------------------------------------


def test_who_opens_reads_along_until_closing() -> None:
    talk = begun()
    assert talk.say().to(READER)
    talk.tell(Close(CONVERSATION))
    assert talk.lease().to(READER) == []


def test_a_conversation_that_does_not_exist_cannot_be_opened() -> None:
    assert problem(Talk().tell(Open(CONVERSATION))) == ("not_found", None)


def test_a_session_that_wakes_asks_its_readers_to_open_again() -> None:
    talk = begun()
    assert talk.restart().to(SOCKETS) == [Awake(CONVERSATION)]
    assert Talk().restart().to(SOCKETS) == [Awake(CONVERSATION)]  # also where there is nothing any more


def test_it_leaves_memory_when_nobody_wants_anything() -> None:
    talk = begun(reply=True)
    talk.fire("idle")
    assert talk.passive


def test_it_stays_in_memory_while_a_reply_is_being_made() -> None:
    talk = Talk()
    talk.live()
    assert "idle" not in talk.timers
    talk.timers["idle"] = 0.0  # one that was in the mailbox already
    talk.fire("idle")
    assert not talk.passive


# -- saying something -------------------------------------------------------------------------------


def test_the_worker_is_told_what_the_reply_is_made_under() -> None:
    talk = begun()
    talk.tell(Open(CONVERSATION, utc_offset_min=90))
    asked = talk.say().one(GenerateReply).turn
    assert asked.history[-1].name == asked.user_name == "Anna"
    assert asked.circumstances == Circumstances(utc_offset_min=90, idle_ms=0, greeting=0, user_icon="")
    again = talk.restart().one(GenerateReply).turn  # … whoever reads meanwhile
    assert again == asked


def test_a_text_and_the_reply_to_it_are_durable_before_anybody_hears_of_them() -> None:
    talk = begun()
    asked = talk.tell(SendText(CONVERSATION, uid(1), "How are you?"))
    assert [(effect.to, type(effect.message)) for effect in asked] == [(QUEUE, GenerateReply)]
    said = talk.commit()
    assert said.kinds == ["MessageAdded", "ReplyState"]
    assert said.one(MessageAdded).message.text == "How are you?"
    assert said.one(MessageAdded).request_key == uid(1)
    assert said.one(ReplyState).live.state == "queued"


def test_the_turn_tells_the_worker_all_it_needs() -> None:
    talk = begun()
    request = talk.say("How are you?").one(GenerateReply)
    assert [(m.role, m.text) for m in request.turn.history] == [
        ("assistant", "Hello, Anna."),
        ("user", "How are you?"),
    ]
    assert (request.turn.character, request.turn.user_name) == (CHARACTER, "Anna")
    assert request.turn.now_ms == talk.row.created_ms
    assert (request.user, request.conversation) == (USER, CONVERSATION)
    assert (request.attempt, request.committed, request.model) == (0, (), "")


def test_seed_and_sampling_can_be_chosen() -> None:
    talk = begun()
    sampling = Sampling(temperature=0.0)
    request = talk.do(SendText(CONVERSATION, uid(1), "Hi", None, sampling, 7)).one(GenerateReply)
    assert (request.seed, request.sampling) == (7, sampling)


def test_a_text_may_go_below_any_message() -> None:
    talk = begun(reply=True)
    greeting = talk.messages[0]
    said = talk.do(SendText(CONVERSATION, uid(2), "Another way", parent=greeting.id))
    assert said.of(MessageAdded) == []  # the shown path changes its course
    assert [m.text for m in said.one(Snapshot).messages] == ["Hello, Anna.", "Another way"]


def test_the_history_that_travels_has_its_limits_and_keeps_the_newest() -> None:
    for limits in ({"history_limit": 1}, {"history_chars": 10}, {"history_chars": 1}):
        talk = Talk(settings=replace(SETTINGS, **limits))
        talk.begin()
        assert [m.text for m in talk.say("Newest").one(GenerateReply).turn.history] == ["Newest"]


def test_the_same_request_twice_is_one_request() -> None:
    talk = begun()
    message = SendText(CONVERSATION, uid(1), "How are you?")
    talk.tell(message)
    assert talk.tell(message).kinds == ["Snapshot"]  # before it is durable
    talk.commit()
    assert talk.tell(message).kinds == ["Snapshot"]  # and after
    talk.restart()
    assert talk.tell(message).kinds == ["Snapshot"]  # and for the next incarnation
    assert len(talk.disk.generations) == 1
    assert talk.commits == []


def test_an_edit_without_a_reply_is_remembered_as_a_request_too() -> None:
    talk = begun()
    message = Edit(CONVERSATION, uid(1), talk.messages[0].id, "Good day.")
    talk.do(message)
    talk.restart()
    assert talk.tell(message).kinds == ["Snapshot"]


@pytest.mark.parametrize(
    ("text", "code"), [("", "bad_request"), ("  \n", "bad_request"), ("x" * 101, "too_long")]
)
def test_a_text_that_is_empty_or_too_long_is_refused(text: str, code: str) -> None:
    talk = begun()
    assert problem(talk.tell(SendText(CONVERSATION, uid(1), text))) == (code, uid(1))
    assert talk.commits == []


def test_what_is_not_in_the_conversation_cannot_be_answered_continued_or_shown() -> None:
    talk = begun()
    root = talk.disk.conversations[CONVERSATION].root
    for message in (
        SendText(CONVERSATION, uid(1), "Hi", parent=uid(404)),
        Regenerate(CONVERSATION, uid(1), uid(404)),
        Edit(CONVERSATION, uid(1), root, "No"),
        Continue(CONVERSATION, uid(1), uid(404)),
    ):
        assert problem(talk.tell(message)) == ("not_found", uid(1))
    assert problem(talk.tell(Select(CONVERSATION, uid(404)))) == ("not_found", None)


def test_a_conversation_that_is_gone_refuses_everything() -> None:
    talk = Talk()
    assert problem(talk.tell(SendText(CONVERSATION, uid(1), "Hi"))) == ("not_found", uid(1))
    for message in (Rename("x", "asks/1"), Delete("asks/1"), Select(CONVERSATION, uid(1))):
        assert problem(talk.tell(message)) == ("not_found", None)
    assert talk.tell(Stop(CONVERSATION, uid(1))) == []


def test_while_a_reply_is_being_made_the_next_request_is_refused() -> None:
    talk = Talk()
    talk.live()
    head = talk.messages[-1].id
    assert problem(talk.tell(SendText(CONVERSATION, uid(2), "And?"))) == ("busy", uid(2))
    assert problem(talk.tell(Select(CONVERSATION, head))) == ("busy", None)
