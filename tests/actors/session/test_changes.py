"""A conversation whose character becomes another version."""

from msgspec.structs import replace

from actors.messages.chat import ChangeVersion, Done, Rename, Snapshot
from actors.messages.generation import GenerateReply
from tests.actors.kit import CHARACTER, uid
from tests.actors.session.kit import Talk, begun, finish, problem

NEWER = uid(0xE0)


def edited() -> Talk:
    """A conversation of one answer; its character has a newer version."""
    talk = begun(reply=True)
    first = talk.disk.versions[CHARACTER]
    talk.disk.write((replace(first, version=NEWER, created_ms=9),))
    return talk


def test_a_conversation_is_of_the_new_version_when_that_is_durable() -> None:
    talk = edited()
    assert talk.tell(ChangeVersion(NEWER, "asks/2")) == []
    assert talk.snapshot().character_version == CHARACTER
    said = talk.commit()
    assert said.to("asks/2") == [Done()]
    assert said.one(Snapshot).character_version == NEWER
    talk.restart()
    assert talk.snapshot().character_version == NEWER


def test_what_is_said_from_then_on_is_of_the_new_version_and_what_was_said_stays() -> None:
    talk = edited()
    before = [message.character_version for message in talk.messages]
    talk.do(ChangeVersion(NEWER, "asks/2"))
    said = talk.say(key=2)
    assert said.one(GenerateReply).turn.character == NEWER
    talk.attempt = 0
    finish(talk)
    assert [message.character_version for message in talk.messages] == [*before, NEWER, NEWER]


def test_a_reply_that_is_being_made_is_of_one_version_to_its_end() -> None:
    talk = edited()
    talk.say(key=2)
    assert problem(talk.tell(ChangeVersion(NEWER, "asks/2"))) == ("busy", None)
    talk.attempt = 0
    finish(talk)
    assert talk.do(ChangeVersion(NEWER, "asks/2")).to("asks/2") == [Done()]


def test_a_title_waits_for_no_reply() -> None:
    talk = edited()
    talk.say(key=2)
    assert talk.do(Rename("Tea", "asks/2")).to("asks/2") == [Done()]
