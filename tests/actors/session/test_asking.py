"""The queue is asked while a request becomes durable; what it says counts when that is."""

from collections.abc import Callable
from typing import Any

import pytest

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE
from actors.effects import Send
from actors.messages.archive import Commit, CommitFailed, RunWrites, Write
from actors.messages.chat import (
    Edit,
    Problem,
    Regenerate,
    Rename,
    ReplyFinished,
    ReplyState,
    SendText,
    Stop,
)
from actors.messages.conversations import AddMessage
from actors.messages.generation import Cancel, GenerateReply
from actors.messages.queueing import (
    Dismissed,
    Leased,
    LeaseLost,
    OverLimit,
    Placed,
    QueueFull,
    ReplyEnded,
    SubmitAgain,
)
from actors.messages.replies import AddGeneration, LeaseGeneration
from tests.actors.kit import hello, uid
from tests.actors.session.kit import ADDRESS, BOX, CONVERSATION, Talk, live
from tests.fakes.memory_storage import MemoryStorage
from tests.sim.cluster import Cluster
from tests.sim.network import Weather

ASK = SendText(CONVERSATION, uid(1), "How are you?")


def begun() -> Talk:
    talk = Talk()
    talk.begin()
    return talk


def asked(talk: Talk) -> GenerateReply:
    """The request is on its way to the disk, and the queue knows."""
    return talk.tell(ASK).one(GenerateReply)


# -- what is asked ----------------------------------------------------------------------------------


def test_the_queue_is_asked_before_the_archive() -> None:
    """In this order its lease comes to the archive with the request, where that waits for its next turn."""
    effects = begun().actor.receive(ASK, "sockets/reader")
    told: list[type[Any]] = [type(effect.message) for effect in effects if isinstance(effect, Send)]
    assert told == [GenerateReply, Commit]


@pytest.mark.parametrize("kind", ["send", "edit", "regenerate"])
def test_it_is_asked_for_the_same_as_after_a_restart(kind: str) -> None:
    talk = begun()
    talk.say("Well?", key=7)
    talk.do(Stop(CONVERSATION, talk.row.id))
    mine = next(message for message in talk.messages if message.role == "user")
    request = {
        "send": ASK,
        "edit": Edit(CONVERSATION, uid(1), mine.id, "Otherwise"),
        "regenerate": Regenerate(CONVERSATION, uid(1), mine.id),
    }[kind]
    early = talk.tell(request).one(GenerateReply)
    talk.commit_all(talk.commit())
    assert talk.restart().one(GenerateReply) == early


def test_a_lease_is_written_in_one_transaction_with_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[Write, ...]] = []
    deliver: Callable[..., None] = MemoryStorage.deliver

    def noted(self: MemoryStorage, address: str, message: Any, sender: str) -> None:
        if isinstance(message, RunWrites):
            written.append(message.writes)
        deliver(self, address, message, sender)

    monkeypatch.setattr(MemoryStorage, "deliver", noted)
    cluster = Cluster(1, Weather())
    talk = Talk()
    talk.begin()
    cluster.disk = talk.disk
    cluster.start_web()
    web = cluster.web
    assert web is not None
    web.tell(QUEUE, hello(slots=1), addresses.worker("box0"))
    cluster.loop.run_until(1.0)
    web.tell(ADDRESS, ASK, "nobody/1")
    cluster.loop.run_until(2.0)
    assert [type(write) for write in written[0]] == [AddMessage, AddGeneration, LeaseGeneration]


# -- what it answers --------------------------------------------------------------------------------


def test_a_place_is_shown_when_the_request_is_durable() -> None:
    talk = begun()
    generation = asked(talk).generation
    assert talk.tell(Placed(generation, 2, 5), QUEUE) == []
    assert talk.commit().of(ReplyState)[-1].live.place == 2


@pytest.mark.parametrize(
    ("refused", "reason"),
    [(QueueFull, "queue_full"), (OverLimit, "user_waiting"), (Dismissed, "dismissed")],
)
def test_who_is_turned_away_early_hears_it_when_the_request_is_durable(refused: Any, reason: str) -> None:
    talk = begun()
    generation = asked(talk).generation
    answer = {
        QueueFull: QueueFull(generation, 64),
        OverLimit: OverLimit(generation, "user_waiting", 2),
        Dismissed: Dismissed(generation),
    }[refused]
    assert talk.tell(answer, QUEUE) == []
    said = talk.commit_all(talk.commit())
    assert said.one(ReplyFinished).reason == reason
    assert talk.disk.generations[generation].state != "queued"


