"""A session: the model writes what the user might say next."""

from msgspec.structs import replace

from actors.addresses import QUEUE
from actors.messages.chat import Impersonate, ReplyFinished, Snapshot, Stop, Suggestion
from actors.messages.generation import GenerateReply
from actors.messages.queueing import ReplyEnded
from actors.messages.replies import EndGeneration
from tests.actors.kit import BOX, uid
from tests.actors.session.kit import CONVERSATION, SETTINGS, Talk, begun, finish, problem


def asked(text: str = "") -> Talk:
    """Somebody who was answered asks what to say."""
    talk = begun(reply=True)
    talk.do(Impersonate(CONVERSATION, uid(20), text))
    talk.attempt = 0
    return talk


def test_the_model_is_asked_to_write_as_the_user_and_goes_on_from_what_is_written() -> None:
    talk = begun(reply=True)
    request = talk.do(Impersonate(CONVERSATION, uid(20), "I ", "Be brave.")).one(GenerateReply)
    assert "{{user}}" in request.turn.task
    assert request.turn.task.endswith("Be brave.")
    assert request.turn.continue_text == "I "
    assert [one.text for one in request.turn.history] == ["Hello, Anna.", "How are you?", "0 "]


def test_what_comes_is_no_message_and_waits_for_its_user_also_after_a_restart() -> None:
    talk = asked("I ")
    shown = talk.shown()
    assert (shown.kind, shown.siblings, shown.continues) == ("impersonate", (), "I ")
    finished = finish(talk).one(ReplyFinished)
    assert finished.message is None
    assert finished.suggestion == Suggestion(talk.row.id, "I 0 ")
    assert talk.texts() == ["Hello, Anna.", "How are you?", "0 "]
    assert talk.snapshot().suggestion == Suggestion(talk.row.id, "I 0 ")
    talk.restart()
    assert talk.snapshot().suggestion == Suggestion(talk.row.id, "I 0 ")
    talk.say("I drink it.", key=21)
    assert talk.snapshot().suggestion is None
    talk.attempt = 0
    finish(talk)
    assert talk.snapshot().suggestion is None  # the talk has gone on


def test_it_is_resumed_as_every_reply_is() -> None:
    talk = asked()
    talk.lease()
    talk.accept()
    talk.frames(0, 1)
    talk.restart()
    live = talk.shown()
    assert (live.kind, live.text, live.next_seq) == ("impersonate", "0 1 ", 2)
    assert talk.snapshot(talk.row.id, 2).live == replace(live, seq=2, text="")


def test_what_was_written_until_it_was_stopped_is_kept() -> None:
    talk = asked()
    talk.lease()
    talk.accept()
    talk.frames(0, 1)
    said = talk.do(Stop(CONVERSATION, talk.row.id))
    assert said.one(ReplyFinished).suggestion == Suggestion(talk.row.id, "0 1 ")
    assert said.to(QUEUE) == [ReplyEnded(talk.row.id, 2, 10)]
    assert talk.row.state == "cancelled"


def test_nothing_made_is_no_suggestion() -> None:
    talk = asked("I ")
    said = talk.do(Stop(CONVERSATION, talk.row.id))
    assert said.one(ReplyFinished).suggestion is None
    assert said.one(Snapshot).suggestion is None


def test_the_same_request_twice_is_one_and_a_second_one_waits() -> None:
    talk = asked()
    assert talk.tell(Impersonate(CONVERSATION, uid(20))).kinds == ["Snapshot"]
    assert problem(talk.tell(Impersonate(CONVERSATION, uid(22)))) == ("busy", uid(22))
    too_long = Impersonate(CONVERSATION, uid(23), "x" * (SETTINGS.text_limit + 1))
    assert problem(begun().tell(too_long)) == ("too_long", uid(23))


def test_the_end_is_one_write_with_what_was_made() -> None:
    talk = asked()
    talk.lease()
    talk.accept()
    talk.frames(0)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    (end,) = (write for write in talk.commits[0].writes if isinstance(write, EndGeneration))
    assert (end.message, end.made) == (None, "0 ")
    assert BOX in {effect.to for effect in talk.commit()}
