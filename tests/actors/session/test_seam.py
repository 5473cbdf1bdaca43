"""A session: a reply that was taken up again, and could not go on exactly, says so and says where."""

import pytest
from msgspec.structs import replace

from actors.messages.chat import Continue, Edit, Regenerate, ReplyFinished, ReplyState, ReplyText, Stop
from actors.messages.generation import GenerateReply, TurnMessage
from actors.messages.replies import AppendChunk, MarkSeam
from tests.actors.kit import BOX, READER, Said, accepted, end, uid
from tests.actors.session.kit import CONVERSATION, Talk, begun, lose

MINE, OTHER = b"mine", b"other"


def accept(talk: Talk, *, exact: bool = True, engine: bytes = MINE) -> Said:
    return talk.do(replace(talk.of_now(accepted()), exact=exact, engine_digest=engine), BOX)


def take_up(talk: Talk, *, exact: bool = True, engine: bytes = MINE) -> None:
    """The lease is lost, and another attempt is accepted."""
    lose(talk)
    talk.lease(committed=len(talk.session.live.committed) if talk.session.live else 0)
    accept(talk, exact=exact, engine=engine)


def streaming(*seqs: int, exact: bool = True, engine: bytes = MINE) -> Talk:
    talk = Talk()
    talk.begin()
    talk.say()
    talk.lease()
    accept(talk, exact=exact, engine=engine)
    talk.frames(*seqs)
    return talk


def finished(talk: Talk, seq: int) -> ReplyFinished:
    return talk.do(talk.of_now(end(seq)), BOX).one(ReplyFinished)


def seam_of(event: ReplyFinished) -> int:
    assert event.message is not None
    return event.message.seam


# -- where there is none ----------------------------------------------------------------------------


@pytest.mark.parametrize("exact", [True, False])
def test_a_reply_that_nobody_disturbs_has_no_seam(exact: bool) -> None:
    talk = streaming(0, 1, exact=exact)
    assert talk.shown().seam == -1
    assert seam_of(finished(talk, 2)) == -1


def test_the_same_exact_engine_leaves_no_seam() -> None:
    talk = streaming(0, 1)
    take_up(talk)
    talk.frames(2)
    assert talk.shown().seam == -1
    assert seam_of(finished(talk, 3)) == -1


def test_an_engine_of_which_nothing_is_known_is_believed() -> None:
    talk = streaming(0, engine=b"")
    take_up(talk)
    talk.frames(1)
    take_up(talk, engine=b"")
    talk.frames(2)
    assert seam_of(finished(talk, 3)) == -1


def test_before_the_first_commit_any_engine_begins_anew() -> None:
    talk = streaming()
    take_up(talk, exact=False, engine=OTHER)
    talk.frames(0)
    assert talk.row.engine_digest == OTHER
    assert seam_of(finished(talk, 1)) == -1


def test_an_attempt_that_adds_nothing_leaves_no_seam() -> None:
    talk = streaming(0, 1)
    take_up(talk, exact=False)
    assert talk.shown().seam == -1
    take_up(talk, engine=OTHER)
    take_up(talk)
    talk.frames(2)
    assert seam_of(finished(talk, 3)) == -1


def test_a_reply_that_is_stopped_before_it_goes_on_has_no_seam() -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    assert seam_of(talk.do(Stop(CONVERSATION, talk.row.id)).one(ReplyFinished)) == -1


@pytest.mark.parametrize("reason", ["failed", "refused"])
def test_an_engine_that_fails_before_it_adds_anything_leaves_no_seam(reason: str) -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    said = talk.do(talk.of_now(end(1, reason=reason, why="out of memory")), BOX)
    assert seam_of(said.one(ReplyFinished)) == -1


def test_a_session_that_wakes_under_the_same_lease_takes_nothing_up() -> None:
    talk = streaming(0, 1, exact=False)
    talk.restart()
    accept(talk, exact=False)
    talk.frames(2)
    assert talk.shown().seam == -1
    assert seam_of(finished(talk, 3)) == -1


# -- where there is one -----------------------------------------------------------------------------


@pytest.mark.parametrize(("exact", "engine"), [(False, MINE), (True, OTHER), (False, b"")])
def test_the_seam_stands_where_the_text_was_taken_up(exact: bool, engine: bytes) -> None:
    talk = streaming(0, 1)
    take_up(talk, exact=exact, engine=engine)
    assert talk.shown().seam == -1, "nothing was added yet"
    talk.frames(2, 3)
    assert talk.shown().seam == len("0 1 ")
    event = finished(talk, 4)
    assert seam_of(event) == 4
    assert talk.messages[-1].seam == 4
    assert talk.snapshot().messages[-1].seam == 4


