"""A session: pages of a long path, removal and return, other words in place, bookmarks, the map."""

from msgspec.structs import replace

from actors.messages.chat import (
    AskMap,
    Bookmark,
    ConversationMap,
    Edit,
    MessageChanged,
    Older,
    OlderMessages,
    Purge,
    Regenerate,
    RemoveMessage,
    RestoreMessage,
    Select,
    Snapshot,
)
from actors.messages.generation import GenerateReply
from tests.actors.kit import uid
from tests.actors.session.kit import CONVERSATION, SETTINGS, Talk, answer, begun, finish, problem


def long_talk(rounds: int = 3, page: int = 2) -> Talk:
    """A greeting, and so many answered questions; a page has so many messages."""
    talk = Talk(replace(SETTINGS, page_messages=page, older_messages=page))
    talk.begin()
    for number in range(1, rounds + 1):
        answer(talk, key=number, text=f"Question {number}")
    return talk


# -- pages ------------------------------------------------------------------------------------------


def test_a_page_that_opens_gets_the_end_of_the_path_and_may_ask_for_what_is_older() -> None:
    talk = long_talk()
    opened = talk.snapshot()
    assert [one.text for one in opened.messages] == ["Question 3", "0 "]
    assert (opened.before, opened.older_changed) == (5, True)
    older = talk.tell(Older(CONVERSATION, opened.messages[0].id)).one(OlderMessages)
    assert [one.text for one in older.messages] == ["Question 2", "0 "]
    assert (older.until, older.before) == (opened.messages[0].id, 3)
    assert talk.tell(Older(CONVERSATION, uid(404))).kinds == ["Problem"]


def test_a_reply_that_is_being_made_stands_below_its_page() -> None:
    talk = long_talk()
    talk.say("Question 4", key=9)
    opened = talk.snapshot()
    assert opened.live is not None
    assert opened.live.parent == opened.messages[-1].id
    assert [one.text for one in opened.messages] == ["0 ", "Question 4"]


# -- to and fro -------------------------------------------------------------------------------------


def test_a_message_on_the_shown_path_is_found_without_showing_another_branch() -> None:
    talk = begun(reply=True)
    question = talk.messages[-2].id
    talk.do(Regenerate(CONVERSATION, uid(2), talk.messages[-1].id))
    talk.attempt = 0
    finish(talk)
    first_reply = talk.snapshot().messages[-1].siblings[0]
    head = talk.do(Select(CONVERSATION, first_reply)).one(Snapshot).head
    assert head == first_reply
    assert talk.tell(Select(CONVERSATION, question, keep=True)).one(Snapshot).head == first_reply
    assert talk.do(Select(CONVERSATION, question)).one(Snapshot).head != first_reply


def test_a_message_is_looked_for_while_a_reply_is_being_made() -> None:
    talk = begun(reply=True)
    question = talk.messages[-2].id
    talk.say("More?", key=5)
    assert talk.tell(Select(CONVERSATION, question, keep=True)).one(Snapshot).live is not None
    assert problem(talk.tell(Select(CONVERSATION, question))) == ("busy", None)


# -- removal ----------------------------------------------------------------------------------------


def test_a_removed_message_is_in_no_prompt_and_comes_back_after_a_restart() -> None:
    talk = begun(reply=True)
    question = talk.messages[-2].id
    said = talk.do(RemoveMessage(CONVERSATION, question, branch=False)).one(Snapshot)
    assert [one.text for one in said.messages] == ["Hello, Anna.", "0 "]
    assert said.older_changed
    request = talk.say("And now?", key=7).one(GenerateReply)
    assert [one.text for one in request.turn.history] == ["Hello, Anna.", "0 ", "And now?"]
    talk.attempt = 0
    finish(talk)
    talk.restart()
    assert talk.texts() == ["Hello, Anna.", "0 ", "And now?", "0 "]
    head = talk.snapshot().head
    assert talk.do(RestoreMessage(CONVERSATION, question, head)).one(Snapshot).head == head
    assert talk.texts() == ["Hello, Anna.", "How are you?", "0 ", "And now?", "0 "]


