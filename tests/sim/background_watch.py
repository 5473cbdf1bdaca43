"""What must hold of what is done in idle time: no reply waits for it, and it is done once, in the end."""

from uuid import UUID

from actors import addresses
from actors.addresses import QUEUE
from actors.generation_queue import GenerationQueue
from actors.messages.chat import Rename
from actors.messages.conversations import StoredMessage
from actors.messages.generation import GenerateReply
from tests.fakes.memory_tables import UNFILED
from tests.sim.cluster import Box, Cluster

LOOK_S = 0.05
PERSON = "renames"


class BackgroundWatch:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.named: dict[UUID, str] = {}  # conversations to which a person gave a title, durably
        self.asked: dict[UUID, list[str]] = {}  # … who has not been answered yet, and may never be
        self.told: set[UUID] = set()
        cluster.background_given = self.given
        cluster.loop.call_later(LOOK_S, self.look)

    def queue(self) -> GenerationQueue | None:
        web = self.cluster.web
        cell = web.cells.get(QUEUE) if web is not None else None
        actor = cell.actor if cell is not None else None
        return actor if isinstance(actor, GenerationQueue) else None

    # -- at every moment ------------------------------------------------------------------------

    def given(self, box: Box, request: GenerateReply) -> None:
        """A box is told to do something in the background."""
        queue = self.queue()
        if queue is not None and len(queue.line):
            self.cluster.violate("a title was written while somebody waited for a reply")
        if request.generation in self.told:
            self.cluster.violate("one try was given out twice")
        self.told.add(request.generation)
        self.check_box(box.name)

    def look(self) -> None:
        for name in self.cluster.boxes:
            self.check_box(name)
        self.cluster.loop.call_later(LOOK_S, self.look)

    def check_box(self, name: str) -> None:
        queue = self.queue()
        if queue is None:
            return
        running = [each for each in queue.dispatch.background.running.values() if each.worker == name]
        if len(running) > 1:
            self.cluster.violate("a box does two things in the background")
        if running and queue.leases.busy(name):
            self.cluster.violate("a box does something in the background beside a reply")

    # -- people ---------------------------------------------------------------------------------

    def rename(self, conversation: UUID) -> None:
        web = self.cluster.web
        if web is None:
            return
        web.serve(PERSON, self)
        title = f"Mine {self.cluster.loop.now}"
        self.asked.setdefault(conversation, []).append(title)
        web.tell(addresses.session(conversation), Rename(title, f"{PERSON}/{conversation.hex}"), PERSON)

    def deliver(self, address: str, message: object, sender: str) -> None:
        """The answer: done, or not, or it was lost and nobody knows."""
        del message, sender
        conversation = UUID(hex=addresses.key(address))
        row = self.cluster.disk.conversations.get(conversation)
        asked = self.asked.get(conversation, [])
        if row is not None and row.title in asked:
            self.named[conversation] = row.title
            del asked[: asked.index(row.title) + 1]

    # -- at the end -----------------------------------------------------------------------------

    def is_done(self) -> bool:
        return not self.untitled()

    def untitled(self) -> list[UUID]:
        """Conversations that should have a title, and have none."""
        disk = self.cluster.disk
        return [
            talk.id
            for talk in disk.conversations.values()
            if not talk.titled_by
            and not disk.filed.get(talk.id, UNFILED).removed_ms
            and is_exchange(self.path(talk.head))
        ]

    def path(self, head: UUID) -> list[StoredMessage]:
        """Newest first, the root last."""
        messages = self.cluster.disk.messages
        path = [messages[head]]
        while path[-1].parent != path[-1].id:
            path.append(messages[path[-1].parent])
        return path

    def check(self) -> None:
        if self.untitled():
            self.cluster.violate("a conversation got no title though the faults were over")
        for conversation, title in self.named.items():
            row = self.cluster.disk.conversations.get(conversation)
            later = self.asked.get(conversation, [])
            if row is not None and row.title not in {title, *later}:
                self.cluster.violate("a title that a person gave was written over")


def is_exchange(newest_first: list[StoredMessage]) -> bool:
    roles = [message.role for message in reversed(newest_first)]
    return "user" in roles and "assistant" in roles[roles.index("user") :]
