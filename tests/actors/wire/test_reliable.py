"""The reliable stream: over any line, everything arrives once and in order."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.wire.reliable import Inbox, Outbox

WINDOW = 8
FIRST = 3


class Stream(RuleBasedStateMachine):
    """One reply between a link and a session, with everything that may happen on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox: Outbox[int] = Outbox(FIRST, WINDOW)
        self.inbox: Inbox[int] = Inbox(FIRST, limit=1_000)
        self.line: list[int] = []
        self.got: list[int] = []

    @rule(frames=st.integers(1, 20))
    def made(self, frames: int) -> None:
        for _ in range(frames):
            self.outbox.push(self.outbox.next_seq)
        self.line += self.outbox.due()

    @rule(place=st.integers(0, 50))
    def arrives(self, place: int) -> None:
        """Any frame that is on its way: so they are reordered."""
        if self.line:
            self.take(self.line.pop(place % len(self.line)))

    @rule(place=st.integers(0, 50))
    def arrives_and_comes_again(self, place: int) -> None:
        if self.line:
            self.take(self.line[place % len(self.line)])

    @rule(place=st.integers(0, 50))
    def is_lost(self, place: int) -> None:
        if self.line:
            del self.line[place % len(self.line)]

    @rule()
    def connection_breaks(self) -> None:
        self.line.clear()

    @rule()
    def is_acknowledged(self) -> None:
        self.outbox.acknowledged(self.inbox.next_seq)
        self.line += self.outbox.due()

    @rule()
    def is_asked_for_again(self) -> None:
        assert self.outbox.resumed(self.inbox.next_seq)
        self.line += self.outbox.due()

    @rule()
    def is_nudged(self) -> None:
        frame = self.outbox.nudge()
        if frame is not None:
            self.line.append(frame)

    def take(self, frame: int) -> None:
        self.got += self.inbox.arrived(frame, frame)

    @invariant()
    def everything_came_once_and_in_order(self) -> None:
        assert self.got == list(range(FIRST, FIRST + len(self.got)))

    @invariant()
    def the_window_holds(self) -> None:
        assert self.outbox.acked <= self.outbox.sent <= self.outbox.acked + WINDOW
        assert all(frame < self.outbox.acked + WINDOW for frame in self.line)

    def teardown(self) -> None:
        """Without further faults the rest arrives."""
        while len(self.got) < self.outbox.next_seq - FIRST:
            self.is_asked_for_again()
            while self.line:
                self.take(self.line.pop(0))
            self.is_acknowledged()
        self.everything_came_once_and_in_order()


TestAnyLine = Stream.TestCase


def full_outbox(frames: int = 20) -> Outbox[int]:
    outbox: Outbox[int] = Outbox(0, WINDOW)
    for seq in range(frames):
        outbox.push(seq)
    return outbox


def test_no_more_than_the_window_is_on_its_way() -> None:
    outbox = full_outbox()
    assert outbox.due() == list(range(8))
    assert outbox.due() == []
    outbox.acknowledged(3)
    assert outbox.due() == [8, 9, 10]


def test_an_acknowledgement_that_says_nothing_new_or_too_much_is_not_taken() -> None:
    outbox = full_outbox()
    outbox.due()
    assert outbox.acknowledged(4)
    assert [outbox.acknowledged(seq) for seq in (4, 0, 21)] == [False] * 3
    assert outbox.acked == 4


def test_what_the_ring_lacks_cannot_be_sent_again() -> None:
    outbox = full_outbox()
    outbox.due()
    outbox.acknowledged(4)
    assert [outbox.resumed(seq) for seq in (3, 21)] == [False, False]
    assert outbox.resumed(6)
    assert outbox.due() == [6, 7, 8, 9, 10, 11]


def test_a_nudge_is_the_oldest_frame_on_its_way() -> None:
    outbox = full_outbox(3)
    assert outbox.nudge() is None
    outbox.due()
    assert outbox.nudge() == 0
    outbox.acknowledged(3)
    assert outbox.nudge() is None


@given(st.lists(st.integers(0, 40)))
def test_no_more_is_held_beyond_a_gap_than_the_limit(arrivals: list[int]) -> None:
    inbox: Inbox[int] = Inbox(0, limit=5)
    for seq in arrivals:
        inbox.arrived(seq, seq)
        assert all(inbox.next_seq < held < inbox.next_seq + 5 for held in inbox.held)
        assert inbox.has_gap == bool(inbox.held)


def take_all(inbox: Inbox[int], *seqs: int) -> list[list[int]]:
    return [inbox.arrived(seq, seq) for seq in seqs]


def test_frames_behind_a_gap_come_out_when_it_closes() -> None:
    assert take_all(Inbox(0, 9), 2, 1, 2, 0, 0, 3) == [[], [], [], [0, 1, 2], [], [3]]
