"""The generation queue: which of several boxes, and boxes that are drained."""

from msgspec.structs import replace

from actors.messages.archive import QueueState
from actors.messages.queueing import BoxDrained, LeaseLost, Line, QueueStatus, ReplyEnded, WatchQueue
from tests.actors.generation_queue.kit import SETTINGS, Counter, counter, given, row
from tests.actors.kit import BOX, OTHER_BOX, Said, hello, request, uid

ASKER = "asks/1"
CHAT = 500


def two_boxes() -> Counter:
    """Conversation CHAT was served by BOX, in ten seconds; nothing runs."""
    queue = counter()
    queue.do(request(1, conversation=CHAT))
    queue.later(10.0)
    queue.ping()
    queue.do(ReplyEnded(uid(1), 100))
    queue.do(hello(slots=8), OTHER_BOX)
    return queue


def heard(queue: Counter) -> None:
    for box in (BOX, OTHER_BOX):
        queue.ping(box)


def drain(queue: Counter, box: str, drained: bool = True) -> Said:
    return queue.do(BoxDrained(box, drained, ASKER), ASKER)


# -- warm prompts -----------------------------------------------------------------------------------


def test_the_box_that_served_a_conversation_last_serves_it_again() -> None:
    queue = two_boxes()
    assert given(queue.do(request(2, conversation=CHAT)), BOX) == [(2, 1)]
    queue.do(ReplyEnded(uid(2), 100))
    assert given(queue.do(request(3)), OTHER_BOX) == [(3, 1)]


def test_the_box_whose_cache_is_warm_is_waited_for_where_a_slot_is_due() -> None:
    queue = two_boxes()
    queue.do(request(2, conversation=CHAT))
    queue.later(9.5)  # half a second is left, by what was measured
    heard(queue)
    said = queue.do(request(3, conversation=CHAT))
    assert given(said, BOX) + given(said, OTHER_BOX) == []
    assert given(queue.do(ReplyEnded(uid(2), 100)), BOX) == [(3, 1)]


def test_the_warm_box_is_not_waited_for_beyond_the_limit() -> None:
    queue = two_boxes()
    queue.do(request(2, conversation=CHAT))
    queue.later(9.5)
    heard(queue)
    queue.do(request(3, conversation=CHAT))
    assert given(queue.tick(0.5), OTHER_BOX) == []
    heard(queue)
    assert given(queue.tick(0.6), OTHER_BOX) == [(3, 1)]


def test_the_warm_box_is_not_waited_for_where_no_slot_is_due() -> None:
    queue = two_boxes()
    queue.do(request(2, conversation=CHAT))
    assert given(queue.do(request(3, conversation=CHAT)), OTHER_BOX) == [(3, 1)]


def test_who_waits_for_a_warm_box_lets_others_pass_to_another() -> None:
    queue = two_boxes()
    queue.do(request(2, conversation=CHAT))
    queue.later(9.5)
    heard(queue)
    queue.do(request(3, conversation=CHAT))
    assert given(queue.do(request(4)), OTHER_BOX) == [(4, 1)]


def test_a_box_that_started_anew_is_warm_no_more() -> None:
    queue = two_boxes()
    queue.do(hello(boot=2), BOX)
    assert given(queue.do(request(2, conversation=CHAT)), OTHER_BOX) == [(2, 1)]


def test_a_box_whose_engine_went_is_warm_no_more() -> None:
    queue = two_boxes()
    queue.do(hello(engine="", revision=2), BOX)
    queue.do(hello(revision=3), BOX)
    assert given(queue.do(request(2, conversation=CHAT)), OTHER_BOX) == [(2, 1)]


def test_only_so_many_conversations_are_remembered() -> None:
    queue = counter(settings=replace(SETTINGS, warm_conversations=1))
    for number, chat in ((1, CHAT), (2, CHAT + 1)):
        queue.do(request(number, conversation=chat))
        queue.do(ReplyEnded(uid(number), 10))
    queue.do(hello(slots=8), OTHER_BOX)
    assert given(queue.do(request(3, conversation=CHAT)), OTHER_BOX) == [(3, 1)]


# -- drained boxes ----------------------------------------------------------------------------------


def test_a_drained_box_gets_nothing_new_and_finishes_what_it_has() -> None:
    queue = counter(slots=2, asked=1)
    said = drain(queue, "box")
    assert said.one(Line).entries[0].worker == "box"
    assert given(queue.do(request(2))) == []
    queue.do(hello(slots=1), OTHER_BOX)
    assert given(queue.do(ReplyEnded(uid(1), 10))) == []
    assert given(queue.do(ReplyEnded(uid(2), 10)), OTHER_BOX) == []
    assert given(queue.do(request(3)), OTHER_BOX) == [(3, 1)]


def test_a_drained_box_serves_again_when_that_is_undone() -> None:
    queue = counter()
    drain(queue, "box")
    queue.do(request(1))
    assert given(drain(queue, "box", drained=False)) == [(1, 1)]


def test_the_status_shows_a_box_draining_and_then_drained() -> None:
    queue = counter(slots=2, asked=1)
    queue.do(WatchQueue("x"))
    assert drain(queue, "box").one(QueueStatus).workers[0].state == "draining"
    assert queue.do(ReplyEnded(uid(1), 10)).one(QueueStatus).workers[0].state == "drained"
    assert drain(queue, "box", drained=False).one(QueueStatus).workers[0].state == "ready"


def test_a_box_stays_drained_over_a_restart_of_the_queue_and_of_the_box() -> None:
    queue = Counter(state=QueueState((row(1),), drained=("box",)))
    queue.do(hello(), BOX)
    assert given(queue.do(request(1))) == []
    assert given(queue.do(hello(boot=2), BOX)) == []


def test_what_a_drained_box_loses_goes_to_another() -> None:
    queue = counter(asked=1)
    drain(queue, "box")
    queue.do(hello(boot=2), BOX)
    assert given(queue.do(request(1, attempt=1))) == []
    assert given(queue.do(hello(), OTHER_BOX), OTHER_BOX) == [(1, 2)]


def test_a_lease_that_is_being_written_is_not_given_to_a_box_that_is_drained_meanwhile() -> None:
    queue = counter()
    queue.tell(request(1))
    queue.tell(BoxDrained("box", True, ASKER), ASKER)
    said = queue.commit()
    assert given(said) == []
    assert said.one(LeaseLost).attempt == 1
