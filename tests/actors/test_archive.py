"""The archive: many commits become one transaction, and every question gets an answer."""

from typing import Any

import pytest

from actors.addresses import ARCHIVE, STORAGE
from actors.archive import Archive, StorageTimeoutError
from actors.effects import Started
from actors.messages.accounts import DropLogin, FindAccounts
from actors.messages.archive import (
    Commit,
    CommitFailed,
    Committed,
    Find,
    FindFailed,
    Found,
    Load,
    Loaded,
    LoadFailed,
    MailRead,
    QueryDone,
    QueryFailed,
    RunQuery,
    RunWrites,
    WritesDone,
    WritesFailed,
)
from actors.messages.conversations import DropConversation
from actors.settings import ArchiveSettings
from tests.actors.kit import READER, Said, Stage, new_world, uid

SETTINGS = ArchiveSettings(batch_writes=4, waiting_writes=8, queries=2, storage_timeout_s=10.0)


class Library(Stage):
    def __init__(self) -> None:
        world = new_world()
        super().__init__(Archive(SETTINGS, world), world)
        self.tell(Started())
        self.batch: RunWrites | None = None

    def tell(self, message: Any, sender: str = READER) -> Said:
        return self.together(message, sender=sender)

    def together(self, *messages: Any, sender: str = READER) -> Said:
        """These lie in the mailbox when it turns to the first of them."""
        said = Said()
        for message in messages:
            said += super().tell(message, sender)
        mine = said.to(ARCHIVE)
        if not mine:
            return said
        assert mine == [MailRead()]
        return Said(effect for effect in said if effect.to != ARCHIVE) + super().tell(MailRead(), ARCHIVE)

    def commit(self, name: str, writes: int = 1) -> Said:
        return self.note(self.tell(commit(name, writes)))

    def note(self, said: Said) -> Said:
        for batch in said.of(RunWrites):
            self.batch = batch
        return said

    def done(self) -> Said:
        return self.note(self.tell(WritesDone(self.number), STORAGE))

    def failed(self, *, conflict: bool) -> Said:
        return self.note(self.tell(WritesFailed(self.number, "why", conflict=conflict), STORAGE))

    @property
    def number(self) -> int:
        assert self.batch is not None
        return self.batch.number


def commit(name: str, writes: int = 1) -> Commit:
    return Commit((DropLogin(b"x"),) * writes, name, name)


def load(number: int = 1) -> Load:
    return Load("session", uid(number).hex, f"session/{uid(number).hex}", number)


def find(name: str) -> Find:
    return Find(FindAccounts(), name, name)


def answered(said: Said) -> list[str]:
    """Whose commits succeeded."""
    return [message.tag for message in said.of(Committed)]


# -- group commit -----------------------------------------------------------------------------------


def test_a_commit_is_written_at_once_and_answered_when_it_is_durable() -> None:
    library = Library()
    batch = library.commit("a").one(RunWrites)
    assert batch.writes == (DropLogin(b"x"),)
    assert library.done().to("a") == [Committed("a")]


def test_commits_that_come_in_the_same_moment_share_the_first_transaction() -> None:
    library = Library()
    batch = library.note(library.together(commit("a"), commit("b"), commit("c"))).one(RunWrites)
    assert len(batch.writes) == 3
    assert answered(library.done()) == ["a", "b", "c"]


def test_its_own_word_that_a_full_mailbox_lost_is_said_again() -> None:
    library = Library()
    lost = super(Library, library).tell(commit("a")) + super(Library, library).tell(commit("b"))
    assert lost.to(ARCHIVE) == [MailRead()]
    library.later(1.5)
    assert len(library.commit("c").one(RunWrites).writes) == 3


def test_commits_that_come_during_a_transaction_share_the_next_one() -> None:
    library = Library()
    library.commit("a")
    assert library.commit("b") + library.commit("c") == []
    assert len(library.done().one(RunWrites).writes) == 2
    assert answered(library.done()) == ["b", "c"]


def test_a_transaction_has_its_limit_and_tears_no_commit() -> None:
    library = Library()
    library.commit("a")
    library.commit("b", writes=3)
    library.commit("c", writes=2)
    library.commit("too large for any", writes=3)
    assert len(library.done().one(RunWrites).writes) == 3
    assert answered(library.done()) == ["b"]


def test_a_commit_larger_than_the_limit_goes_alone() -> None:
    library = Library()
    assert len(library.commit("a", writes=6).one(RunWrites).writes) == 6


def test_more_writes_than_may_wait_are_refused_and_the_others_go_on() -> None:
    library = Library()
    library.commit("a", writes=8)
    assert library.commit("b").to("b") == [CommitFailed("b", "too many writes wait", conflict=False)]
    assert answered(library.done()) == ["a"]
    assert library.commit("b").kinds == ["RunWrites"]


# -- what fails -------------------------------------------------------------------------------------


