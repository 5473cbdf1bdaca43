"""What waits for a slow reader: merged, bounded, and made good by a Snapshot."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages.chat import (
    ConversationGone,
    LiveReply,
    MessageAdded,
    Problem,
    ReplyFinished,
    ReplyState,
    ReplyText,
    ShownMessage,
    Snapshot,
)
from actors.messages.queueing import WorkerFacts
from web.outbox import FRAME_BYTES, Outbox, OutEvent, TooFarBehindError
from web.protocol.frames import ConversationsChanged, NodeState

CHAT, OTHER = UUID(int=1), UUID(int=2)
REPLY = UUID(int=9)
MESSAGE = ShownMessage(UUID(int=5), UUID(int=4), "user", "Hi", 0, (UUID(int=5),))


def text(seq: int, words: str, conversation: UUID = CHAT, generation: UUID = REPLY) -> ReplyText:
    return ReplyText(conversation, generation, seq, seq + 1, words)


def state(waiting: int = 0, progress: float = -1.0, conversation: UUID = CHAT) -> ReplyState:
    live = LiveReply(REPLY, UUID(int=8), UUID(int=7), (), "queued", 0, 0, "", waiting=waiting)
    return ReplyState(conversation, live, progress)


def snapshot(conversation: UUID = CHAT, words: str = "") -> Snapshot:
    shown = ShownMessage(UUID(int=5), UUID(int=4), "user", words, 0, ())
    return Snapshot(conversation, "Tea", UUID(int=3), UUID(int=5), (shown,))


def drained(outbox: Outbox) -> list[OutEvent]:
    events: list[OutEvent] = []
    while (event := outbox.pop()) is not None:
        events.append(event)
    return events


def test_a_reader_that_keeps_up_gets_every_event_as_it_is() -> None:
    outbox = Outbox(10, 10_000)
    for event in (snapshot(), text(0, "a"), text(1, "b"), MessageAdded(CHAT, MESSAGE)):
        outbox.put(event)
        assert outbox.pop() is event
    assert outbox.size == 0


def test_texts_that_follow_each_other_become_one() -> None:
    outbox = Outbox(10, 10_000)
    for seq, words in enumerate(["One", "", " two", " three"]):
        outbox.put(text(seq, words))
    assert drained(outbox) == [ReplyText(CHAT, REPLY, 0, 4, "One two three")]


def test_thoughts_that_follow_each_other_become_one_and_have_their_weight() -> None:
    outbox = Outbox(10, 10_000)
    for seq, words in enumerate(["Hm", ", ", "so."]):
        outbox.put(ReplyText(CHAT, REPLY, seq, seq + 1, "", words))
    outbox.put(ReplyText(CHAT, REPLY, 3, 4, "Yes", "!"))
    assert outbox.size == FRAME_BYTES + len("Hm, so.!Yes")
    assert drained(outbox) == [ReplyText(CHAT, REPLY, 0, 4, "Yes", "Hm, so.!")]


def test_texts_are_merged_for_each_conversation_by_itself() -> None:
    outbox = Outbox(10, 10_000)
    for seq in range(3):
        outbox.put(text(seq, "a"))
        outbox.put(text(seq, "b", OTHER))
    assert drained(outbox) == [ReplyText(CHAT, REPLY, 0, 3, "aaa"), ReplyText(OTHER, REPLY, 0, 3, "bbb")]


def test_texts_with_a_gap_or_of_another_reply_stay_apart() -> None:
    outbox = Outbox(10, 10_000)
    events = [text(0, "a"), text(2, "c"), text(3, "d", generation=UUID(int=10))]
    for event in events:
        outbox.put(event)
    assert drained(outbox) == events


def test_no_event_overtakes_another_of_its_conversation() -> None:
    outbox = Outbox(10, 10_000)
    events = [text(0, "a"), Problem("busy", "Wait.", CHAT), text(1, "b"), ReplyFinished(CHAT, REPLY, "stop")]
    for event in events:
        outbox.put(event)
    assert drained(outbox) == events


def test_only_the_newest_state_counts() -> None:
    outbox = Outbox(10, 10_000)
    facts = WorkerFacts("box", "onnx", "small", 4, 0, "ready")
    outbox.put(NodeState((), 0, 0))
    outbox.put(state(waiting=3))
    outbox.put(ConversationsChanged())
    outbox.put(state(waiting=2))
    outbox.put(NodeState((facts,), 1, 0))
    outbox.put(ConversationsChanged())
    assert drained(outbox) == [NodeState((facts,), 1, 0), state(waiting=2), ConversationsChanged()]


def test_at_the_bound_conversations_are_dropped_and_opened_again_when_the_rest_is_sent() -> None:
    outbox = Outbox(3, 10_000)
    problem = Problem("busy", "Wait.", OTHER)
    for event in (text(0, "a"), problem, text(5, "c"), text(9, "d")):
        outbox.put(event)
    assert outbox.dropped == 3
    assert outbox.next_to_reopen() is None
    assert drained(outbox) == [problem]
    assert outbox.next_to_reopen() == CHAT
    assert outbox.next_to_reopen() is None
    outbox.put(text(10, "void"))
    assert outbox.pop() is None
    fresh = [snapshot(), text(11, "e")]
    for event in fresh:
        outbox.put(event)
    assert drained(outbox) == fresh


def test_what_comes_while_a_conversation_is_behind_waits_for_its_snapshot() -> None:
    outbox = Outbox(1, 10_000)
    outbox.put(text(0, "a"))
    outbox.put(text(5, "b", OTHER))
    for seq in range(100):
        outbox.put(text(seq, "x"))
        outbox.put(text(seq, "x", OTHER))
        outbox.put(snapshot(words="early"))
    assert outbox.pop() is None
    assert {outbox.next_to_reopen(), outbox.next_to_reopen()} == {CHAT, OTHER}


def test_nothing_passes_what_waits_nor_a_snapshot_to_come() -> None:
    outbox = Outbox(2, 100_000)
    assert outbox.passes(CHAT)
    for seq in range(3):
        outbox.put(text(2 * seq, "a"))  # with gaps: each is an entry of its own
        assert not outbox.passes(CHAT)
        assert not outbox.passes(OTHER)
    assert drained(outbox) == []
    assert not outbox.passes(CHAT)
    assert outbox.next_to_reopen() == CHAT
    assert (outbox.passes(CHAT), outbox.passes(OTHER)) == (False, True)
    outbox.put(snapshot())
    drained(outbox)
    assert outbox.passes(CHAT)


def test_the_bound_counts_bytes_too() -> None:
    outbox = Outbox(1_000, 5_000)
    outbox.put(text(0, "x" * 3_000))
    outbox.put(text(7, "y" * 3_000))
    assert outbox.size == 0
    assert outbox.next_to_reopen() == CHAT


def test_one_event_alone_is_never_too_much() -> None:
    outbox = Outbox(10, 1_000)
    huge = snapshot(words="x" * 100_000)
    outbox.put(huge)
    assert outbox.pop() is huge


def test_a_reader_that_opens_the_conversation_itself_is_not_opened_for_again() -> None:
    outbox = Outbox(1, 10_000)
    outbox.put(text(0, "a"))
    outbox.put(text(5, "b"))
    outbox.opened_by_reader(CHAT)
    assert outbox.next_to_reopen() is None
    outbox.put(text(6, "void"))
    answer = snapshot()
    outbox.put(answer)
    assert drained(outbox) == [answer]


def test_a_conversation_that_is_closed_or_gone_is_not_opened_again() -> None:
    for leave in ("close", "gone"):
        outbox = Outbox(1, 10_000)
        outbox.put(text(0, "a"))
        outbox.put(text(5, "b"))
        if leave == "close":
            outbox.closed_by_reader(CHAT)
        else:
            outbox.put(ConversationGone(CHAT))
            assert outbox.pop() == ConversationGone(CHAT)
        assert outbox.next_to_reopen() is None


def test_a_conversation_that_is_not_found_when_opened_again_is_given_up() -> None:
    outbox = Outbox(2, 10_000)
    outbox.put(text(0, "a"))
    outbox.put(text(5, "b"))
    outbox.put(text(9, "c"))
    assert outbox.next_to_reopen() == CHAT
    outbox.put(Problem("not_found", "Gone.", CHAT))
    outbox.put(text(6, "d"))
    assert drained(outbox) == [Problem("not_found", "Gone.", CHAT), text(6, "d")]


def test_a_reader_that_takes_nothing_and_causes_more_is_given_up() -> None:
    outbox = Outbox(10, 100_000)
    for _ in range(10):
        outbox.put(Problem("bad_request", "No.", uuid4()))
    with pytest.raises(TooFarBehindError):
        outbox.put(Problem("bad_request", "No.", uuid4()))


@given(
    st.lists(st.integers(0, 3), max_size=200),
    st.integers(1, 6),
    st.integers(400, 3_000),
)
def test_whatever_the_reader_does_it_has_the_whole_reply_in_the_end(
    reads: list[int], max_events: int, max_bytes: int
) -> None:
    """A writer speaks one token a turn; the reader takes so many events. What it has is always a
    beginning of the reply without a gap, and the whole of it once it has caught up.
    """
    outbox = Outbox(max_events, max_bytes)
    spoken, has = "", ""

    def read(event: OutEvent) -> str:
        match event:
            case Snapshot():
                return event.messages[0].text
            case ReplyText():
                assert event.seq == len(has)
                return has + event.text
            case _:
                raise AssertionError(event)

    for count in [*reads, 1_000]:
        outbox.put(text(len(spoken), chr(97 + len(spoken) % 26)))
        spoken += chr(97 + len(spoken) % 26)
        for _ in range(count):
            event = outbox.pop()
            if event is not None:
                has = read(event)
            elif outbox.next_to_reopen() is not None:
                outbox.put(snapshot(words=spoken))
        assert spoken.startswith(has)
        assert len(outbox.entries) <= max_events
        assert len(outbox.entries) <= 1 or outbox.size <= max_bytes
    assert has == spoken
