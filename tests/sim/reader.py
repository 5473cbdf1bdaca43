"""A reader of the simulator: follows web/PROTOCOL.md to the letter, and notes everything that breaks it."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from actors import addresses
from actors.messages.chat import (
    Close,
    ConversationGone,
    Open,
    Problem,
    ReplyFinished,
    ReplyState,
    ReplyText,
    SendText,
    Snapshot,
)
from actors.messages.generation import Sampling

if TYPE_CHECKING:
    from tests.sim.cluster import Cluster


class Reader:
    """One socket that has one conversation open."""

    def __init__(self, cluster: "Cluster", name: str, conversation: UUID) -> None:
        self.cluster = cluster
        self.page = name
        self.loads = 0
        self.conversation = conversation
        self.connected = False
        self.generation: UUID | None = None
        self.seq = 0
        self.text = ""
        self.thoughts = ""
        self.continues = ""
        self.continues_thoughts = ""
        self.finished: dict[UUID, ReplyFinished] = {}
        self.unsent: SendText | None = None  # what was asked and not yet seen to be taken

    @property
    def name(self) -> str:
        """Of its socket."""
        return f"{self.page}/{self.loads}"

    @property
    def address(self) -> str:
        return addresses.socket(self.name)

    # -- what a person does -------------------------------------------------------------------

    def connect(self) -> None:
        if self.cluster.web is None or self.connected:
            return
        self.connected = True
        self.open()
        if self.unsent is not None:
            self.tell(self.unsent)

    def open(self) -> None:
        self.tell(Open(self.conversation, self.generation, self.seq))

    def disconnected(self) -> None:
        """The socket is gone, and with it its name; the page keeps what it shows and dials again."""
        if self.connected:
            self.tell(Close(self.conversation))
            del self.cluster.readers[self.name]
            self.loads += 1
            self.cluster.readers[self.name] = self
        self.connected = False
        self.cluster.loop.call_later(self.cluster.random.uniform(0.05, 1.0), self.dial)

    def dial(self) -> None:
        if self.cluster.web is None:
            self.cluster.loop.call_later(0.3, self.dial)
        else:
            self.connect()

    def reload(self) -> None:
        """The page is loaded anew: another socket, and it knows nothing any more."""
        self.forget()
        if self.connected:
            self.tell(Close(self.conversation))
            del self.cluster.readers[self.name]
            self.loads += 1
            self.cluster.readers[self.name] = self
            self.open()

    def say(self, text: str, sampling: Sampling | None = None) -> None:
        self.unsent = SendText(self.conversation, self.cluster.world.new_id(), text, sampling=sampling)
        if self.connected:
            self.tell(self.unsent)

    def tell(self, message: Any) -> None:
        if (key := getattr(message, "request_key", None)) is not None:
            self.cluster.request_keys.add(key)
        if self.cluster.web is not None:
            self.cluster.web.tell(addresses.session(self.conversation), message, self.address)

    def session_awake(self, conversation: UUID) -> None:
        if self.connected and conversation == self.conversation:
            self.open()

    # -- what the page shows ------------------------------------------------------------------

    def receive(self, event: Any) -> None:
        match event:
            case Snapshot():
                self.snapshot(event)
            case ReplyState():
                self.state(event)
            case ReplyText():
                self.more(event)
            case ReplyFinished():
                self.end(event)
            case Problem():
                self.problem(event)
            case ConversationGone():
                self.forget()
                self.unsent = None
            case _:
                pass

    def snapshot(self, event: Snapshot) -> None:
        live = event.live
        if live is None:
            self.forget()
            return
        if live.seq == 0:
            self.text = self.thoughts = ""
        elif live.generation != self.generation or live.seq != self.seq:
            self.violate(f"a snapshot goes on at {live.seq}, the page stands at {self.seq}")
        self.generation, self.seq = live.generation, live.next_seq
        self.continues, self.continues_thoughts = live.continues, live.continues_thoughts
        self.text += live.text
        self.thoughts += live.thoughts
        self.check_durable()

    def state(self, event: ReplyState) -> None:
        live = event.live
        if live.generation != self.generation:
            self.forget()
            self.generation, self.seq = live.generation, live.next_seq
            self.continues, self.continues_thoughts = live.continues, live.continues_thoughts
            if live.next_seq:
                self.violate("a reply was announced in its middle")

    def more(self, event: ReplyText) -> None:
        if event.generation != self.generation:
            self.violate("text of a reply that is not shown")
            return
        if event.seq != self.seq:
            word = "a repetition" if event.seq < self.seq else "a gap"
            self.violate(f"{word}: text from {event.seq}, the page stands at {self.seq}")
            return
        self.seq = event.next_seq
        self.text += event.text
        self.thoughts += event.thoughts
        self.check_durable()

    def end(self, event: ReplyFinished) -> None:
        message = event.message
        if event.generation == self.generation and message is not None:
            if not message.text.startswith(self.continues + self.text):
                self.violate("the finished reply is not what the page had shown")
            if not message.thoughts.startswith(joined(self.continues_thoughts, self.thoughts)):
                self.violate("the thoughts of the finished reply are not those that the page had shown")
        if event.generation in self.finished:
            self.violate("a reply finished twice")
        self.finished[event.generation] = event
        self.forget()

    def problem(self, event: Problem) -> None:
        if self.unsent is not None and event.request_key == self.unsent.request_key:
            self.unsent = None
        if event.code == "not_found":  # deleted
            self.forget()

    def forget(self) -> None:
        """No reply is live."""
        self.generation, self.seq, self.text, self.thoughts = None, 0, "", ""

    def check_durable(self) -> None:
        if self.generation is None:
            return
        durable = self.cluster.durable_tokens(self.generation)
        if durable is not None and self.seq > durable:
            self.violate(f"token {self.seq - 1} was shown before it was committed")

    def violate(self, what: str) -> None:
        self.cluster.violate(f"{self.name}: {what}")


def joined(before: str, more: str) -> str:
    """Thoughts that a reply was continued with, and its own: a blank line between them."""
    return "\n\n".join(thoughts for thoughts in (before, more) if thoughts)
