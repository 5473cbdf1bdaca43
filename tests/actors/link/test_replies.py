"""The link: replies come in, frames go out."""

import pytest
from msgspec.structs import replace

from actors import addresses
from actors.addresses import GPU
from actors.messages.generation import (
    Accepted,
    Cancel,
    CharacterSheet,
    End,
    GenerateReply,
    Progress,
    SheetMissing,
    SheetWanted,
    TurnMember,
)
from actors.messages.link import (
    Credit,
    EngineJob,
    Hello,
)
from actors.messages.lore import BookMissing, BookSheet, BookWanted
from tests.actors.kit import (
    CHARACTER,
    SHEET,
    accepted,
    end,
    engine_hello,
    request,
    token,
    uid,
)
from tests.actors.link.kit import SESSION, Box, ack, linked, lost, resume, seqs, working

# -- a reply comes in -------------------------------------------------------------------------------


def test_a_reply_goes_to_the_engine_with_its_sheet_and_credit() -> None:
    box = linked()
    asked = request(attempt=1, committed=(7, 8))
    assert box.web(asked).to(GPU) == [EngineJob(asked, SHEET), Credit(uid(1), 1, 12)]


def test_a_sheet_that_is_not_here_is_asked_for_and_the_reply_waits_for_it() -> None:
    box = linked()
    other = CharacterSheet(uid(0xD), "Boris")
    asked = request(attempt=1)
    asked = replace(asked, turn=replace(asked.turn, character=other.character))
    said = box.web(asked)
    assert said.to(addresses.character(other.character)) == [SheetWanted(other.character)]
    assert said.to(GPU) == []
    assert box.web(resume(0)).of(SheetWanted) == [SheetWanted(other.character)]  # it may have been lost
    assert box.web(SHEET).to(GPU) == []
    assert box.web(other).of(EngineJob) == [EngineJob(asked, other)]
    assert box.web(other).to(GPU) == []


def test_only_so_many_sheets_are_kept_the_last_used_ones() -> None:
    box = linked()
    box.web(CharacterSheet(uid(0xD), "Boris"))
    box.web(request(attempt=1))  # uses the first
    box.web(CharacterSheet(uid(0xE), "Eva"))
    assert list(box.link.materials.sheets) == [CHARACTER, uid(0xE)]


def test_a_group_that_joins_its_descriptions_waits_for_all_its_sheets() -> None:
    box = linked()
    boris = CharacterSheet(uid(0xD), "Boris", "Boris is here.")
    eva = CharacterSheet(uid(0xE), "Eva", "Eva is here.")
    asked = request(attempt=1)
    members = tuple(TurnMember(sheet.character, sheet.name) for sheet in (SHEET, boris, eva))
    named = replace(asked, turn=replace(asked.turn, members=members))
    assert box.web(named).one(EngineJob).request == named  # names alone need no sheets
    joined = replace(named, generation=uid(2), turn=replace(named.turn, joined=True))
    wanted = [ask.character for ask in box.web(joined).of(SheetWanted)]
    assert wanted == [boris.character, eva.character]
    assert box.web(boris).to(GPU) == []
    told = box.web(eva).one(EngineJob).request.turn.members  # more sheets than are kept otherwise
    assert [(member.name, member.description) for member in told] == [
        ("Nadia", ""),
        ("Boris", "Boris is here."),
        ("Eva", "Eva is here."),
    ]


def test_a_member_that_does_not_exist_refuses_the_reply_that_needs_its_description() -> None:
    box = linked()
    asked = request(attempt=1)
    members = (TurnMember(CHARACTER, "Nadia"), TurnMember(uid(0xD), "Boris"))
    box.web(replace(asked, turn=replace(asked.turn, members=members, joined=True)))
    assert box.web(SheetMissing(uid(0xD))).one(End).reason == "refused"


def with_books(number: int, *books: BookSheet) -> GenerateReply:
    asked = request(number, attempt=1)
    return replace(asked, turn=replace(asked.turn, books=tuple(book.book for book in books)))


TEA, COFFEE, MILK = (
    BookSheet(uid(0xB0 + n), name, b"x" * 6) for n, name in enumerate(("Tea", "Coffee", "Milk"))
)


