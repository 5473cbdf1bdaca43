"""Session: one conversation. It alone writes the conversation's rows.

Receives  Loaded; StartConversation, Rename, Delete (edge); Open, Close, SendText, Regenerate, Edit,
          Continue, Select, Stop (sockets); CharacterSheet (character); Leased, LeaseLost, Placed, QueueFull,
          WorkerSilent, WorkerHeard, GaveUp, SubmitAgain (queue); Accepted, Progress, Token, End (link);
          Committed, CommitFailed (archive)
Sends     Commit (archive); GenerateReply, ReplyEnded (queue); Ack, Resume, Cancel (link); SheetWanted
          (character); ChatEvents, Awake (sockets); Done, Problem (edge)
Restart   loads the conversation; a live reply goes on from its last committed token

The rule of the stream: frames are put in order, committed, and only then shown and acknowledged.
"""

from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE, SOCKETS
from actors.character.macros import expand_names
from actors.effects import CancelTimer, Effect, Passivate, Send, StartTimer, TimerFired
from actors.live_reply import LiveReply
from actors.message_tree import MessageTree
from actors.messages.archive import (
    AddConversation,
    AddGeneration,
    AddMessage,
    AppendChunk,
    Commit,
    CommitFailed,
    Committed,
    ConversationState,
    DropConversation,
    EndGeneration,
    GenerationKind,
    Loaded,
    MoveHead,
    PinPrompt,
    RenameConversation,
    StoredConversation,
    StoredGeneration,
    StoredMessage,
    Write,
)
from actors.messages.chat import (
    Awake,
    ChatEvent,
    Close,
    Continue,
    ConversationGone,
    Delete,
    Done,
    Edit,
    MessageAdded,
    Open,
    Problem,
    ProblemCode,
    Regenerate,
    Rename,
    ReplyFinished,
    ReplyState,
    ReplyText,
    Select,
    SendText,
    Snapshot,
    StartConversation,
    Stop,
)
from actors.messages.generation import (
    Accepted,
    Ack,
    Cancel,
    CharacterSheet,
    End,
    GenerateReply,
    Progress,
    Resume,
    Sampling,
    SheetMissing,
    SheetWanted,
    Token,
    Turn,
    TurnMessage,
)
from actors.messages.queueing import (
    GaveUp,
    LeaseBelieved,
    Leased,
    LeaseLost,
    Placed,
    QueueFull,
    ReplyEnded,
    SubmitAgain,
    WorkerHeard,
    WorkerSilent,
)
from actors.settings import SessionSettings
from actors.world import World


class CommitTimeoutError(Exception):
    """The archive did not answer in time; the session starts anew from what is durable."""


class FencedOffError(Exception):
    """The archive refused a write of this session: somebody else moved on. It loads the truth."""


class NotBegunError(Exception):
    """A reply without its conversation: a bug. The session starts anew from what is stored."""


class PendingCommit(Struct):
    """A commit that waits or is under way: its writes, known when its turn comes, and what follows them."""

    writes: Callable[[], tuple[Write, ...]]
    then: Callable[[], list[Effect]]
    request: tuple[str, UUID] | None = None  # socket and request key to answer when it is refused


