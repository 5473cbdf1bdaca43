"""A box that is paired and malicious: it knows every id there is, and says whatever it likes.

It may hoard what it is given, but nobody else notices anything: the replies of another box are whole, no
actor raises, nothing grows.
"""

from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors import addresses
from actors.messages.generation import Accepted, End, GenerationsLost, Progress, SheetWanted, Token
from actors.messages.link import WIRE_VERSION, Hello, Ping
from actors.wire.envelope import decode, encode, fits
from tests.actors.kit import OTHER_BOX, uid
from tests.sim.cluster import Cluster
from tests.sim.network import Weather
from tests.sim.scenario import Scenario

MESSAGES = 100


class Hostile:
    """Says random things about real and made-up ids, to real and made-up addresses."""

    def __init__(self, cluster: Cluster, draw: Any) -> None:
        self.cluster = cluster
        self.draw = draw

    def target(self) -> tuple[UUID, int, int, UUID]:
        """Generation, attempt, seq and conversation: of the newest reply, as it stands, or at random."""
        disk = self.cluster.disk
        if disk.generations and self.draw.random() < 0.5:
            row = list(disk.generations.values())[-1]
            seq = (self.cluster.durable_tokens(row.id) or 0) + self.draw.choice((0, 1, 2))
            return row.id, row.attempt, seq, row.conversation
        return self.an_id(), self.small(), self.small(), self.an_id()

    def an_id(self) -> UUID:
        disk = self.cluster.disk
        return self.draw.choice([uid(404), *disk.generations, *disk.conversations, self.cluster.character])

    def small(self) -> int:
        return self.draw.choice((0, 1, 2, 3, 7, 2**31 - 1))

    def message(self, generation: UUID, attempt: int, seq: int, conversation: UUID) -> Any:
        held = ((generation, attempt),)
        return self.draw.choice(
            (
                Accepted(generation, attempt, "evil", b"evil", 1),
                Progress(generation, attempt, seq, 1),
                Token(generation, attempt, seq, 1, "EVIL "),
                End(generation, attempt, seq, self.draw.choice(("stop", "failed", "cancelled")), "EVIL"),
                GenerationsLost(uid(1), ((generation, attempt, conversation),)),
                SheetWanted(generation),
                Hello(WIRE_VERSION, uid(self.small()), "", "", "", "", 0, 0, held, revision=self.small()),
                Ping(uid(self.small())),
            )
        )

    def address(self, conversation: UUID) -> str:
        session, character = addresses.session(conversation), addresses.character(self.an_id())
        odd = (f"session/{conversation}", "queue/2", "archive", "storage", "sockets")
        return self.draw.choice((session, session, session, character, "queue", "queue", *odd))

    def speak(self) -> None:
        """As the listener lets it through."""
        generation, attempt, seq, conversation = self.target()
        message = self.message(generation, attempt, seq, conversation)
        (envelope,) = decode(encode(self.address(conversation), message))
        if self.cluster.web is not None and fits(envelope.to, envelope.message):
            self.cluster.web.tell(envelope.to, envelope.message, OTHER_BOX)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), draw=st.randoms(use_true_random=False))
def test_nobody_notices_a_hostile_box(seed: int, draw: Any) -> None:
    scenario = Scenario(seed)
    cluster = scenario.cluster = Cluster(seed, Weather())
    hostile = Hostile(cluster, draw)
    cluster.start_all()
    scenario.begin_conversation(0, cluster.user, tabs=2)
    for number in range(MESSAGES):
        cluster.loop.call_later(0.3 + number * 0.05, hostile.speak)
    cluster.loop.run_until(170.0, scenario.all_ended_long_enough)
    scenario.check()
    assert cluster.violations == []
    assert {row.attempt for row in cluster.disk.generations.values()} <= {1}  # nothing was begun anew
    assert cluster.web is not None
    assert cluster.web.restarts == 0
    assert not cluster.web.dead_letters
    known = {"queue", "archive", "session", "character"}
    assert {addresses.kind(address) for address in cluster.web.cells} <= known
    assert len(cluster.web.cells) <= 3 + len(cluster.disk.versions)  # made-up ids cost nothing
