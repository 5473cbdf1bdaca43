"""Several characters in one conversation: members, speakers, rounds."""

from typing import Any
from uuid import UUID

import pytest

from actors import addresses
from actors.character.card import Card
from actors.character.sheet import sheet_of
from actors.messages.chat import (
    ChangeGroup,
    Continue,
    Done,
    Edit,
    Open,
    Regenerate,
    ReplyFinished,
    ReplyState,
    SendText,
    Snapshot,
    Speak,
    StartConversation,
    Stop,
)
from actors.messages.conversations import SetGroup
from actors.messages.generation import CharacterSheet, GenerateReply, SheetMissing, SheetWanted
from actors.messages.group import GroupWish, MemberWish
from actors.messages.library import AddCharacterVersion
from actors.messages.queueing import ReplyEnded
from actors.settings import SessionSettings
from gpu_actor.prompt.ingredients import Chance, ingredients_of
from tests.actors.kit import BOX, CHARACTER, Said, end, uid
from tests.actors.session.kit import CONVERSATION, USER, Talk, finish, problem

NADIA, GLEB, VERA = CHARACTER, uid(0xC1), uid(0xC2)
EDGE = "asks/2"


def sheet(version: UUID, name: str, **more: Any) -> CharacterSheet:
    return sheet_of(version, Card(name=name, **more), 100_000)


SHEETS = {
    NADIA: sheet(NADIA, "Nadia", first_mes="Hello.", alternate_greetings=("Good evening.",)),
    GLEB: sheet(
        GLEB,
        "Gleb",
        nickname="Bear",
        first_mes="Alone.",
        group_only_greetings=("All of you, {{user}}!",),
        extensions={"talkativeness": "0.9"},
    ),
    VERA: sheet(VERA, "Vera"),
}


def wish(*members: UUID | MemberWish, **more: Any) -> GroupWish:
    members_ = [member if isinstance(member, MemberWish) else MemberWish(member) for member in members]
    return GroupWish(tuple(members_), **more)


class Table(Talk):
    """A group with a reader; Vera has no greeting."""

    def __init__(self, group: GroupWish | None = None, settings: SessionSettings | None = None) -> None:
        super().__init__(settings or SessionSettings())
        for number, (version, known) in enumerate(SHEETS.items(), 2):
            if version != CHARACTER:
                character = AddCharacterVersion(
                    uid(number), version, USER, known, b"{}", bytes([number]) * 32, "", (), "", 0
                )
                self.disk.write((character,))
        if group is not None:
            self.start(group)
            self.tell(Open(CONVERSATION))

    def start(self, group: GroupWish | None, **more: Any) -> Said:
        asked = StartConversation(USER, "Anna", CHARACTER, EDGE, group=group, **more)
        return self.answered(self.tell(asked, EDGE))

    def change(self, group: GroupWish) -> Said:
        return self.answered(self.tell(ChangeGroup(group, EDGE), EDGE))

    def answered(self, said: Said) -> Said:
        for wanted in said.of(SheetWanted):
            said += self.tell(SHEETS[wanted.character], addresses.character(wanted.character))
        return self.commit_all(said)

    def finish(self) -> Said:
        """The live reply, of one token, is made."""
        self.attempt = 0
        return finish(self)

    @property
    def speaker(self) -> UUID | None:
        return self.shown().speaker

    def speakers(self) -> list[UUID | None]:
        """Along the shown path; None is the person."""
        return [message.speaker for message in self.snapshot().messages]


# -- beginning --------------------------------------------------------------------------------------


def test_a_group_begins_with_one_greeting_and_has_those_of_all_beside_it() -> None:
    table = Table(wish(GLEB, NADIA, VERA))
    (first,) = table.snapshot().messages
    assert (first.speaker, first.text) == (GLEB, "All of you, Anna!")  # meant for groups: it comes first
    greetings = [(m.character_version, m.body) for m in table.messages]
    assert greetings == [
        (GLEB, "All of you, Anna!"),
        (GLEB, "Alone."),
        (NADIA, "Hello."),
        (NADIA, "Good evening."),
    ]
    assert len(first.siblings) == 4
    assert table.snapshot().title == "Gleb, Nadia, Vera"