class Session:
    def __init__(self, address: str, settings: SessionSettings, world: World) -> None:
        self.address = address
        self.id = UUID(hex=addresses.key(address))
        self.settings = settings
        self.world = world
        self.conversation: StoredConversation | None = None
        self.tree = MessageTree(self.id)
        self.live: LiveReply | None = None
        self.requests: set[UUID] = set()  # request keys that are durable or on their way
        self.readers: set[str] = set()
        self.commits: deque[PendingCommit] = deque()  # the first one is under way, when `writing`
        self.writing = False
        self.commit_number = 0
        self.nonce = world.new_id().hex  # answers to an earlier incarnation never match
        self.starting: StartConversation | None = None
        self.submit_when_quiet = False
        self.deleting: list[str] = []  # who waits for the conversation to be gone
        self.saving_waits = False  # the readers know that the storage is in trouble

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Loaded(state):
                return self.loaded(state)
            case Token() | End():
                return self.frame_arrived(message, sender)
            case Committed(tag):
                return self.committed(tag)
            case CommitFailed():
                return self.commit_failed(message)
            case Accepted():
                return self.accepted(message, sender)
            case Progress():
                return self.progressed(message, sender)
            case Open():
                return self.opened(message, sender)
            case Close():
                self.readers.discard(sender)
                return self.rest()
            case SendText() | Regenerate() | Edit() | Continue():
                return self.requested(message, sender)
            case Select():
                return self.selected(message, sender)
            case Stop():
                return self.stopped(message, sender)
            case Leased() | LeaseLost() | Placed() | QueueFull() | WorkerSilent() | WorkerHeard() | GaveUp():
                return self.queue_said(message)
            case SubmitAgain(generation):
                return self.submit_again(generation)
            case StartConversation():
                return self.start(message)
            case CharacterSheet() | SheetMissing():
                return self.begin(message)
            case Rename():
                return self.rename(message)
            case Delete():
                return self.delete(message)
            case TimerFired(name):
                return self.timer_fired(name)
            case _:
                raise TypeError(f"session got {type(message).__name__}")

    # -- waking and resting -------------------------------------------------------------------

    def loaded(self, state: ConversationState | Any) -> list[Effect]:
        if not isinstance(state, ConversationState):
            return [Send(SOCKETS, Awake(self.id)), *self.rest()]  # not begun yet, or deleted
        self.conversation = state.conversation
        self.tree = MessageTree(state.conversation.root)
        for message in state.messages:
            self.tree.add(message)
            if message.request_key is not None:
                self.requests.add(message.request_key)
        self.requests.update(key for key, _ in state.request_keys)
        effects: list[Effect] = [Send(SOCKETS, Awake(self.id))]
        if state.live is not None:
            self.live = live = LiveReply(state.live, state.committed, state.committed_text)
            if live.worker:
                live.leased(live.attempt, live.worker)
                effects.append(Send(addresses.worker(live.worker), self.resume(live)))
                effects.append(self.probe_later())
                lease = LeaseBelieved(live.generation.id, self.id, live.attempt)
                effects.append(Send(QUEUE, lease))
            else:
                effects += self.submit(live)
        return effects + self.rest()

    def rest(self) -> list[Effect]:
        """Leave memory after a while of nothing to do."""
        if self.live is None and not self.commits:
            return [StartTimer("idle", self.settings.idle_s)]
        return [CancelTimer("idle")]

    def timer_fired(self, name: str) -> list[Effect]:
        match name:
            case "idle":
                return [Passivate()] if self.live is None and not self.commits else []
            case "probe":
                return self.probe()
            case "gap":
                return self.ask_again_at_gap()
            case "retry":
                return self.next_commit()
            case "submit":  # a queue that knows of it drops the repetition
                return self.submit_again(self.live.generation.id) if self.live is not None else []
            case _:
                return self.commit_timed_out(name)

    def commit_timed_out(self, name: str) -> list[Effect]:
        if self.writing and name == f"commit/{self.commit_number}" and self.commit_number:
            raise CommitTimeoutError(f"no answer within {self.settings.commit_timeout_s:g} s")
        return []  # delivered again to the session that was made anew

    # -- writing ------------------------------------------------------------------------------

    def write(
        self,
        writes: Callable[[], tuple[Write, ...]],
        then: Callable[[], list[Effect]],
        request: tuple[str, UUID] | None = None,
    ) -> list[Effect]:
        """Commit, then go on with `then`. One commit is under way at a time, so their order is ours."""
        self.commits.append(PendingCommit(writes, then, request))
        return self.next_commit()

    def next_commit(self) -> list[Effect]:
        if self.writing or not self.commits:
            return []
        self.writing = True
        self.commit_number += 1
        return [
            Send(ARCHIVE, Commit(self.commits[0].writes(), self.address, self.commit_tag())),
            StartTimer(f"commit/{self.commit_number}", self.settings.commit_timeout_s),
        ]

    def commit_tag(self) -> str:
        return f"{self.nonce}/{self.commit_number}"

    def commit_answered(self) -> CancelTimer:
        self.writing = False
        return CancelTimer(f"commit/{self.commit_number}")

    def committed(self, tag: str) -> list[Effect]:
        if tag != self.commit_tag() or not self.writing:
            return []
        effects: list[Effect] = [self.commit_answered()]
        self.saving_waits = False
        effects += self.commits.popleft().then()
        effects += self.next_commit()
        effects += self.flush()
        if self.submit_when_quiet and self.live is not None:
            effects += self.submit(self.live)
        return effects + self.rest()

    def commit_failed(self, failed: CommitFailed) -> list[Effect]:
        if failed.tag != self.commit_tag() or not self.writing:
            return []
        answered = self.commit_answered()
        if not failed.conflict:  # disk full, database locked: nothing is lost, it waits
            trouble = Problem("storage", f"Saving waits: {failed.why}", self.id)
            told = [] if self.saving_waits else self.to_readers(trouble)
            self.saving_waits = True
            return [answered, StartTimer("retry", self.settings.commit_retry_s), *told]
        refused = self.commits[0]
        if refused.request is None:
            raise FencedOffError(failed.why)
        socket, key = refused.request
        problem = Send(socket, Problem("busy", "The conversation changed meanwhile.", self.id, key))
        return [answered, problem, Passivate()]  # what is in memory is not what is stored: load it anew

    # -- the conversation ---------------------------------------------------------------------

    @property
    def begun(self) -> StoredConversation:
        """The conversation, where there must be one: a live reply has it."""
        if self.conversation is None:
            raise NotBegunError(self.address)
        return self.conversation

    def start(self, message: StartConversation) -> list[Effect]:
        if self.conversation is not None or self.starting is not None:
            return [Send(message.reply_to, Problem("busy", "This conversation exists already.", self.id))]
        self.starting = message
        version = message.character_version
        return [Send(addresses.character(version), SheetWanted(version))]

    def begin(self, sheet: CharacterSheet | SheetMissing) -> list[Effect]:
        """The character is known: the conversation begins with its greetings, the first one shown."""
        asked = self.starting
        if asked is None:
            return []
        self.starting = None
        if isinstance(sheet, SheetMissing):
            return [Send(asked.reply_to, Problem("not_found", "There is no such character.", self.id))]
        root = self.world.new_id()
        now = self.world.utc_ms()
        texts = [text for text in (sheet.first_mes, *sheet.alternate_greetings) if text.strip()]
        greetings = [
            StoredMessage(
                id=self.world.new_id(),
                conversation=self.id,
                parent=root,
                sibling=number,
                role="assistant",
                body=expand_names(text, sheet.name, asked.user_name),
                character_version=asked.character_version,
                created_ms=now,
            )
            for number, text in enumerate(texts)
        ]
        conversation = StoredConversation(
            id=self.id,
            user=asked.user,
            character_version=asked.character_version,
            title=asked.title or sheet.name,
            root=root,
            head=greetings[0].id if greetings else root,
            created_ms=now,
            user_name=asked.user_name,
        )
        writes: list[Write] = [AddConversation(msgspec.structs.replace(conversation, head=root))]
        writes += [AddMessage(greeting, move_head=number == 0) for number, greeting in enumerate(greetings)]

        def begun() -> list[Effect]:
            self.conversation = conversation
            self.tree = MessageTree(root)
            for greeting in greetings:
                self.tree.add(greeting)
            return [Send(asked.reply_to, Done())]

        return self.write(lambda: tuple(writes), begun)

    def rename(self, message: Rename) -> list[Effect]:
        if self.conversation is None or self.deleting:
            return [Send(message.reply_to, self.not_found())]
        if len(self.commits) > self.settings.queued_commands:
            return [Send(message.reply_to, Problem("busy", "Too many changes wait to be saved.", self.id))]
        title = message.title

        def renamed() -> list[Effect]:
            self.conversation = msgspec.structs.replace(self.begun, title=title)
            return [Send(message.reply_to, Done()), *self.snapshot_to_all()]

        return self.write(lambda: (RenameConversation(self.id, title),), renamed)

    def delete(self, message: Delete) -> list[Effect]:
        if self.conversation is None:
            return [Send(message.reply_to, self.not_found())]
        self.deleting.append(message.reply_to)
        if len(self.deleting) > 1:
            return []  # asked twice; both are answered

        def deleted() -> list[Effect]:
            effects: list[Effect] = [Send(waiting, Done()) for waiting in self.deleting]
            effects += self.to_readers(ConversationGone(self.id))
            if self.live is not None:
                effects += self.let_go(self.live)
            self.conversation = None
            self.live = None
            self.commits.clear()
            return [*effects, Passivate()]

        return self.write(lambda: (DropConversation(self.id),), deleted)

    # -- readers ------------------------------------------------------------------------------

    def opened(self, message: Open, sender: str) -> list[Effect]:
        if self.conversation is None:
            return [Send(sender, self.not_found()), *self.rest()]
        self.readers.add(sender)
        return [Send(sender, self.snapshot(self.conversation, message.generation, message.seq)), *self.rest()]

    def snapshot(
        self, conversation: StoredConversation, generation: UUID | None = None, seq: int = 0
    ) -> Snapshot:
        head = self.live.generation.parent if self.live is not None else conversation.head
        live = None
        if self.live is not None:
            live = self.live.shown(self.live_siblings(self.live), generation, seq)
        return Snapshot(
            conversation=self.id,
            title=conversation.title,
            character_version=conversation.character_version,
            head=head,
            messages=tuple(self.tree.shown(message) for message in self.tree.path(head)),
            live=live,
        )

    def snapshot_to_all(self) -> list[Effect]:
        return self.to_readers(self.snapshot(self.conversation)) if self.conversation is not None else []

    def to_readers(self, event: ChatEvent) -> list[Effect]:
        return [Send(reader, event) for reader in sorted(self.readers)]

    def live_siblings(self, live: LiveReply) -> tuple[UUID, ...]:
        return tuple(self.tree.children[live.generation.parent])

    def announce(self, live: LiveReply, progress: float = -1.0) -> list[Effect]:
        return self.to_readers(ReplyState(self.id, live.announced(self.live_siblings(live)), progress))

    def not_found(self) -> Problem:
        return Problem("not_found", "There is no such conversation; it may have been deleted.", self.id)

    # -- requests of people -------------------------------------------------------------------

    def requested(self, message: SendText | Regenerate | Edit | Continue, sender: str) -> list[Effect]:
        if self.conversation is None:
            return [Send(sender, msgspec.structs.replace(self.not_found(), request_key=message.request_key))]
        if message.request_key in self.requests:  # asked again after a cut: it is one request
            return [Send(sender, self.snapshot(self.conversation))]
        refusal = self.refusal(self.conversation, message)
        if refusal is not None:
            code, text = refusal
            return [Send(sender, Problem(code, text, self.id, message.request_key)), *self.rest()]
        return [*self.write_request(self.conversation, message, sender), CancelTimer("idle")]

    def refusal(
        self, conversation: StoredConversation, message: SendText | Regenerate | Edit | Continue
    ) -> tuple[ProblemCode, str] | None:
        """Why the request cannot be done, or None."""
        if self.live is not None or self.commits:
            return "busy", "A reply is still being made: wait for it, or stop it first."
        limit = self.settings.text_limit
        if isinstance(message, SendText | Edit):
            if not message.text.strip():
                return "bad_request", "The message is empty."
            if len(message.text) > limit:
                return "bad_request", f"The message is longer than {limit} characters: shorten it."
        if isinstance(message, SendText):
            parent = conversation.head if message.parent is None else message.parent
            known = parent in self.tree.messages or parent == self.tree.root
        else:
            known = message.message in self.tree.messages and message.message != self.tree.root
        if not known:
            return "not_found", "That message is not in this conversation."
        if isinstance(message, Continue):
            if self.tree.messages[message.message].role != "assistant":
                return "bad_request", "Only a reply can be continued."
        elif isinstance(message, Regenerate):
            target = self.tree.messages[message.message]
            if target.role == "assistant" and target.parent == self.tree.root:
                return "bad_request", "A greeting belongs to the character: edit it instead."
        return None

    def write_request(
        self, conversation: StoredConversation, message: SendText | Regenerate | Edit | Continue, sender: str
    ) -> list[Effect]:
        """The new message and the reply to it, as far as the request asks for them, in one commit."""
        added: StoredMessage | None = None
        generation: StoredGeneration | None = None
        match message:
            case SendText():
                parent = conversation.head if message.parent is None else message.parent
                added = self.new_message(conversation, parent, "user", message.text, message.request_key)
                generation = self.new_generation(
                    conversation, added.id, message.request_key, sampling=message.sampling, seed=message.seed
                )
            case Edit():
                old = self.tree.messages[message.message]
                added = self.new_message(
                    conversation, old.parent, old.role, message.text, message.request_key
                )
                if old.role == "user":
                    generation = self.new_generation(conversation, added.id, message.request_key)
            case Regenerate():
                old = self.tree.messages[message.message]
                parent = old.id if old.role == "user" else old.parent
                generation = self.new_generation(conversation, parent, message.request_key)
            case Continue():
                old = self.tree.messages[message.message]
                generation = self.new_generation(
                    conversation, old.parent, message.request_key, kind="continue", continues=old.body
                )
        writes: list[Write] = [AddMessage(added)] if added is not None else []
        writes += [AddGeneration(generation)] if generation is not None else []
        self.requests.add(message.request_key)
        at_end = added is not None and added.parent == conversation.head

        def written() -> list[Effect]:
            return self.request_written(added, generation, message.request_key, at_end=at_end)

        return self.write(lambda: tuple(writes), written, (sender, message.request_key))

    def request_written(
        self, added: StoredMessage | None, generation: StoredGeneration | None, key: UUID, *, at_end: bool
    ) -> list[Effect]:
        if added is not None:
            self.tree.add(added)
            self.move_head(added.id)
        if generation is None:
            return self.snapshot_to_all()
        live = self.live = LiveReply(generation, (), "")
        effects = self.submit(live)
        if added is None or not at_end:
            return effects + self.snapshot_to_all()
        shown = MessageAdded(self.id, self.tree.shown(added), key)
        return [*effects, *self.to_readers(shown), *self.announce(live)]

    def new_message(
        self, conversation: StoredConversation, parent: UUID, role: Any, text: str, key: UUID | None
    ) -> StoredMessage:
        return StoredMessage(
            id=self.world.new_id(),
            conversation=self.id,
            parent=parent,
            sibling=len(self.tree.children[parent]),
            role=role,
            body=text,
            character_version=conversation.character_version,
            created_ms=self.world.utc_ms(),
            request_key=key,
        )

    def new_generation(
        self,
        conversation: StoredConversation,
        parent: UUID,
        key: UUID,
        *,
        kind: GenerationKind = "reply",
        continues: str = "",
        sampling: Sampling | None = None,
        seed: int | None = None,
    ) -> StoredGeneration:
        return StoredGeneration(
            id=self.world.new_id(),
            conversation=self.id,
            user=conversation.user,
            parent=parent,
            message=self.world.new_id(),
            request_key=key,
            kind=kind,
            continues=continues,
            seed=self.world.new_seed() if seed is None else seed,
            sampling=sampling or self.settings.sampling,
            created_ms=self.world.utc_ms(),
        )

    def move_head(self, head: UUID) -> None:
        self.conversation = msgspec.structs.replace(self.begun, head=head)

    def selected(self, message: Select, sender: str) -> list[Effect]:
        if self.conversation is None or message.message not in self.tree.messages:
            return [Send(sender, self.not_found())]
        if self.live is not None or self.commits:
            text = "A reply is still being made: wait for it, or stop it first."
            return [Send(sender, Problem("busy", text, self.id))]
        head = self.tree.newest_leaf(message.message)

        def moved() -> list[Effect]:
            self.move_head(head)
            return self.snapshot_to_all()

        return self.write(lambda: (MoveHead(self.id, head),), moved)

    # -- the queue ----------------------------------------------------------------------------

    def submit(self, live: LiveReply) -> list[Effect]:
        """Hand the reply to the queue, with what is committed of it."""
        if self.commits:  # a chunk may be on its way: what is committed is known when it is back
            self.submit_when_quiet = True
            return []
        self.submit_when_quiet = False
        return [Send(QUEUE, self.request(live)), StartTimer("submit", self.settings.submit_s)]

    def submit_again(self, generation: UUID) -> list[Effect]:
        if self.live is None or self.live.generation.id != generation:
            return [Send(QUEUE, ReplyEnded(generation)), *self.rest()]
        return self.submit(self.live) if self.live.inbox is None and not self.live.ending else []

    def request(self, live: LiveReply) -> GenerateReply:
        generation = live.generation
        conversation = self.begun
        model, prompt_digest = live.binds
        return GenerateReply(
            generation=generation.id,
            conversation=self.id,
            user=generation.user,
            turn=Turn(
                character=conversation.character_version,
                user_name=conversation.user_name,
                history=self.history(generation.parent),
                continue_text=generation.continues,
                now_ms=generation.created_ms,
            ),
            sampling=generation.sampling,
            seed=generation.seed,
            attempt=live.attempt,
            committed=tuple(live.committed),
            model=model,
            prompt_digest=prompt_digest,
        )

    def history(self, head: UUID) -> tuple[TurnMessage, ...]:
        """The newest messages down to `head`, as many as a frame takes; the worker trims to its context."""
        kept: deque[TurnMessage] = deque()
        left = self.settings.history_chars
        for message in reversed(self.tree.path(head)[-self.settings.history_limit :]):
            left -= len(message.body)
            if left < 0 and kept:
                break
            kept.appendleft(TurnMessage(message.role, message.body))
        return tuple(kept)

    def queue_said(
        self, message: Leased | LeaseLost | Placed | QueueFull | WorkerSilent | WorkerHeard | GaveUp
    ) -> list[Effect]:
        live = self.live
        if live is None or live.generation.id != message.generation or live.ending:
            if isinstance(message, Leased):
                cancel = Cancel(message.generation, message.attempt)
                return [
                    Send(addresses.worker(message.worker), cancel),
                    Send(QUEUE, ReplyEnded(message.generation)),
                ]
            return []
        match message:
            case Leased(_, attempt, worker, committed):
                live.leased(attempt, worker)
                if committed not in {-1, len(live.committed)}:
                    return self.give_back(live)
                return [self.probe_later(), *self.announce(live)]
            case LeaseLost(_, attempt):
                if attempt < live.attempt:
                    return []
                live.lost(attempt)
                return [*self.announce(live), *self.submit(live)]
            case Placed():
                live.place = message
                return self.announce(live)
            case QueueFull(_, limit):
                why = f"{limit} replies are waiting already: try again in a while."
                return self.finish(live, "failed", "queue_full", why=why)
            case GaveUp(_, why):
                return self.finish(live, "failed", "no_worker", why=why)
            case WorkerSilent(_, attempt):
                if live.inbox is None or attempt != live.attempt:
                    return []
                live.state = "suspended"
                return self.announce(live)
            case WorkerHeard(_, attempt):
                if live.inbox is None or attempt != live.attempt:
                    return []
                live.state = "streaming" if live.accepted else "leased"
                return [Send(addresses.worker(live.worker), self.resume(live)), *self.announce(live)]

    def give_back(self, live: LiveReply) -> list[Effect]:
        """The worker was told of fewer tokens than are durable (this session was made anew meanwhile, under
        the lease before): what it makes would not follow from them.
        """
        cancel = Send(addresses.worker(live.worker), Cancel(live.generation.id, live.attempt))
        live.lost(live.attempt)
        return [cancel, Send(QUEUE, ReplyEnded(live.generation.id)), *self.submit(live)]

    # -- the stream ---------------------------------------------------------------------------

    def current(self, frame: Accepted | Progress | Token | End, sender: str) -> LiveReply | None:
        """The live reply, where the frame is of its attempt and comes from the worker that has the lease."""
        live = self.live
        if live is None or not live.is_current(frame.generation, frame.attempt):
            return None
        return live if sender == addresses.worker(live.worker) else None

    def frame_arrived(self, frame: Token | End, sender: str) -> list[Effect]:
        live = self.current(frame, sender)
        if live is None:
            return self.stray(frame.generation, frame.attempt, sender)
        if live.ending:
            return []
        live.heard = True
        if frame.seq < len(live.committed):  # the acknowledgement was lost
            return [Send(sender, self.ack(live))]
        if live.too_long(frame):
            return self.finish(live, "failed", "failed", why="The GPU box made more than it was asked for.")
        live.take(frame)
        return [*self.watch_gap(live), *self.flush()]

    def stray(self, generation: UUID, attempt: int, sender: str) -> list[Effect]:
        """A frame of an attempt that is over: tell the worker to stop."""
        live = self.live
        if live is not None and live.generation.id == generation and attempt > live.attempt:
            return []  # its lease is about to be announced
        if live is not None and live.inbox is None and not live.ending and attempt == live.attempt:
            return []  # between two leases; the queue decides
        return [Send(sender, Cancel(generation, attempt))]

    def accepted(self, message: Accepted, sender: str) -> list[Effect]:
        live = self.current(message, sender)
        if live is None:
            return self.stray(message.generation, message.attempt, sender)
        if live.accepted or live.ending:
            return []
        live.heard = True
        if not live.agrees(message):
            why = "The worker has another model or prompt than the one this reply was begun with."
            return self.finish(live, "failed", "model_changed", why=why)
        live.accepted = True
        live.state = "streaming"
        live.pin(message)
        return [*self.announce(live), *self.flush()]

    def progressed(self, message: Progress, sender: str) -> list[Effect]:
        live = self.current(message, sender)
        if live is None or message.total <= 0:
            return []
        live.heard = True
        return self.announce(live, message.done / message.total)

    def flush(self) -> list[Effect]:
        """Commit what has arrived in order, unless a commit is under way: then it goes with the next."""
        live = self.live
        if live is None or self.commits or live.ending or not live.accepted:
            return []
        limit = self.settings.chunk_tokens
        tokens, live.arrived = live.arrived[:limit], live.arrived[limit:]
        if live.end is not None and not live.arrived:
            return self.complete(live, tokens, live.end)
        if not tokens:
            return []
        writes: list[Write] = []
        if not live.pinned:
            mine = live.generation
            writes.append(PinPrompt(mine.id, mine.model, mine.prompt_digest))
        writes.append(
            AppendChunk(
                generation=live.generation.id,
                attempt=live.attempt,
                first_seq=len(live.committed),
                token_ids=tuple(token.token_id for token in tokens),
                text="".join(token.text for token in tokens),
            )
        )

        def durable() -> list[Effect]:
            live.pinned = True
            return self.show(live, tokens)

        return self.write(lambda: tuple(writes), durable)

    def show(self, live: LiveReply, tokens: list[Token]) -> list[Effect]:
        """The tokens are durable: the readers may have them, the link may forget them."""
        first = len(live.committed)
        text = live.durable(tokens)
        seq = len(live.committed)
        effects = self.to_readers(ReplyText(self.id, live.generation.id, first, seq, text))
        if live.worker:
            effects.append(Send(addresses.worker(live.worker), self.ack(live)))
        return effects

    def ack(self, live: LiveReply) -> Ack:
        return Ack(live.generation.id, live.attempt, len(live.committed))

    def complete(self, live: LiveReply, tokens: list[Token], end: End) -> list[Effect]:
        """The worker's End is in order: the reply is what is committed and these last tokens."""
        text = "".join(token.text for token in tokens) + end.text
        match end.reason:
            case "stop" | "length":
                return self.finish(live, "done", end.reason, more=text, tokens=len(tokens))
            case "cancelled":
                return self.finish(live, "cancelled", end.reason, more=text, tokens=len(tokens))
            case "refused" | "failed":
                return self.finish(live, "failed", end.reason, more=text, tokens=len(tokens), why=end.why)

    def finish(
        self,
        live: LiveReply,
        state: Any,
        reason: str,
        *,
        more: str = "",
        tokens: int = 0,
        why: str = "",
    ) -> list[Effect]:
        """Compact the reply into its message and end it; what is neither committed nor in `more` is lost."""
        live.ending = True
        conversation = self.begun
        message: StoredMessage | None = None

        def writes() -> tuple[Write, ...]:
            nonlocal message
            made = live.text + more
            if made or (state == "done" and live.generation.continues):
                text = live.generation.continues + made
                message = msgspec.structs.replace(
                    self.new_message(conversation, live.generation.parent, "assistant", text, None),
                    id=live.generation.message,
                    generation=live.generation.id,
                    ended=reason,
                    tokens=len(live.committed) + tokens,
                )
            return (EndGeneration(live.generation.id, state, reason, message, why),)

        return self.write(writes, lambda: self.ended(live, message, reason, why))

    def ended(self, live: LiveReply, message: StoredMessage | None, reason: str, why: str) -> list[Effect]:
        shown = None
        if message is not None:
            self.tree.add(message)
            self.move_head(message.id)
            shown = self.tree.shown(message)
        self.live = None
        back = self.snapshot_to_all() if message is None else []  # to what was shown before
        return [
            *self.to_readers(ReplyFinished(self.id, live.generation.id, reason, shown, why)),
            *back,
            *self.let_go(live),
            CancelTimer("probe"),
            CancelTimer("gap"),
            *self.rest(),
        ]

    def let_go(self, live: LiveReply) -> list[Effect]:
        """Nobody need work on it any more."""
        effects: list[Effect] = [Send(QUEUE, ReplyEnded(live.generation.id))]
        if live.worker:
            effects.append(Send(addresses.worker(live.worker), Cancel(live.generation.id, live.attempt)))
        return effects

    def stopped(self, message: Stop, sender: str) -> list[Effect]:
        live = self.live
        if live is None or live.generation.id != message.generation:
            return [Send(sender, self.snapshot(self.conversation))] if self.conversation is not None else []
        if live.ending:
            return []
        return self.finish(live, "cancelled", "cancelled")

    # -- silence and gaps ---------------------------------------------------------------------

    def resume(self, live: LiveReply) -> Resume:
        return Resume(live.generation.id, live.attempt, len(live.committed), self.id)

    def probe_later(self) -> StartTimer:
        return StartTimer("probe", self.settings.probe_s)

    def probe(self) -> list[Effect]:
        """Nothing came for a while: ask the worker to send from where we stand."""
        live = self.live
        if live is None or live.inbox is None or live.ending:
            return []
        heard, live.heard = live.heard, False
        if heard or self.commits:
            return [self.probe_later()]
        lease = LeaseBelieved(live.generation.id, self.id, live.attempt)
        return [
            Send(addresses.worker(live.worker), self.resume(live)),
            Send(QUEUE, lease),
            self.probe_later(),
        ]

    def watch_gap(self, live: LiveReply) -> list[Effect]:
        """Frames are missing: wait a moment, for they may only be out of order."""
        if live.asking or not live.has_gap():
            return []
        live.asking = True
        return [StartTimer("gap", self.settings.gap_s)]

    def ask_again_at_gap(self) -> list[Effect]:
        live = self.live
        if live is None:
            return []
        live.asking = live.has_gap() and not live.ending
        if not live.asking:
            return []
        next_seq = live.inbox.next_seq if live.inbox else 0
        resume = Resume(live.generation.id, live.attempt, next_seq, self.id)
        return [Send(addresses.worker(live.worker), resume), StartTimer("gap", self.settings.probe_s)]