def test_lorebooks_that_are_not_here_are_asked_for_once_and_the_reply_waits_for_all() -> None:
    box = linked()
    asked = with_books(1, TEA, COFFEE)
    said = box.web(asked)
    assert said.to(addresses.lorebook(TEA.book)) == [BookWanted(TEA.book)]
    assert said.to(addresses.lorebook(COFFEE.book)) == [BookWanted(COFFEE.book)]
    assert box.web(COFFEE).to(GPU) == []
    assert box.web(resume(0)).of(BookWanted) == [BookWanted(TEA.book)]  # it may have been lost
    assert box.web(TEA).of(EngineJob) == [EngineJob(asked, SHEET, (TEA, COFFEE))]
    assert box.web(with_books(2, COFFEE)).of(EngineJob) == [
        EngineJob(with_books(2, COFFEE), SHEET, (COFFEE,))
    ]


def test_so_many_bytes_of_lorebooks_are_kept_but_none_is_given_up_that_a_reply_waits_for() -> None:
    box = linked()
    box.web(with_books(1, TEA, COFFEE, MILK))  # together more than is kept
    box.web(TEA)
    box.web(TEA)
    box.web(COFFEE)
    assert box.web(MILK).of(EngineJob)[0].books == (TEA, COFFEE, MILK)
    box.web(TEA)
    assert list(box.link.materials.books) == [MILK.book, TEA.book]
    assert box.link.materials.book_bytes == 12


def test_a_lorebook_that_does_not_exist_ends_the_replies_that_want_it() -> None:
    box = linked()
    box.web(with_books(1, TEA))
    assert box.web(BookMissing(uid(404))) == []
    _, ending = box.web(BookMissing(TEA.book)).to(SESSION)
    assert ending.reason == "refused"
    assert "lorebook" in ending.why


def test_a_character_that_does_not_exist_ends_the_reply() -> None:
    box = Box()
    box.engine(engine_hello())
    box.web(request(attempt=1, model="m"))
    assert box.web(SheetMissing(uid(404))) == []
    said = box.web(SheetMissing(CHARACTER))
    acceptance, ending = said.to(SESSION)
    assert isinstance(acceptance, Accepted)
    assert acceptance.model == "m"
    assert (ending.reason, ending.seq) == ("refused", 0)
    assert "character" in ending.why
    assert box.web(SheetMissing(CHARACTER)) == []


def test_a_reply_asked_for_twice_is_made_once() -> None:
    box = working()
    assert box.web(request(attempt=1)) == []


def test_a_newer_attempt_replaces_the_one_before_and_an_older_one_is_not_taken() -> None:
    box = working(0)
    said = box.web(request(attempt=2, committed=(100,)))
    assert said.to(GPU)[0] == Cancel(uid(1), 1)
    assert said.of(EngineJob)[0].request.attempt == 2
    assert box.web(request(attempt=1)) == []


def test_without_an_engine_a_reply_is_lost_at_once() -> None:
    assert lost(Box().web(request(attempt=1))) == [(1, 1)]


def test_more_replies_than_can_be_held_are_lost_at_once() -> None:
    box = working()
    box.web(request(2, attempt=1))
    said = box.web(request(3, attempt=1))
    assert lost(said) == [(3, 1)]
    assert said.of(EngineJob) == []


# -- frames -----------------------------------------------------------------------------------------


def test_frames_go_to_the_session_as_far_as_the_window_reaches() -> None:
    box = working()
    sent = [seq for number in range(6) for seq in seqs(box.engine(token(number)))]
    assert sent == [0, 1, 2, 3]
    assert seqs(box.web(ack(2))) == [4, 5]


def test_the_engine_gets_credit_for_a_quarter_of_the_ring_at_a_time() -> None:
    box = working()
    for number in range(8):
        box.engine(token(number))
    told = [box.web(ack(place)).to(GPU) for place in range(1, 8)]
    assert told == [[], [], [Credit(uid(1), 1, 13)], [], [], [Credit(uid(1), 1, 16)], []]


def test_acceptance_and_progress_are_passed_on() -> None:
    box = linked()
    box.web(request(attempt=1))
    assert box.engine(accepted()).to(SESSION) == [accepted()]
    progress = Progress(uid(1), 1, 5, 10)
    assert box.engine(progress).to(SESSION) == [progress]


def test_the_end_has_its_place_and_needs_no_more_credit() -> None:
    box = working(0)
    assert seqs(box.engine(end(1))) == [1]
    assert box.web(ack(1)) == []


def test_an_acknowledgement_of_another_attempt_or_with_nothing_new_changes_nothing() -> None:
    box = working(0, 1, 2, 3, 4)
    assert box.web(ack(2, attempt=9)) == []
    box.web(ack(2))
    assert box.web(ack(1)) == []
    assert box.web(ack(99)) == []