def test_one_commit_at_fault_does_not_harm_those_that_shared_its_transaction() -> None:
    library = Library()
    library.commit("first")
    for name in ("a", "guilty", "b"):
        library.commit(name)
    library.done()
    assert library.failed(conflict=True).of(CommitFailed) == []
    library.commit("later")
    assert answered(library.done()) == ["a"]
    assert library.failed(conflict=True).of(CommitFailed) == [CommitFailed("guilty", "why", conflict=True)]
    said = library.done()
    assert answered(said) == ["b"]
    assert answered(library.done()) == ["later"]


def test_what_waits_behind_a_fault_goes_together_again() -> None:
    library = Library()
    library.commit("first")
    library.commit("a")
    library.commit("b")
    library.done()
    library.failed(conflict=True)
    library.commit("c")
    library.commit("d")
    library.done()
    assert len(library.done().one(RunWrites).writes) == 2


def test_when_the_storage_is_at_fault_each_hears_that_nothing_was_written() -> None:
    library = Library()
    library.commit("first")
    library.commit("a")
    library.commit("b")
    library.done()
    failures = library.failed(conflict=False).of(CommitFailed)
    assert failures == [CommitFailed(name, "why", conflict=False) for name in ("a", "b")]


def test_answers_to_an_earlier_incarnation_are_not_taken() -> None:
    library = Library()
    library.commit("a")
    assert library.tell(WritesDone(library.number + 1)) == []
    assert library.tell(WritesFailed(library.number - 1, "why", conflict=True)) == []
    assert answered(library.done()) == ["a"]
    assert library.done() == []


def test_a_storage_that_does_not_answer_a_write_makes_the_archive_start_anew() -> None:
    library = Library()
    library.commit("a")
    with pytest.raises(StorageTimeoutError):
        library.fire("storage")


def test_the_deadline_ends_with_the_answer() -> None:
    library = Library()
    library.commit("a")
    library.done()
    assert library.timers == {}


def test_a_deadline_that_is_delivered_to_the_next_incarnation_means_nothing() -> None:
    library = Library()
    library.timers["storage"] = 0.0
    assert library.fire("storage") == []


# -- questions --------------------------------------------------------------------------------------


def test_a_state_is_read_after_the_commits_before_it_and_before_those_after_it() -> None:
    library = Library()
    library.commit("a")
    library.commit("before")
    library.tell(load())
    library.commit("after")
    assert library.done().kinds == ["Committed", "RunWrites"]
    assert library.done().kinds == ["Committed", "RunQuery", "RunWrites"]


def test_a_state_goes_to_who_asked_with_its_number() -> None:
    library = Library()
    query = library.tell(load(5)).one(RunQuery)
    said = library.tell(QueryDone(query.number, None))
    assert said.to(load(5).reply_to) == [Loaded(None, 5)]


def test_a_state_that_cannot_be_read_is_told() -> None:
    library = Library()
    query = library.tell(load(5)).one(RunQuery)
    assert library.tell(QueryFailed(query.number, "damaged")).one(LoadFailed) == LoadFailed("damaged", 5)


def test_questions_do_not_wait_for_writes() -> None:
    library = Library()
    library.commit("a")
    query = library.tell(find("who")).one(RunQuery)
    assert library.tell(QueryDone(query.number, [])).to("who") == [Found("who", [])]


def test_a_question_that_fails_is_told() -> None:
    library = Library()
    query = library.tell(find("who")).one(RunQuery)
    assert library.tell(QueryFailed(query.number, "why")).to("who") == [FindFailed("who", "why")]


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        (find("who"), FindFailed("who", "too many questions wait")),
        (load(9), LoadFailed("too many questions wait", 9)),
    ],
)
def test_more_questions_than_may_wait_are_refused(question: Any, refusal: Any) -> None:
    library = Library()
    library.tell(find("one"))
    library.tell(find("two"))
    assert library.tell(question).to(question.reply_to) == [refusal]


def test_an_answer_that_nobody_waits_for_is_ignored() -> None:
    library = Library()
    assert library.tell(QueryDone(1, None)) + library.tell(QueryFailed(1, "why")) == []


def test_a_question_that_is_never_answered_fails_at_its_deadline_and_makes_room() -> None:
    library = Library()
    library.tell(find("first"))
    library.later(6.0)
    second = library.tell(find("second")).one(RunQuery)
    library.later(-6.0)
    assert library.fire("queries").to("first") == [FindFailed("first", "the database does not answer")]
    assert library.tell(find("third")).kinds == ["RunQuery"]
    assert library.tell(QueryDone(second.number, [])).kinds == ["Found"]
    library.fire("queries")
    assert library.timers == {}


def test_a_message_of_others_is_a_bug() -> None:
    with pytest.raises(TypeError, match="DropConversation"):
        Library().tell(DropConversation(uid(1)))