def test_a_queue_that_lost_it_is_asked_again_when_the_request_is_durable() -> None:
    talk = begun()
    request = asked(talk)
    assert talk.tell(SubmitAgain(request.generation), QUEUE) == []
    assert talk.commit().one(GenerateReply) == request


def test_a_lease_that_came_before_its_request_is_given_back_and_asked_for_again() -> None:
    talk = begun()
    request = asked(talk)
    lost = talk.tell(LeaseLost(request.generation, 1, "no such row"), QUEUE)
    assert lost.one(ReplyEnded) == ReplyEnded(request.generation, 0)
    assert talk.commit().one(GenerateReply) == request  # of attempt 0, as the row has it


def test_a_dismissal_stands_though_a_place_is_told_behind_it() -> None:
    talk = begun()
    generation = asked(talk).generation
    talk.tell(Dismissed(generation), QUEUE)
    talk.tell(Placed(generation, 1, 1), QUEUE)
    assert talk.commit_all(talk.commit()).one(ReplyFinished).reason == "dismissed"


def test_a_lease_that_is_lost_while_its_reply_ends_gives_no_tokens_back() -> None:
    talk = live(0, 1)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    assert talk.tell(LeaseLost(talk.row.id, 1, "the box has lost it"), QUEUE) == []
    assert talk.commit().one(ReplyEnded).tokens == 2


def test_a_lease_that_comes_while_its_reply_ends_is_counted_with_the_end() -> None:
    talk = begun()
    talk.say()
    talk.tell(Stop(CONVERSATION, talk.row.id))
    leased = talk.tell(Leased(talk.row.id, 1, "box"), QUEUE)
    assert leased.to(BOX) == [Cancel(talk.row.id, 1)]
    assert leased.to(QUEUE) == []
    assert talk.commit().to(QUEUE) == [ReplyEnded(talk.row.id, 0)]


def test_what_waited_for_a_commit_of_an_earlier_reply_submits_no_later_one() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)  # its chunk is under way
    assert talk.tell(LeaseLost(talk.row.id, 1, "the box has lost it"), QUEUE).of(GenerateReply) == []
    talk.tell(Stop(CONVERSATION, talk.row.id))
    talk.commit_all(talk.commit())
    request = talk.tell(SendText(CONVERSATION, uid(2), "And now?")).one(GenerateReply)
    talk.tell(Rename("Tea", "asks/1"))  # waits behind the request
    assert talk.commit().of(GenerateReply) == []
    talk.tell(Leased(request.generation, 1, "box"), QUEUE)
    assert talk.commit().of(GenerateReply) == []  # its box goes on


def test_a_dismissal_stands_though_the_request_was_withdrawn() -> None:
    for dismissed_first in (True, False):
        talk = begun()
        generation = asked(talk).generation
        if dismissed_first:
            talk.tell(Dismissed(generation), QUEUE)
        talk.disk_full()
        if not dismissed_first:  # it was on its way
            talk.tell(Dismissed(generation), QUEUE)
        talk.fire("retry")
        said = talk.commit_all(talk.commit())
        assert said.of(GenerateReply) == []
        assert said.one(ReplyFinished).reason == "dismissed"


def test_a_queue_that_says_nothing_is_asked_again_after_a_while() -> None:
    talk = begun()
    request = asked(talk)
    talk.commit()
    assert talk.fire("submit").one(GenerateReply) == request


# -- a request that does not become durable ---------------------------------------------------------


def test_a_request_that_waits_for_the_disk_is_withdrawn_and_asked_for_again() -> None:
    talk = begun()
    generation = asked(talk).generation
    assert talk.disk_full().one(ReplyEnded) == ReplyEnded(generation, 0)
    assert talk.tell(LeaseLost(generation, 1, "no such row"), QUEUE) == []  # of before it was withdrawn
    talk.fire("retry")
    assert talk.disk_full().of(ReplyEnded) == []  # once
    talk.fire("retry")
    again = talk.commit().one(GenerateReply)
    assert (again.generation, again.attempt) == (generation, 0)


def test_a_request_that_is_refused_is_withdrawn() -> None:
    talk = begun()
    generation = asked(talk).generation
    said = talk.tell(CommitFailed(talk.commits.pop(0).tag, "somebody else", conflict=True), ARCHIVE)
    assert said.one(Problem).code == "busy"
    assert said.one(ReplyEnded) == ReplyEnded(generation, 0)
    assert talk.passive


def test_a_lease_of_a_request_that_was_lost_costs_nobody_anything() -> None:
    talk = begun()
    generation = asked(talk).generation
    talk.restart()  # before anything of it was written
    assert talk.tell(LeaseLost(generation, 1, "no such row"), QUEUE).one(ReplyEnded).tokens == 0