def test_a_refusal_before_any_prompt_comes_with_an_acceptance() -> None:
    box = linked()
    box.web(request(attempt=1))
    assert [type(m) for m in box.engine(end(0, reason="refused")).to(SESSION)] == [Accepted, End]


def test_frames_of_what_is_not_in_hand_are_told_to_stop() -> None:
    box = working(0)
    for frame in (token(1, number=2), token(1, attempt=9), accepted(2)):
        assert box.engine(frame).to(GPU) == [Cancel(frame.generation, frame.attempt)]
    assert box.engine(Progress(uid(2), 1, 1, 2)) == []
    box.engine(end(1))
    assert box.engine(token(2)).to(GPU) == [Cancel(uid(1), 1)]


@pytest.mark.parametrize("seq", [0, 2])
def test_a_frame_that_does_not_follow_shows_a_loss_inside_the_box_and_the_reply_begins_anew(seq: int) -> None:
    box = working(0)
    said = box.engine(token(seq))
    assert said.to(SESSION) == []
    assert said.to(GPU) == [Cancel(uid(1), 1)]
    assert lost(said) == [(1, 1)]


# -- resume, nudge, cancel --------------------------------------------------------------------------


def test_a_session_that_asks_again_gets_acceptance_and_frames_from_where_it_stands() -> None:
    box = working(0, 1, 2, 3)
    box.web(ack(1))
    said = box.web(resume(2))
    assert said.to(SESSION)[0] == accepted()
    assert seqs(said) == [2, 3]


def test_what_was_sent_again_a_moment_ago_is_not_sent_once_more() -> None:
    box = working(0, 1, 2)
    assert seqs(box.web(resume(1))) == [1, 2]
    assert box.web(resume(1)) == []
    assert seqs(box.web(resume(0))) == [0, 1, 2]
    box.later(0.3)
    assert seqs(box.web(resume(0))) == [0, 1, 2]


def test_a_session_that_asks_before_the_prompt_is_made_is_told_nothing() -> None:
    box = linked()
    box.web(request(attempt=1))
    assert box.web(resume(0)) == []


def test_what_is_not_in_hand_cannot_be_resumed() -> None:
    box = working()
    assert lost(box.web(resume(0, number=2))) == [(2, 1)]
    assert lost(box.web(resume(0, attempt=9))) == [(1, 9)]


def test_what_the_ring_lacks_is_lost() -> None:
    box = working(0, 1)
    box.web(ack(2))
    said = box.web(resume(1))
    assert lost(said) == [(1, 1)]
    assert said.to(GPU) == [Cancel(uid(1), 1)]


def test_a_frame_without_an_answer_is_sent_again_and_with_it_the_acceptance() -> None:
    box = working(0, 1)
    assert box.fire("nudge") == []  # it has only just been sent
    said = box.fire("nudge")
    assert said.to(SESSION) == [accepted(), token(0)]
    box.web(ack(1))
    assert box.fire("nudge") == []
    assert box.fire("nudge").to(SESSION) == [accepted(), token(1)]
    box.web(ack(2))
    assert box.fire("nudge") + box.fire("nudge") == []


def test_a_nudge_without_an_acceptance_is_the_frame_alone() -> None:
    box = linked()
    box.web(request(attempt=1))
    box.engine(token(0))
    box.fire("nudge")
    assert box.fire("nudge").to(SESSION) == [token(0)]


def test_a_cancelled_reply_is_forgotten_here_and_at_the_engine() -> None:
    box = working(0)
    assert box.web(Cancel(uid(1), 0)) == []  # of an older attempt
    assert box.web(Cancel(uid(1), 1)).to(GPU) == [Cancel(uid(1), 1)]
    assert box.web(Cancel(uid(1), 1)) == []
    assert box.link.held == {}


def test_an_ended_reply_is_forgotten_without_the_engine() -> None:
    box = working(0)
    box.engine(end(1))
    assert box.web(Cancel(uid(1), 1)) == []
    assert box.link.held == {}


def test_a_reply_that_nobody_asks_about_makes_it_greet_so_that_the_queue_may_cancel_it() -> None:
    box = working(0)
    box.later(29.0)
    box.web(resume(0))
    assert box.fire("nudge").of(Hello) == []
    box.later(31.0)
    assert box.fire("nudge").one(Hello).generations == ((uid(1), 1),)
    assert box.fire("nudge").of(Hello) == []
    box.later(29.0)
    box.web(ack(0))
    assert box.fire("nudge").of(Hello) == []