def test_all_may_greet_one_after_another() -> None:
    table = Table()
    assert table.start(wish(GLEB, NADIA, VERA), all_greet=True, greeting=1, title="Tea").one(Done)
    assert table.texts() == ["Alone.", "Hello."]
    assert table.speakers() == [GLEB, NADIA]
    assert [len(message.siblings) for message in table.snapshot().messages] == [2, 2]


def test_a_greeting_in_a_group_names_who_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ("{{charPrompt}}: {{char}} of {{group}}; {{groupNotMuted}}; {{notChar}}",)
    monkeypatch.setitem(
        SHEETS,
        GLEB,
        sheet(GLEB, "Gleb", nickname="Bear", system_prompt="{{char}}!", group_only_greetings=texts),
    )
    table = Table(wish(NADIA, GLEB, MemberWish(VERA, muted=True)))
    assert table.messages[-1].body == "Bear!: Bear of Nadia, Bear, Vera; Nadia, Bear; Nadia, Vera"


def test_which_greeting_a_group_began_with_is_known_to_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its macros have become words."""
    known = sheet(
        GLEB,
        "Gleb",
        first_mes="Alone.",
        alternate_greetings=(" ", "At {{random:ten,eleven}}."),
        group_only_greetings=("All of you, {{user}}!",),
    )
    monkeypatch.setitem(SHEETS, GLEB, known)
    numbers = {GLEB: list[int](), NADIA: list[int]()}
    for greeting in range(5):
        table = Table()
        table.start(wish(GLEB, NADIA), greeting=greeting)
        table.tell(Open(CONVERSATION))
        for key, speaker in enumerate((GLEB, NADIA), 1):
            said = table.do(SendText(CONVERSATION, uid(key), "Hm.", speaker=speaker))
            turn = said.one(GenerateReply).turn
            numbers[speaker].append(ingredients_of(turn, SHEETS[speaker], Chance()).greeting)
            table.finish()
    assert numbers == {GLEB: [-1, 0, 2, -1, -1], NADIA: [-1, -1, -1, 0, 1]}


def test_alone_a_character_has_no_greeting_that_is_for_groups() -> None:
    table = Table()
    table.answered(table.tell(StartConversation(USER, "Anna", GLEB, EDGE), EDGE))
    assert table.texts() == ["Alone."]
    assert table.snapshot().group is None


def test_members_are_as_their_cards_and_the_person_say() -> None:
    table = Table(wish(NADIA, GLEB, MemberWish(VERA, muted=True, talkativeness=0.2), turns="order", round=2))
    group = table.snapshot().group
    assert group is not None
    assert [(m.name, m.called, m.talkativeness, m.muted) for m in group.members] == [
        ("Nadia", "Nadia", 0.5, False),
        ("Gleb", "Bear", 0.9, False),
        ("Vera", "Vera", 0.2, True),
    ]
    assert (group.turns, group.round, group.joined) == ("order", 2, False)


@pytest.mark.parametrize(
    "bad",
    [
        wish(),
        wish(NADIA, NADIA),
        wish(NADIA, GLEB, VERA, uid(1), uid(2)),
        wish(NADIA, round=0),
        wish(NADIA, round=4),
        wish(MemberWish(NADIA, talkativeness=1.5)),
        wish(MemberWish(NADIA, talkativeness=float("nan"))),
    ],
)
def test_a_group_that_cannot_be_is_refused(bad: GroupWish) -> None:
    settings = SessionSettings(group_members=4, group_round=3)
    assert problem(Table(settings=settings).start(bad))[0] == "bad_request"
    assert problem(Table(wish(NADIA), settings).change(bad))[0] == "bad_request"


def test_a_member_that_is_no_character_is_refused_and_another_group_can_begin() -> None:
    table = Table()
    table.tell(StartConversation(USER, "Anna", CHARACTER, EDGE, group=wish(NADIA, uid(404))), EDGE)
    assert problem(table.tell(SheetMissing(uid(404)), "character/x"))[0] == "not_found"
    assert table.start(wish(NADIA, GLEB)).one(Done)


# -- who speaks -------------------------------------------------------------------------------------


def test_a_reply_is_its_speakers_and_is_made_with_that_card() -> None:
    table = Table(wish(NADIA, GLEB, turns="mention"))
    said = table.say("Bear, what do you say?")
    assert said.one(GenerateReply).turn.character == GLEB
    assert table.speaker == GLEB
    finished = table.finish().one(ReplyFinished)
    assert finished.message is not None
    assert finished.message.speaker == GLEB
    assert table.messages[-1].character_version == GLEB


def test_whom_the_person_picks_speaks_even_when_muted() -> None:
    table = Table(wish(NADIA, MemberWish(GLEB, muted=True)))
    table.do(SendText(CONVERSATION, uid(1), "Hm.", speaker=GLEB))
    assert table.speaker == GLEB


def test_by_hand_a_message_stays_without_reply_until_somebody_is_asked() -> None:
    table = Table(wish(NADIA, GLEB, turns="hand"))
    assert table.say("Well?").of(GenerateReply) == []
    assert table.texts()[-1] == "Well?"
    table.do(Speak(CONVERSATION, uid(2), GLEB))
    table.finish()
    table.do(Speak(CONVERSATION, uid(3)))
    table.finish()
    assert table.speakers()[1:] == [None, GLEB, NADIA]


def test_the_same_request_to_speak_makes_one_reply() -> None:
    table = Table(wish(NADIA, GLEB, turns="hand"))
    table.do(Speak(CONVERSATION, uid(2), GLEB))
    assert table.do(Speak(CONVERSATION, uid(2), GLEB)).kinds == ["Snapshot"]
    table.restart()
    assert table.do(Speak(CONVERSATION, uid(2), GLEB)).kinds == ["Snapshot"]
    assert len(table.disk.generations) == 1


@pytest.mark.parametrize("stranger", [VERA, uid(404)])
def test_who_is_not_in_the_conversation_cannot_speak(stranger: UUID) -> None:
    table = Table(wish(NADIA, GLEB))
    table.say("Hm.")
    table.finish()
    for command in (
        SendText(CONVERSATION, uid(2), "x", speaker=stranger),
        Speak(CONVERSATION, uid(2), stranger),
        Regenerate(CONVERSATION, uid(2), table.messages[-1].id, stranger),
    ):
        assert problem(table.tell(command)) == ("bad_request", uid(2))


def test_where_all_are_muted_nobody_can_be_asked_in_general() -> None:
    table = Table(wish(MemberWish(NADIA, muted=True)))
    assert problem(table.tell(Speak(CONVERSATION, uid(2)))) == ("bad_request", uid(2))
    table.say("Hm.")
    assert problem(table.tell(Regenerate(CONVERSATION, uid(3), table.messages[-1].id)))[0] == "bad_request"


def test_a_lonely_character_may_be_asked_to_go_on_speaking() -> None:
    table = Table()
    table.start(None)
    table.tell(Open(CONVERSATION))
    table.do(Speak(CONVERSATION, uid(1)))
    table.finish()
    assert table.speakers() == [NADIA, NADIA]


# -- versions of a message --------------------------------------------------------------------------


def test_swipes_edits_and_continuations_stay_with_their_speaker() -> None:
    table = Table(wish(NADIA, GLEB, turns="order"))
    table.do(SendText(CONVERSATION, uid(1), "Hm.", speaker=GLEB))
    table.finish()
    reply = table.messages[-1].id
    for number, command in enumerate(
        (Regenerate(CONVERSATION, uid(2), reply), Continue(CONVERSATION, uid(3), reply)), 2
    ):
        table.do(command)
        assert table.speaker == GLEB
        table.finish()
        assert (table.messages[-1].character_version, table.messages[-1].sibling) == (GLEB, number - 1)
    table.do(Edit(CONVERSATION, uid(4), reply, "Other words."))
    assert table.messages[-1].character_version == GLEB


def test_another_member_may_speak_in_place_of_the_one_who_did() -> None:
    table = Table(wish(NADIA, GLEB, turns="order"))
    table.do(SendText(CONVERSATION, uid(1), "Hm.", speaker=GLEB))
    table.finish()
    table.do(Regenerate(CONVERSATION, uid(2), table.messages[-1].id, NADIA))
    table.finish()
    newest = table.snapshot().messages[-1]
    assert (newest.speaker, len(newest.siblings)) == (NADIA, 2)


# -- rounds -----------------------------------------------------------------------------------------


def test_a_round_goes_on_until_all_have_spoken() -> None:
    table = Table(wish(NADIA, GLEB, VERA, turns="order", round=3))
    table.say("Well?")
    assert (table.speaker, table.shown().round_left) == (GLEB, 2)  # Nadia greeted
    said = table.finish()
    assert said.kinds.index("ReplyFinished") < said.kinds.index("ReplyState")
    assert said.of(ReplyState)[-1].live.parent == said.one(ReplyFinished).message.id  # type: ignore[union-attr]
    assert said.kinds.index("ReplyEnded") < said.kinds.index("GenerateReply")  # the queue knows one at a time
    assert (table.speaker, table.shown().round_left) == (VERA, 1)
    table.finish()
    assert table.speaker == NADIA
    assert table.finish().of(GenerateReply) == []
    assert table.speakers() == [NADIA, None, GLEB, VERA, NADIA]


def test_the_next_reply_of_a_round_is_written_with_the_end_of_the_one_before() -> None:
    table = Table(wish(NADIA, GLEB, turns="order", round=2))
    table.say("Well?")
    table.attempt = 0
    table.lease()
    table.accept()
    table.tell(table.of_now(end(0, text="No.")), BOX)
    table.write()  # durable, and then the session dies
    table.restart()
    assert (table.speaker, table.texts()[-1]) == (NADIA, "No.")
    table.finish()
    assert table.speakers() == [NADIA, None, GLEB, NADIA]


def test_a_commit_that_failed_and_is_tried_again_leaves_one_reply_to_follow() -> None:
    table = Table(wish(NADIA, GLEB, turns="order", round=2))
    table.say("Well?")
    table.attempt = 0
    table.lease()
    table.accept()
    table.tell(table.of_now(end(0, text="No.")), BOX)
    table.disk_full()
    table.commit_all(table.fire("retry"))
    assert len(table.disk.generations) == 2
    assert table.speaker == NADIA


def test_stopping_a_reply_ends_the_round() -> None:
    table = Table(wish(NADIA, GLEB, turns="order", round=2))
    table.say("Well?")
    table.attempt = 0
    table.lease()
    table.accept()
    table.frames(0)
    said = table.do(Stop(CONVERSATION, table.row.id))
    assert said.one(ReplyFinished).reason == "cancelled"
    assert said.of(GenerateReply) == []


def test_a_stop_that_comes_while_the_end_is_written_stops_the_one_that_follows() -> None:
    table = Table(wish(NADIA, GLEB, turns="order", round=2))
    table.say("Well?")
    table.attempt = 0
    table.lease()
    table.accept()
    table.tell(table.of_now(end(0, text="No.")), BOX)
    table.tell(Stop(CONVERSATION, table.row.id))
    said = table.commit_all(Said())
    assert [finished.reason for finished in said.of(ReplyFinished)] == ["stop", "cancelled"]
    assert said.of(GenerateReply) == []
    assert len(said.of(ReplyEnded)) == 2
    assert table.snapshot().live is None


def test_a_stop_of_the_reply_before_stops_the_one_that_has_begun_since() -> None:
    table = Table(wish(NADIA, GLEB, turns="order", round=2))
    table.say("Well?")
    first = table.row.id
    table.finish()
    assert table.do(Stop(CONVERSATION, first)).one(ReplyFinished).reason == "cancelled"


def test_a_stop_of_the_reply_before_leaves_one_that_was_asked_for_below_it() -> None:
    table = Table(wish(NADIA, GLEB, turns="order", round=1))
    table.say("Well?")
    first = table.row.id
    table.finish()
    table.do(Speak(CONVERSATION, uid(77)))
    second = table.row.id
    assert second != first
    assert table.do(Stop(CONVERSATION, first)).of(ReplyFinished) == []
    live = table.snapshot().live
    assert live is not None
    assert live.generation == second


def test_a_reply_that_fails_ends_the_round() -> None:
    table = Table(wish(NADIA, GLEB, turns="order", round=2))
    table.say("Well?")
    table.attempt = 0
    table.lease()
    table.accept()
    said = table.do(table.of_now(end(0, reason="failed", why="broken")), BOX)
    assert said.of(GenerateReply) == []
    assert table.snapshot().live is None


# -- members come and go ----------------------------------------------------------------------------


def test_a_character_joins_a_conversation_that_had_one() -> None:
    table = Table()
    table.start(None)
    table.tell(Open(CONVERSATION))
    said = table.change(wish(NADIA, GLEB))
    assert said.one(Done)
    group = said.one(Snapshot).group
    assert group is not None
    assert [member.name for member in group.members] == ["Nadia", "Gleb"]
    table.restart()
    assert table.snapshot().group == group


def test_who_leaves_is_remembered_only_for_what_was_said() -> None:
    table = Table(wish(NADIA, GLEB, VERA))
    table.change(wish(VERA))
    group = table.snapshot().group
    assert group is not None
    assert [(member.name, member.left) for member in group.members] == [
        ("Vera", False),
        ("Nadia", True),  # her greetings are there
        ("Gleb", True),
    ]
    said = table.change(wish(VERA, NADIA))
    group = said.one(Snapshot).group
    assert group is not None
    assert [(member.name, member.left) for member in group.members][:2] == [("Vera", False), ("Nadia", False)]


def test_talkativeness_that_was_set_can_be_the_cards_again() -> None:
    table = Table(wish(MemberWish(GLEB, talkativeness=0.1), NADIA))
    table.change(wish(GLEB, NADIA))
    group = table.snapshot().group
    assert group is not None
    assert group.members[0].talkativeness == 0.9


def test_members_do_not_change_while_a_reply_is_made() -> None:
    table = Table(wish(NADIA, GLEB))
    table.say("Hm.")
    assert problem(table.change(wish(NADIA)))[0] == "busy"
    table.finish()
    assert table.change(wish(NADIA)).one(Done)


def test_a_reply_begun_while_the_sheets_are_fetched_comes_first() -> None:
    table = Table(wish(NADIA, GLEB))
    asked = table.tell(ChangeGroup(wish(NADIA, VERA), EDGE), EDGE)
    table.say("Hm.")
    assert problem(table.answered(asked))[0] == "busy"
    assert not [write for commit in table.commits for write in commit.writes if isinstance(write, SetGroup)]


def test_one_change_at_a_time() -> None:
    table = Table(wish(NADIA, GLEB))
    first = table.tell(ChangeGroup(wish(NADIA, VERA), EDGE), EDGE)
    assert problem(table.tell(ChangeGroup(wish(NADIA), EDGE), EDGE))[0] == "busy"
    assert table.answered(first).one(Done)
