"""Outbox: what waits to be sent to one reader. Pure; bounded whatever the reader does.

While a reader keeps up, the outbox holds an event or two. For one that is behind, the pieces of a reply
that follow each other become one, and only the newest state counts. At the bound the conversations that
wait in it are dropped; when the reader has taken the rest, each is opened again for it, and a Snapshot
makes good what was left out.
"""

from collections import deque
from typing import Any
from uuid import UUID

import msgspec

from actors.messages.chat import (
    ChatEvent,
    ContextChanged,
    ConversationGone,
    LiveReply,
    MessageAdded,
    MessageChanged,
    OlderMessages,
    Problem,
    ReplyFinished,
    ReplyState,
    ReplyText,
    ShownMessage,
    ShownSummaries,
    Snapshot,
    Suggestion,
    SummariesChanged,
    TitleChanged,
)
from web.protocol.frames import ConversationsChanged, NodeState, RoleChanged

OutEvent = ChatEvent | NodeState | ConversationsChanged | RoleChanged

# Events that a Snapshot makes good; a reader that has it asks again for what is older.
REPLACED = (
    Snapshot
    | OlderMessages
    | MessageAdded
    | MessageChanged
    | ReplyState
    | ReplyText
    | ReplyFinished
    | SummariesChanged
    | ContextChanged
)

FRAME_BYTES = 300  # about what a frame takes beside its texts


class TooFarBehindError(Exception):
    """The reader takes nothing and yet causes more: it is sent away."""


class Entry:
    """An event that waits; a ReplyText gathers the texts and thoughts of those that follow it."""

    __slots__ = ("event", "size", "texts", "thoughts")

    def __init__(self, event: OutEvent) -> None:
        self.event = event
        self.size = size_of(event)
        self.texts: list[str] = [event.text] if isinstance(event, ReplyText) else []
        self.thoughts: list[str] = [event.thoughts] if isinstance(event, ReplyText) else []

    def take_in(self, more: OutEvent) -> bool:
        """Let the event carry `more` as well, if it can."""
        mine = self.event
        match mine, more:
            case ReplyText(), ReplyText() if mine.generation == more.generation and mine.next_seq == more.seq:
                self.event = msgspec.structs.replace(mine, next_seq=more.next_seq)
                self.texts.append(more.text)
                self.thoughts.append(more.thoughts)
                self.size += text_bytes(more.text) + text_bytes(more.thoughts)
            case ReplyState(), ReplyState() if mine.live.generation == more.live.generation:
                self.event = more
                self.size = size_of(more)
            case (
                (NodeState(), NodeState())
                | (ConversationsChanged(), ConversationsChanged())
                | (RoleChanged(), RoleChanged())
                | (ContextChanged(), ContextChanged())
            ):
                self.event = more
                self.size = size_of(more)
            case _:
                return False
        return True

    def whole(self) -> OutEvent:
        if isinstance(self.event, ReplyText) and len(self.texts) > 1:
            return msgspec.structs.replace(
                self.event, text="".join(self.texts), thoughts="".join(self.thoughts)
            )
        return self.event


