"""A session: readers that come and go, a storage in trouble, restarts."""

import pytest
from msgspec.structs import replace

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE
from actors.conversation.saving import CommitTimeoutError
from actors.messages.archive import CommitFailed, Committed
from actors.messages.chat import (
    Open,
    Problem,
    Rename,
    ReplyText,
    SendText,
    Snapshot,
    Stop,
)
from actors.messages.generation import Ack, GenerateReply
from actors.messages.queueing import (
    LeaseBelieved,
)
from actors.session import FencedOffError, NotBegunError, Session
from tests.actors.kit import BOX, READER, end, uid
from tests.actors.session.kit import CONVERSATION, Talk, ack, live, lose, resume

# -- readers that come and go -----------------------------------------------------------------------


def test_a_reader_that_was_away_gets_what_it_lacks() -> None:
    talk = live(0, 1, 2)
    shown = talk.snapshot(talk.row.id, 1).live
    assert shown is not None
    assert (shown.seq, shown.next_seq, shown.text) == (1, 3, "1 2 ")


def test_a_reader_that_knows_nothing_or_another_reply_gets_all() -> None:
    talk = live(0, 1)
    for known in ((None, 0), (uid(404), 1), (talk.row.id, 99)):
        shown = talk.snapshot(*known).live
        assert shown is not None
        assert (shown.seq, shown.next_seq, shown.text) == (0, 2, "0 1 ")


def test_two_readers_see_the_same() -> None:
    talk = live()
    talk.tell(talk.token(0), BOX)
    talk.tell(Open(CONVERSATION), "sockets/second")
    said = talk.commit()
    assert said.to(READER) == said.to("sockets/second") != []


# -- the storage is in trouble ----------------------------------------------------------------------


def test_a_full_disk_loses_nothing_and_is_said_once() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    said = talk.disk_full()
    assert said.one(Problem).code == "storage"
    assert said.of(Ack) == []
    talk.fire("retry")
    assert talk.disk_full() == []  # not said again
    talk.fire("retry")
    assert talk.commit().one(ReplyText).text == "1 "
    talk.tell(talk.token(2), BOX)
    assert talk.disk_full().one(Problem).code == "storage"  # another time


def test_a_request_waits_for_a_disk_that_is_full() -> None:
    talk = Talk()
    talk.begin()
    talk.tell(SendText(CONVERSATION, uid(1), "Hello"))
    talk.disk_full()
    talk.fire("retry")
    assert talk.commit().kinds == ["MessageAdded", "ReplyState", "GenerateReply"]


def test_a_retry_while_a_commit_is_under_way_does_not_repeat_it() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.timers["retry"] = 0.0
    talk.fire("retry")
    assert len(talk.commits) == 1


def test_an_end_is_written_with_the_text_of_the_time_when_it_is_written() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    talk.disk_full()
    talk.fire("retry")
    talk.commit()
    talk.commit()
    assert talk.texts()[-1] == "0 1 "


def test_without_an_answer_of_the_archive_it_starts_anew() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.fire("commit")  # it was started for an earlier commit
    with pytest.raises(CommitTimeoutError):
        talk.fire("commit")
    talk.restart()
    talk.timers["commit"] = 0.0
    assert talk.fire("commit") == []  # delivered again, to the next incarnation


def test_a_commit_that_began_after_the_timer_has_its_whole_time() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.tell(talk.token(2), BOX)
    talk.commit()
    talk.fire("commit")  # the second one is under way
    assert "commit" in talk.timers
    with pytest.raises(CommitTimeoutError):
        talk.fire("commit")


def test_the_timer_of_commits_ends_when_none_is_under_way() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.commit()
    assert talk.fire("commit") == []
    assert "commit" not in talk.timers


def test_an_answer_to_an_earlier_incarnation_is_not_taken() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    stale = talk.commits[0].tag
    talk.restart()
    talk.accept()
    talk.tell(talk.token(1), BOX)
    assert talk.tell(Committed(stale), ARCHIVE) == []
    assert talk.tell(CommitFailed(stale, "why", conflict=True), ARCHIVE) == []
    assert talk.shown().text == "0 "
    talk.commit()
    assert talk.shown().text == "0 1 "


def test_a_write_that_was_fenced_off_makes_it_load_the_truth() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    row = talk.row
    talk.disk.generations[row.id] = replace(row, attempt=9)
    with pytest.raises(FencedOffError):
        talk.commit()


def test_a_request_that_does_not_fit_what_is_stored_is_refused_and_the_conversation_loaded_anew() -> None:
    talk = Talk()
    talk.begin()
    talk.tell(SendText(CONVERSATION, uid(1), "Hello"))
    talk.disk.write(talk.commits[0].writes[:1])  # somebody else was there first
    problem = talk.commit().one(Problem)
    assert (problem.code, problem.request_key) == ("busy", uid(1))
    assert talk.passive


# -- a restart in the middle ------------------------------------------------------------------------


def test_a_restarted_session_goes_on_from_the_last_committed_token() -> None:
    talk = live(0, 1)
    talk.tell(talk.token(2), BOX)  # arrived, not durable
    said = talk.restart()
    assert said.to(BOX) == [resume(talk, 2)]
    assert said.to(QUEUE) == [LeaseBelieved(talk.row.id, CONVERSATION, 1)]
    assert "probe" in talk.timers
    talk.snapshot()
    talk.accept()
    assert talk.frames(2).one(ReplyText) == ReplyText(CONVERSATION, talk.row.id, 2, 3, "2 ")


def test_a_restarted_session_whose_reply_waits_asks_the_queue_again() -> None:
    talk = Talk()
    talk.begin()
    talk.say()
    assert talk.restart().one(GenerateReply).attempt == 0


def test_a_chunk_that_became_durable_without_an_answer_is_not_written_twice() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.write()
    talk.restart()
    assert talk.tell(talk.token(1), BOX).to(BOX) == [ack(talk, 2)]
    assert talk.shown().text == "0 1 "


def test_an_end_that_became_durable_without_an_answer_is_the_end() -> None:
    talk = live(0)
    talk.tell(talk.of_now(end(1)), BOX)
    talk.write()
    assert talk.restart().of(GenerateReply) == []
    snapshot = talk.snapshot()
    assert snapshot.live is None
    assert snapshot.messages[-1].text == "0 "


def test_a_lease_that_the_queue_does_not_know_any_more_is_asked_for_again() -> None:
    talk = live(0)
    talk.restart()
    assert lose(talk).one(GenerateReply).committed == (100,)


def test_a_title_that_waits_behind_the_end_of_a_reply_is_kept() -> None:
    talk = live(0)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    talk.tell(Rename("Tea", "asks/1"))
    talk.commit()
    assert talk.commit().of(Snapshot)[-1].title == "Tea"


def test_a_reply_without_its_conversation_is_a_bug() -> None:
    session = Session(addresses.session(uid(1)), live().settings, live().world)
    with pytest.raises(NotBegunError):
        _ = session.begun