def test_nothing_is_removed_below_a_reply_that_is_being_made() -> None:
    talk = begun(reply=True)
    question = talk.messages[-2].id
    talk.say("More?", key=5)
    for change in (RemoveMessage(CONVERSATION, question, branch=True), Purge(CONVERSATION)):
        assert problem(talk.tell(change)) == ("busy", None)


def test_a_removal_is_durable_before_it_is_shown_and_a_purge_is_for_good() -> None:
    talk = begun(reply=True)
    question = talk.messages[-2].id
    assert talk.tell(RemoveMessage(CONVERSATION, question, branch=True)) == []
    assert [one.text for one in talk.commit().one(Snapshot).messages] == ["Hello, Anna."]
    talk.do(Purge(CONVERSATION))
    assert question not in talk.disk.messages
    assert problem(talk.tell(RestoreMessage(CONVERSATION, question))) == ("not_found", None)
    talk.restart()
    assert talk.texts() == ["Hello, Anna."]


def test_a_reply_to_what_hangs_below_a_removed_message_is_stored_at_a_place_of_its_own() -> None:
    talk = begun(reply=True)
    reply = talk.messages[-1].id
    talk.do(RemoveMessage(CONVERSATION, reply, branch=True))
    talk.do(Regenerate(CONVERSATION, uid(3), talk.messages[-2].id))
    talk.attempt = 0
    finish(talk)
    assert talk.snapshot().messages[-1].siblings == (talk.snapshot().head,)
    assert len(talk.disk.messages) == 6  # the root, two greetings, the question, two replies


# -- other words, bookmarks, the map ----------------------------------------------------------------


def test_a_message_is_put_in_other_words_in_its_place_and_nothing_is_answered() -> None:
    talk = begun(reply=True)
    question = talk.messages[-2].id
    edit = Edit(CONVERSATION, uid(6), question, "How is the tea?", in_place=True)
    said = talk.do(edit)
    changed = said.one(MessageChanged)
    assert (changed.message.text, changed.message.revised, changed.request_key) == (
        "How is the tea?",
        True,
        uid(6),
    )
    assert said.of(GenerateReply) == []
    talk.restart()
    assert talk.texts() == ["Hello, Anna.", "How is the tea?", "0 "]
    assert talk.disk.messages[question].body == "How are you?"
    assert talk.do(edit).kinds == ["Snapshot"]  # the same request once more
    assert len(talk.disk.revisions[question]) == 1
    request = talk.say("And now?", key=7).one(GenerateReply)
    assert [one.text for one in request.turn.history][1] == "How is the tea?"


def test_a_bookmark_is_told_to_all_readers_and_survives_a_restart() -> None:
    talk = begun(reply=True)
    question = talk.messages[-2].id
    changed = talk.do(Bookmark(CONVERSATION, question, "The first question")).one(MessageChanged)
    assert changed.message.bookmark == "The first question"
    talk.restart()
    assert [one.bookmark for one in talk.snapshot().messages] == ["", "The first question", ""]


def test_the_map_is_given_to_the_edge() -> None:
    talk = begun(reply=True)
    drawn = talk.tell(AskMap("asks/7"), "asks/7").to("asks/7")[0]
    assert isinstance(drawn, ConversationMap)
    assert [node.count for node in drawn.nodes] == [3, 1]
    assert Talk().tell(AskMap("asks/7"), "asks/7").kinds == ["Problem"]


def test_a_hint_is_for_one_reply_alone() -> None:
    talk = begun(reply=True)
    asked = Regenerate(CONVERSATION, uid(2), talk.messages[-1].id, hint=" Shorter. ")
    request = talk.do(asked).one(GenerateReply)
    assert request.turn.instruction == "Shorter."
    talk.restart()
    assert talk.row.hint == "Shorter."
    talk.attempt = 0
    finish(talk)
    assert talk.say("More?", key=8).one(GenerateReply).turn.instruction == ""
    too_long = Regenerate(CONVERSATION, uid(9), talk.messages[-1].id, hint="x" * 2_001)
    assert problem(begun(reply=True).tell(replace(too_long, message=uid(1))))[0] == "too_long"