class Outbox:
    def __init__(self, max_events: int, max_bytes: int) -> None:
        self.max_events = max_events
        self.max_bytes = max_bytes
        self.entries: deque[Entry] = deque()
        self.newest: dict[UUID | type, Entry] = {}  # conversation, or kind of event → its last entry
        self.size = 0
        self.behind: deque[UUID] = deque()  # to be opened again when the outbox is empty
        self.reopening: set[UUID] = set()  # … asked for; what comes before the Snapshot is void
        self.dropped = 0  # events left out so far

    def put(self, event: OutEvent) -> None:
        """Raises TooFarBehindError."""
        conversation = conversation_of(event)
        if conversation is not None and not self.wanted(conversation, event):
            self.dropped += 1
            return
        key = conversation if conversation is not None else type(event)
        last = self.newest.get(key)
        before = last.size if last is not None else 0
        if last is not None and last.take_in(event):
            self.size += last.size - before
        else:
            entry = Entry(event)
            self.entries.append(entry)
            self.newest[key] = entry
            self.size += entry.size
        if self.full:
            self.drop_conversations()

    def wanted(self, conversation: UUID, event: OutEvent) -> bool:
        """False for what a Snapshot to come makes good."""
        match event:
            case Snapshot():
                self.reopening.discard(conversation)
            case ConversationGone():
                self.closed_by_reader(conversation)
                return True
            case Problem():
                if event.code == "not_found":
                    self.reopening.discard(conversation)
                return True
            case _:
                pass
        return conversation not in self.behind and conversation not in self.reopening

    def passes(self, conversation: UUID) -> bool:
        """Whether an event of the conversation need not wait behind anything, nor be left out."""
        return not self.entries and not self.behind and conversation not in self.reopening

    @property
    def full(self) -> bool:
        """One event alone is never too much: it is on its way at once."""
        return len(self.entries) > 1 and (len(self.entries) > self.max_events or self.size > self.max_bytes)

    def drop_conversations(self) -> None:
        kept: deque[Entry] = deque()
        for entry in self.entries:
            conversation = conversation_of(entry.event)
            if conversation is None or not isinstance(entry.event, REPLACED):
                kept.append(entry)
                continue
            self.dropped += 1
            if conversation not in self.behind:
                self.behind.append(conversation)
        self.entries = kept
        self.newest = {conversation_of(entry.event) or type(entry.event): entry for entry in kept}
        self.size = sum(entry.size for entry in kept)
        if self.full:
            raise TooFarBehindError

    def pop(self) -> OutEvent | None:
        """The next event to send; None while there is none."""
        if not self.entries:
            return None
        entry = self.entries.popleft()
        self.size -= entry.size
        key = conversation_of(entry.event) or type(entry.event)
        if self.newest.get(key) is entry:
            del self.newest[key]
        return entry.whole()

    def next_to_reopen(self) -> UUID | None:
        """A conversation to open on behalf of the reader, who has taken all that waited."""
        if self.entries or not self.behind:
            return None
        conversation = self.behind.popleft()
        self.reopening.add(conversation)
        return conversation

    def opened_by_reader(self, conversation: UUID) -> None:
        """The reader asked for a Snapshot itself."""
        if conversation in self.behind:
            self.behind.remove(conversation)
            self.reopening.add(conversation)

    def closed_by_reader(self, conversation: UUID) -> None:
        if conversation in self.behind:
            self.behind.remove(conversation)
        self.reopening.discard(conversation)


def conversation_of(event: Any) -> UUID | None:
    return getattr(event, "conversation", None)


def text_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def message_bytes(message: ShownMessage | None) -> int:
    if message is None:
        return 0
    return FRAME_BYTES + text_bytes(message.text) + text_bytes(message.thoughts) + 40 * len(message.siblings)


def live_bytes(live: LiveReply | None) -> int:
    if live is None:
        return 0
    texts = (live.text, live.continues, live.thoughts, live.continues_thoughts)
    return FRAME_BYTES + sum(map(text_bytes, texts)) + 40 * len(live.siblings)


def suggestion_bytes(suggestion: Suggestion | None) -> int:
    return FRAME_BYTES + text_bytes(suggestion.text) if suggestion is not None else 0


def summary_bytes(summaries: ShownSummaries) -> int:
    return sum(FRAME_BYTES + text_bytes(summary.text) for summary in summaries.shown)


def size_of(event: OutEvent) -> int:
    """About how many bytes the event takes on the wire."""
    match event:
        case ReplyText():
            return FRAME_BYTES + text_bytes(event.text) + text_bytes(event.thoughts)
        case MessageAdded() | MessageChanged():
            return FRAME_BYTES + message_bytes(event.message)
        case ReplyFinished():
            return FRAME_BYTES + message_bytes(event.message) + suggestion_bytes(event.suggestion)
        case OlderMessages():
            return FRAME_BYTES + sum(map(message_bytes, event.messages))
        case ReplyState():
            return FRAME_BYTES + live_bytes(event.live)
        case Snapshot():
            texts = sum(map(message_bytes, event.messages)) + live_bytes(event.live)
            return FRAME_BYTES + texts + suggestion_bytes(event.suggestion) + summary_bytes(event.summaries)
        case SummariesChanged():
            return FRAME_BYTES + summary_bytes(event.summaries)
        case Problem():
            return FRAME_BYTES + text_bytes(event.text)
        case TitleChanged():
            return FRAME_BYTES + text_bytes(event.title)
        case NodeState():
            return FRAME_BYTES * (1 + len(event.workers))
        case ConversationsChanged() | RoleChanged() | ConversationGone() | ContextChanged():
            return FRAME_BYTES