def test_the_seam_is_durable_with_the_first_words_behind_it_and_shown_after_them() -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    assert talk.tell(talk.token(1), BOX) == []
    mark, chunk = talk.commits[0].writes
    assert mark == MarkSeam(talk.row.id, 2)
    assert isinstance(chunk, AppendChunk)
    text, state = talk.commit().to(READER)
    assert isinstance(text, ReplyText)
    assert isinstance(state, ReplyState)
    assert (state.live.seam, state.live.next_seq) == (2, text.next_seq)
    assert talk.frames(2).of(ReplyState) == [], "it is said once"


def test_the_first_seam_is_kept() -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    talk.frames(1)
    take_up(talk, engine=OTHER)
    talk.frames(2)
    assert talk.row.engine_digest == MINE
    assert seam_of(finished(talk, 3)) == 2


def test_a_seam_is_known_after_a_restart() -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    talk.frames(1)
    talk.restart()
    assert talk.shown().seam == 2
    accept(talk, exact=False)
    talk.frames(2)
    assert seam_of(finished(talk, 3)) == 2


def test_a_session_that_wakes_before_the_new_attempt_has_added_anything_marks_the_seam() -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    talk.restart()
    accept(talk, exact=False)
    talk.frames(1)
    assert talk.shown().seam == 2
    assert seam_of(finished(talk, 2)) == 2


def test_a_mark_that_the_disk_refused_is_written_with_the_words_later() -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    talk.tell(talk.token(1), BOX)
    talk.disk_full()
    talk.fire("retry")
    talk.commit()
    assert talk.row.seam == 2


def test_a_reply_that_ends_where_it_was_taken_up_has_a_seam_there() -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    assert seam_of(finished(talk, 1)) == 2


def test_words_that_come_with_the_end_stand_behind_the_seam() -> None:
    talk = streaming(0)
    take_up(talk, exact=False)
    talk.tell(talk.token(1), BOX)  # its commit is under way
    talk.tell(talk.token(2), BOX)
    talk.tell(talk.of_now(end(3)), BOX)
    said = talk.commit_all(Said())
    assert seam_of(said.one(ReplyFinished)) == 2


def test_a_thought_that_was_taken_up_puts_the_seam_before_the_first_word() -> None:
    talk = streaming()
    talk.think("Hm, ")
    take_up(talk, exact=False)
    talk.think("so.", first=1)
    talk.do(talk.token(2, "Well."), BOX)
    assert seam_of(finished(talk, 3)) == 0


def test_characters_are_counted_whole() -> None:
    talk = streaming()
    talk.do(talk.token(0, "Чай 🫖"), BOX)
    take_up(talk, exact=False)
    talk.frames(1)
    assert seam_of(finished(talk, 2)) == 5


# -- versions ---------------------------------------------------------------------------------------


def with_seam() -> Talk:
    """A conversation whose last reply has a seam at 2."""
    talk = begun()
    talk.say()
    talk.attempt = 0
    talk.lease()
    accept(talk)
    talk.frames(0)
    take_up(talk, exact=False)
    talk.frames(1)
    finished(talk, 2)
    talk.attempt = 0
    return talk


def test_a_longer_version_keeps_the_seam_of_the_text_it_goes_on_from() -> None:
    talk = with_seam()
    talk.do(Continue(CONVERSATION, uid(2), talk.messages[-1].id))
    assert talk.shown().seam == 2
    talk.restart()
    assert talk.shown().seam == 2
    talk.lease()
    accept(talk)
    talk.frames(0)
    assert seam_of(finished(talk, 1)) == 2


def test_in_a_longer_version_the_seam_is_counted_from_its_very_beginning() -> None:
    talk = begun(reply=True)
    talk.attempt = 0
    before = talk.messages[-1].body
    talk.do(Continue(CONVERSATION, uid(2), talk.messages[-1].id))
    talk.lease()
    accept(talk)
    talk.frames(0)
    take_up(talk, exact=False)
    talk.frames(1)
    assert seam_of(finished(talk, 2)) == len(before) + len("0 ")


def test_another_reply_and_an_edited_one_have_none() -> None:
    talk = with_seam()
    last = talk.messages[-1].id
    talk.do(Edit(CONVERSATION, uid(2), last, "Well."))
    assert talk.messages[-1].seam == -1
    talk.do(Regenerate(CONVERSATION, uid(3), last))
    assert talk.shown().seam == -1


def test_what_comes_after_it_hears_of_the_words_alone() -> None:
    talk = with_seam()
    history = talk.say(key=9).one(GenerateReply).turn.history
    assert history[-2] == TurnMessage("assistant", "0 1 ")
