"""What must hold of the queue at every moment: checked against the disk, and at what boxes get."""

from collections import Counter
from random import Random
from uuid import UUID

from actors.addresses import QUEUE
from actors.generation_queue import GenerationQueue
from actors.messages.generation import GenerateReply
from actors.messages.link import WIRE_VERSION
from actors.messages.replies import UNFINISHED
from tests.sim.cluster import Box, Cluster

LOOK_S = 0.05
SHORTEST, LONGEST = 4, 12  # tokens of a reply, where people ask for LONGEST at most: chain.length


class QueueWatch:
    """`conversations` is how many the busiest user has; `stops` counts replies that people ended."""

    def __init__(self, cluster: Cluster, random: Random) -> None:
        self.cluster = cluster
        self.random = random
        self.conversations = 0
        self.stops = 0
        self.told: dict[tuple[UUID, int], str] = {}  # (generation, attempt) → the box that got it
        self.drained: set[str] = set()  # boxes of which a keeper was told that they get nothing new
        self.by_hand: set[UUID] = set()  # what stood in a line that a keeper changed
        self.passed: Counter[tuple[UUID, UUID]] = (
            Counter()
        )  # (queue, generation) → later ones that overtook it
        self.made_ms: dict[UUID, int] = {}  # queue → when it was first seen
        cluster.given = self.given
        cluster.loop.call_later(LOOK_S, self.look)

    def queue(self) -> GenerationQueue | None:
        web = self.cluster.web
        cell = web.cells.get(QUEUE) if web is not None else None
        actor = cell.actor if cell is not None else None
        return actor if isinstance(actor, GenerationQueue) else None

    @property
    def slots(self) -> int:
        return sum(box.slots for box in self.cluster.boxes.values())

    # -- when a box is told to make a reply -----------------------------------------------------

    def given(self, box: Box, request: GenerateReply) -> None:
        violate, queue = self.cluster.violate, self.queue()
        row = self.cluster.disk.generations.get(request.generation)
        other = self.told.setdefault((request.generation, request.attempt), box.name)
        if other != box.name:
            violate("a reply is leased to two boxes at once")
        if row is None or (row.attempt, row.worker) != (request.attempt, box.name):
            violate("a box was told of a lease that is not durable")
        if box.version != WIRE_VERSION:
            violate("a box of another version got a reply")
        if box.name in self.drained:
            violate("a drained box got a reply")
        if queue is not None:
            self.check_running(queue, box)
            if request.attempt == 1:
                self.count_passed(queue, request)

    def check_running(self, queue: GenerationQueue, box: Box) -> None:
        leases = list(queue.leases.durable.items())
        if sum(lease.worker == box.name for _, lease in leases) > box.slots:
            self.cluster.violate("a box has more replies than slots")
        limit = self.cluster.queue.user_running
        users = Counter(self.cluster.disk.generations[generation].user for generation, _ in leases)
        if limit and max(users.values(), default=0) > limit:
            self.cluster.violate("a user has more replies running than allowed")

    def count_passed(self, queue: GenerationQueue, request: GenerateReply) -> None:
        """Whoever came before this one and could have been served instead was passed over."""
        now = self.cluster.loop.now
        asked_ms = self.asked_ms(request.generation)
        if request.generation in self.by_hand:
            return
        for ticket in queue.line:
            generation, user = ticket.generation, ticket.user
            held = ticket.held_until_s is not None and now < ticket.held_until_s
            running = sum(lease.user == user for lease in queue.leases.all())
            limit = self.cluster.queue.user_running
            if (
                self.asked_ms(generation) >= asked_ms
                or user == request.user
                or ticket.request.attempt
                or ticket.request.model
                or held
                or generation in self.by_hand
                or (limit and running >= limit)
            ):
                continue
            self.passed[queue.dispatch.node, generation] += 1
            if self.passed[queue.dispatch.node, generation] > self.most_passed:
                self.cluster.violate("a reply starves: too many later ones were served before it")

    def asked_ms(self, generation: UUID) -> int:
        """Now, where the request is not durable yet."""
        row = self.cluster.disk.generations.get(generation)
        return row.created_ms if row is not None else self.cluster.world.utc_ms()

    @property
    def most_passed(self) -> int:
        """What fair shares allow: each other user may catch up with the longest replies that this one has
        just had in every slot, in the shortest of their own; and what people ended cost nothing.
        """
        each = LONGEST // SHORTEST * (self.slots + 1) + self.slots
        return (len(self.cluster.users) - 1) * each + self.stops

    # -- now and then ---------------------------------------------------------------------------

    def look(self) -> None:
        queue = self.queue()
        if queue is not None:
            self.check_waiting(queue)
        self.cluster.loop.call_later(LOOK_S, self.look)

    def check_waiting(self, queue: GenerationQueue) -> None:
        """Beyond the limits come those whose lease could not be written, one for each slot, and those from
        before a restart: what was promised is not refused.
        """
        settings = self.cluster.queue
        made_ms = self.made_ms.setdefault(queue.dispatch.node, self.cluster.world.utc_ms())
        fresh = [
            ticket
            for ticket in queue.line
            if not ticket.request.attempt and self.asked_ms(ticket.generation) >= made_ms
        ]
        if len(fresh) > settings.max_waiting + self.slots:
            self.cluster.violate("more replies wait than allowed")
        users = Counter(ticket.user for ticket in fresh)
        if settings.user_waiting and max(users.values(), default=0) > settings.user_waiting + self.slots:
            self.cluster.violate("more replies of a user wait than allowed")

    # -- at the end -----------------------------------------------------------------------------

    def check(self) -> None:
        """A day may end above its limit by what had begun: one reply in each conversation."""
        limit = self.cluster.queue.user_tokens_a_day
        written: Counter[UUID] = Counter()
        for row in self.cluster.disk.generations.values():
            message = self.cluster.disk.messages.get(row.message)
            if row.state not in UNFINISHED and message is not None:
                written[row.user] += message.tokens
        for user, tokens in written.items():
            days = [
                n for (who, _), n in self.cluster.disk.spendings.items() if who == user
            ]  # the clock jumps
            if sum(days) < tokens:
                self.cluster.violate(f"{tokens} tokens were written and {sum(days)} are counted")
            if limit and max(days, default=0) > limit + self.conversations * LONGEST:
                self.cluster.violate(f"a user had {max(days)} tokens of a day of {limit}")
