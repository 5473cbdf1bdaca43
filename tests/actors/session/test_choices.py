"""A session and what its user has chosen: persona, note, instructions, how replies are made."""

from msgspec.structs import replace

from actors.messages.chat import Edit, MessageAdded, Open, SendText, Snapshot, StartConversation
from actors.messages.choices import (
    NOBODY,
    AuthorsNote,
    Choices,
    Chosen,
    ChosenChanged,
    Persona,
    ReplySettings,
)
from actors.messages.choosing import FindChoices, SetChoices
from actors.messages.generation import GenerateReply, Note, Sampling
from tests.actors.kit import CHARACTER, uid
from tests.actors.session.kit import CONVERSATION, USER, Talk, begun, finish

MIRA = Persona(uid(0x71), "Mira", "{{user}} is a smuggler.", portrait="ab" * 32)
AS_MIRA = Chosen(Choices(MIRA.id), personas=(MIRA,))


def ask(
    talk: Talk, key: int = 1, text: str = "How are you?", sampling: Sampling | None = None
) -> GenerateReply:
    return talk.do(SendText(CONVERSATION, uid(key), text, sampling=sampling)).one(GenerateReply)


def test_readers_are_told_who_they_are_from_now_on() -> None:
    talk = begun()
    assert (talk.snapshot().user_name, talk.snapshot().persona) == ("Anna", None)
    snapshot = talk.tell(ChosenChanged(AS_MIRA)).one(Snapshot)
    assert (snapshot.user_name, snapshot.persona) == ("Mira", MIRA.id)


def test_the_worker_is_told_who_speaks() -> None:
    talk = begun()
    talk.tell(ChosenChanged(AS_MIRA))
    turn = ask(talk).turn
    assert (turn.user_name, turn.persona) == ("Mira", "{{user}} is a smuggler.")
    assert turn.circumstances.user_icon == "Mira"
    assert turn.history[-1].name == "Mira"


def test_messages_keep_the_name_they_were_written_with() -> None:
    talk = begun()
    ask(talk, 1, "As Anna.")
    finish(talk)
    talk.tell(ChosenChanged(AS_MIRA))
    asked = ask(talk, 2, "As Mira.")
    assert [line.name for line in asked.turn.history if line.role == "user"] == ["Anna", "Mira"]
    talk.attempt = 0  # another reply
    finish(talk)
    talk.restart()  # a restart reads what was chosen, which is nothing here, and the names as they were
    talk.tell(Open(CONVERSATION))
    shown = [message.name for message in talk.snapshot().messages if message.role == "user"]
    assert shown == ["Anna", "Mira"]


def test_an_edited_message_is_still_of_who_said_it() -> None:
    talk = begun()
    ask(talk, 1, "As Anna.")
    finish(talk)
    said = next(message for message in talk.messages if message.role == "user")
    talk.tell(ChosenChanged(AS_MIRA))
    turn = talk.do(Edit(CONVERSATION, uid(2), said.id, "Anna again.")).one(GenerateReply).turn
    assert (turn.history[-1].name, turn.user_name) == ("Anna", "Mira")


def test_a_reply_under_way_stays_as_it_was_asked_for() -> None:
    talk = begun()
    note = Choices(note=AuthorsNote("Rain.", 0), replies=ReplySettings(top_k=7))
    talk.tell(ChosenChanged(Chosen(note)))
    asked = ask(talk)
    assert (asked.turn.circumstances.note, asked.sampling.top_k) == (Note("Rain.", 0), 7)
    talk.tell(ChosenChanged(AS_MIRA))
    assert talk.restart().one(GenerateReply) == asked


def test_who_names_a_sampling_gets_that() -> None:
    talk = begun()
    talk.tell(ChosenChanged(Chosen(Choices(replies=ReplySettings(top_k=7)))))
    assert ask(talk, sampling=Sampling(top_k=3)).sampling.top_k == 3


def test_a_conversation_that_begins_as_somebody_stays_theirs() -> None:
    talk = Talk()
    start = StartConversation(USER, "Anna", CHARACTER, "asks/1", chosen=AS_MIRA)
    talk.tell(start)
    talk.tell(replace(talk.sheet))
    (commit,) = talk.commits
    assert commit.writes[-1] == SetChoices(USER, "conversation", CONVERSATION, Choices(MIRA.id))
    talk.commit()
    assert talk.disk.read(FindChoices(USER, CONVERSATION)) == Choices(MIRA.id)
    talk.tell(Open(CONVERSATION))
    assert talk.snapshot().persona == MIRA.id
    assert talk.snapshot().messages[0].text == "Hello, Mira."
    talk.tell(ChosenChanged(Chosen(Choices(NOBODY), personas=(MIRA,))))
    assert talk.snapshot().user_name == "Anna"
    talk.tell(ChosenChanged(AS_MIRA))
    said = talk.do(SendText(CONVERSATION, uid(1), "Ahoy."))
    assert said.one(MessageAdded).message.name == "Mira"
    assert said.one(GenerateReply).turn.persona == MIRA.description
