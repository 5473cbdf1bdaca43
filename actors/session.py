"""Session: one conversation. It alone writes the conversation's rows.

Receives  Loaded; StartConversation, Rename, ChangeVersion, ChangeGroup, Delete, Restore, AskTurn, AskMap,
          ShelfChanged, ChosenChanged, SaveSummary, RemoveSummary, WriteSummary, SetSummaries (edge); Open,
          Older, Close, SendText, Regenerate, Edit, Continue, Speak, Impersonate, Stop, Select, RemoveMessage,
          RestoreMessage, Bookmark, Purge (sockets); CharacterSheet (character); Leased, LeaseLost, Placed,
          QueueFull, OverLimit, Dismissed, WorkerSilent, WorkerHeard, GaveUp, SubmitAgain, BackgroundLeased,
          BackgroundLost (queue); Accepted, Traced, Progress, Token, End, Burst (link); Committed,
          CommitFailed (archive)
Sends     Commit (archive); GenerateReply, ReplyEnded (queue); Ack, Resume, Cancel (link); SheetWanted
          (character); ChatEvents, Awake (sockets); Done, NextTurn, ConversationMap, Problem (edge)
Restart   loads the conversation; a live reply goes on from its last committed token

Its parts are in conversation/: what the queue says (leasing.py), the frames of the worker on their way to the
readers (reply_stream.py), what it does while nobody waits (idle_work.py).
"""

from typing import Any
from uuid import UUID

import msgspec

from actors import addresses
from actors.addresses import QUEUE, SOCKETS
from actors.conversation import tree_changes
from actors.conversation.casting import Casting
from actors.conversation.changes import Change, change_of, needs_quiet
from actors.conversation.chosen import persona_of
from actors.conversation.ending import Ending, EndRows
from actors.conversation.idle_work import TIMER as BACKGROUND
from actors.conversation.idle_work import IdleWork
from actors.conversation.leasing import Leasing
from actors.conversation.live_reply import LiveReply
from actors.conversation.message_tree import MessageTree
from actors.conversation.next_turn import next_turn
from actors.conversation.pages import Shown
from actors.conversation.reply_stream import ReplyStream
from actors.conversation.requests import Made, Maker, Request, refusal
from actors.conversation.saving import Saving
from actors.conversation.shelf import Shelf
from actors.conversation.tree_map import map_of
from actors.effects import CancelTimer, Effect, Passivate, Send, StartTimer, TimerFired
from actors.messages.archive import CommitFailed, Committed, ConversationState, Loaded, Write
from actors.messages.chat import (
    AskMap,
    Awake,
    Bookmark,
    ChangeGroup,
    ChangeVersion,
    ChatEvent,
    Close,
    Continue,
    ConversationGone,
    Delete,
    Done,
    Edit,
    Impersonate,
    MessageAdded,
    MessageChanged,
    Older,
    Open,
    Problem,
    ProblemCode,
    Purge,
    Regenerate,
    RemoveMessage,
    RemoveSummary,
    Rename,
    ReplyState,
    Restore,
    RestoreMessage,
    SaveSummary,
    Select,
    SendText,
    SetSummaries,
    Snapshot,
    Speak,
    StartConversation,
    Stop,
    WriteSummary,
)
from actors.messages.choices import Chosen, ChosenChanged
from actors.messages.conversations import OutdateSummaries, StoredConversation
from actors.messages.filing import RemoveConversation
from actors.messages.generation import (
    Accepted,
    Burst,
    Cancel,
    CharacterSheet,
    End,
    Progress,
    SheetMissing,
    Token,
    Traced,
)
from actors.messages.lore import ShelfChanged
from actors.messages.preview import AskTurn
from actors.messages.queueing import (
    BackgroundLeased,
    BackgroundLost,
    Dismissed,
    GaveUp,
    LeaseBelieved,
    Leased,
    LeaseLost,
    OverLimit,
    Placed,
    QueueFull,
    ReplyEnded,
    SubmitAgain,
    WorkerHeard,
    WorkerSilent,
)
from actors.messages.replies import StoredGeneration
from actors.messages.shares import SpendTokens
from actors.settings import SessionSettings
from actors.world import World, day_of


class FencedOffError(Exception):
    """The archive refused a write of this session: somebody else moved on. It loads the truth."""


class NotBegunError(Exception):
    """A reply without its conversation: a bug. The session starts anew from what is stored."""


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
        self.utc_offset_min = 0  # of the newest of them
        self.saving = Saving(address, world.new_id().hex, settings)
        self.casting = Casting(self.id, settings, world)
        self.shelf = Shelf((), settings.lore_bytes)
        self.chosen = Chosen()
        self.idle = IdleWork(self)
        self.stream = ReplyStream(self, self.idle.summaries)
        self.leasing = Leasing(self, self.stream, self.idle)
        self.may_leave = False  # the timer runs
        self.deleting: list[str] = []  # who waits for the conversation to be gone
        self.suggestion: StoredGeneration | None = None  # the newest impersonation that has ended

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Committed(tag):
                return self.committed(tag)
            case Token() | End() | Accepted() | Traced() | Progress() if self.idle.has(message.generation):
                return self.idle.frame(message, sender)
            case Burst() if self.idle.has(message.generation):
                return [effect for frame in message.frames for effect in self.idle.frame(frame, sender)]
            case Token() | End():
                return self.stream.frames_arrived((message,), sender)
            case Burst():
                return self.stream.burst_arrived(message, sender)
            case Loaded(state):
                return self.loaded(state)
            case CommitFailed():
                return self.commit_failed(message)
            case Accepted():
                return self.stream.accepted(message, sender)
            case Traced():
                return self.stream.traced(message, sender)
            case Progress():
                return self.stream.progressed(message, sender)
            case Open():
                return self.opened(message, sender)
            case Close():
                self.readers.discard(sender)
                return self.rest()
            case Older():
                return self.asked_for_older(message, sender)
            case SendText() | Regenerate() | Edit() | Continue() | Speak() | Impersonate():
                return self.requested(message, sender)
            case Select() | RemoveMessage() | RestoreMessage() | Bookmark() | Purge():
                return self.changed(message, sender)
            case AskMap():
                return self.asked_for_map(message)
            case Stop():
                return self.stopped(message, sender)
            case (
                Leased()
                | LeaseLost()
                | Placed()
                | QueueFull()
                | OverLimit()
                | Dismissed()
                | WorkerSilent()
                | WorkerHeard()
                | GaveUp()
            ):
                return self.leasing.queue_said(message)
            case BackgroundLeased() | BackgroundLost():
                return self.idle.queue_said(message)
            case SaveSummary() | RemoveSummary() | WriteSummary() | SetSummaries():
                return self.idle.command(message)
            case SubmitAgain(generation):
                return [] if self.leasing.is_asking(message) else self.leasing.submit_again(generation)
            case StartConversation() | ChangeGroup():
                return self.cast(message)
            case CharacterSheet() | SheetMissing():
                return self.sheet_came(message)
            case Rename() | ChangeVersion():
                return self.change(message)
            case Delete():
                return self.delete(message)
            case AskTurn():
                return self.asked_turn(message)
            case ShelfChanged():
                return self.shelf_changed(message)
            case ChosenChanged(chosen):
                self.chosen = chosen
                return self.snapshot_to_all()
            case Restore():
                return self.restore(message)
            case TimerFired(name):
                return self.timer_fired(name)
            case _:
                raise TypeError(f"session got {type(message).__name__}")

    # -- waking and resting -------------------------------------------------------------------

    def loaded(self, state: ConversationState | Any) -> list[Effect]:
        if not isinstance(state, ConversationState):
            return [Send(SOCKETS, Awake(self.id)), *self.rest()]  # not begun yet, or deleted
        self.conversation = state.conversation
        self.shelf = Shelf(state.shelf, self.settings.lore_bytes)
        self.chosen = state.chosen
        self.suggestion = state.suggestion
        self.tree = MessageTree(state.conversation.root, state.conversation.user_name)
        self.tree.grow(state.messages)
        self.requests.update(one.request_key for one in state.messages if one.request_key is not None)
        self.requests.update(key for key, _ in state.request_keys)
        self.idle.summaries.loaded(state.summaries, state.report)
        effects: list[Effect] = [Send(SOCKETS, Awake(self.id))]
        if state.live is not None:
            self.live = live = LiveReply(
                state.live, state.committed, state.committed_text, state.committed_thoughts
            )
            if live.worker:
                live.leased_still()
                effects.append(Send(addresses.worker(live.worker), self.stream.resume(live)))
                effects.append(self.stream.probe_later())
                lease = LeaseBelieved(live.generation.id, self.id, live.attempt)
                effects.append(Send(QUEUE, lease))
            else:
                effects += self.leasing.submit(live)
        return effects + self.rest()

    @property
    def rests(self) -> bool:
        return self.live is None and not self.saving.busy and self.idle.job is None

    def rest(self) -> list[Effect]:
        """Leave memory after a while of nothing to do."""
        if self.live is None and not self.saving.busy:
            self.may_leave = True
            return [StartTimer("idle", self.settings.idle_s), *self.idle.look()]
        if not self.may_leave:  # asked for each token
            return []
        self.may_leave = False
        return [CancelTimer("idle")]

    def timer_fired(self, name: str) -> list[Effect]:
        match name:
            case "idle":
                return [Passivate()] if self.rests else self.rest()
            case name if name == BACKGROUND:
                return self.idle.timer_fired()
            case "probe":
                return self.stream.probe()
            case "gap":
                return self.stream.ask_again_at_gap()
            case "retry":
                return self.saving.next()
            case "submit":  # a queue that knows of it drops the repetition
                return self.leasing.submit_again(self.live.generation.id) if self.live is not None else []
            case _:
                return self.saving.timed_out()

    # -- writing ------------------------------------------------------------------------------

    def committed(self, tag: str) -> list[Effect]:
        commit = self.saving.answered(tag)
        if commit is None:
            return []
        self.saving.done()
        effects = [*commit.then(), *self.saving.next(), *self.stream.flush()]
        return [*effects, *self.leasing.quiet(), *self.rest()]

    def commit_failed(self, failed: CommitFailed) -> list[Effect]:
        told = self.saving.in_trouble
        commit = self.saving.answered(failed.tag)
        if commit is None:
            return []
        if not failed.conflict:
            trouble = Problem("storage", f"Saving waits: {failed.why}", self.id)
            later = [*self.leasing.withdraw(), *self.saving.retry_later()]
            return [*later, *([] if told else self.to_readers(trouble))]
        if commit.request is None:
            raise FencedOffError(failed.why)
        socket, key = commit.request
        problem = Problem("busy", "The conversation changed meanwhile.", self.id, key)
        # What is in memory is not what is stored: load it anew.
        return [Send(socket, problem), *self.leasing.withdraw(), Passivate()]

    # -- the conversation ---------------------------------------------------------------------

    @property
    def begun(self) -> StoredConversation:
        """The conversation, where there must be one: a live reply has it."""
        if self.conversation is None:
            raise NotBegunError(self.address)
        return self.conversation

    def cast(self, command: StartConversation | ChangeGroup) -> list[Effect]:
        """Who is in the conversation, at its beginning or from now on."""
        late = self.busy() if isinstance(command, ChangeGroup) else None
        refused = self.casting.refusal(command, self.conversation) or late
        if refused is not None:
            return [Send(command.reply_to, Problem(*refused, self.id))]
        if isinstance(command, StartConversation):
            self.shelf, self.chosen = Shelf(command.shelf, self.settings.lore_bytes), command.chosen
        return [*self.casting.ask(command, self.conversation), *self.carry_out()]

    def sheet_came(self, sheet: CharacterSheet | SheetMissing) -> list[Effect]:
        self.casting.take(sheet)
        return self.carry_out()

    def carry_out(self) -> list[Effect]:
        """The characters are known: it is as it was asked for, and begins with their greetings."""
        command = self.casting.complete()
        if command is None:
            return []
        late = self.busy() if isinstance(command, ChangeGroup) else None
        cast = late or self.casting.cast(command, self.conversation, self.tree)
        if isinstance(cast, tuple):
            return [Send(command.reply_to, Problem(*cast, self.id))]

        def written() -> list[Effect]:
            if self.conversation is None:
                self.tree = MessageTree(cast.conversation.root, cast.conversation.user_name)
            self.conversation = cast.conversation
            for message in cast.added:
                self.tree.add(message)
            return [Send(command.reply_to, Done()), *self.snapshot_to_all()]

        return self.saving.write(cast.writes, written)

    def shelf_changed(self, message: ShelfChanged) -> list[Effect]:
        if message.user == (
            self.conversation.user if self.conversation is not None else self.casting.starter
        ):
            self.shelf = Shelf(message.shelf, self.settings.lore_bytes)
        return []

    def change(self, message: Change) -> list[Effect]:
        conversation = self.conversation
        if conversation is None or self.deleting:
            return [Send(message.reply_to, self.not_found())]
        if needs_quiet(message) and (refused := self.busy()) is not None:
            return [Send(message.reply_to, Problem(*refused, self.id))]
        if len(self.saving.commits) > self.settings.queued_commands:
            return [Send(message.reply_to, Problem("busy", "Too many changes wait to be saved.", self.id))]
        write, applied = change_of(conversation, message)

        def changed() -> list[Effect]:
            self.conversation = applied(self.begun)
            return [Send(message.reply_to, Done()), *self.snapshot_to_all()]

        return [*self.idle.stop(), *self.saving.write(lambda: (write,), changed)]

    def delete(self, message: Delete) -> list[Effect]:
        if self.conversation is None:
            return [Send(message.reply_to, self.not_found())]
        self.deleting.append(message.reply_to)
        if len(self.deleting) > 1:
            return []  # asked twice; both are answered

        def deleted() -> list[Effect]:
            effects: list[Effect] = [Send(waiting, Done()) for waiting in self.deleting]
            effects += self.to_readers(ConversationGone(self.id))
            effects += self.let_go(self.live) if self.live is not None else self.idle.stop()
            self.conversation = None
            self.live = None
            self.saving.commits.clear()
            return [*effects, Passivate()]

        def writes() -> tuple[Write, ...]:
            removal, live = RemoveConversation(self.id, self.world.utc_ms()), self.live
            if live is None:
                return (removal,)
            live.ending = True
            rows = Ending("cancelled", "cancelled").rows(live, self.maker(self.begun))
            return (*rows.writes(), *self.spending(live), removal)

        return self.saving.write(writes, deleted)

    def restore(self, message: Restore) -> list[Effect]:
        """What is stored is loaded anew with the next message."""
        if self.conversation is not None:
            return [Send(message.reply_to, Done())]
        restored = [Send(message.reply_to, Done()), Passivate()]
        return self.saving.write(lambda: (RemoveConversation(self.id, 0),), lambda: list(restored))

    # -- readers ------------------------------------------------------------------------------

    def opened(self, message: Open, sender: str) -> list[Effect]:
        if self.conversation is None:
            return [Send(sender, self.not_found()), *self.rest()]
        self.readers.add(sender)
        self.utc_offset_min = message.utc_offset_min
        snapshot = self.snapshot(self.conversation, message.generation, message.seq, older_changed=True)
        return [Send(sender, snapshot), *self.rest()]

    def snapshot(
        self,
        conversation: StoredConversation,
        generation: UUID | None = None,
        seq: int = 0,
        *,
        older_changed: bool = False,
    ) -> Snapshot:
        live = self.live.shown(self.live_siblings(self.live), generation, seq) if self.live else None
        shown = Shown(conversation, self.tree, self.settings)
        persona = persona_of(self.chosen)
        snapshot = shown.snapshot(live, self.suggestion, persona, older_changed=older_changed)
        kept = self.idle.summaries
        return msgspec.structs.replace(snapshot, summaries=kept.shown(self.idle.job), context=kept.context())

    def snapshot_to_all(self, *, older_changed: bool = False) -> list[Effect]:
        if self.conversation is None:
            return []
        return self.to_readers(self.snapshot(self.conversation, older_changed=older_changed))

    def asked_for_older(self, message: Older, sender: str) -> list[Effect]:
        shown = Shown(self.conversation, self.tree, self.settings) if self.conversation else None
        found = shown.older(message) if shown is not None else None
        return [Send(sender, found if found is not None else self.not_found()), *self.rest()]

    def asked_for_map(self, message: AskMap) -> list[Effect]:
        found = map_of(self.tree, self.head) if self.conversation is not None else self.not_found()
        return [Send(message.reply_to, found), *self.rest()]

    @property
    def head(self) -> UUID:
        """The end of the shown path: above a reply that is being made."""
        return self.live.generation.parent if self.live is not None else self.begun.head

    def to_readers(self, event: ChatEvent) -> list[Effect]:
        return [Send(reader, event) for reader in sorted(self.readers)]

    def live_siblings(self, live: LiveReply) -> tuple[UUID, ...]:
        return tuple(self.tree.children[live.generation.parent])

    def announce(self, live: LiveReply, progress: float = -1.0) -> list[Effect]:
        return self.to_readers(ReplyState(self.id, live.announced(self.live_siblings(live)), progress))

    def not_found(self) -> Problem:
        return Problem("not_found", "There is no such conversation; it may have been deleted.", self.id)

    # -- requests of people -------------------------------------------------------------------

    def asked_turn(self, message: AskTurn) -> list[Effect]:
        if self.conversation is None:
            return [Send(message.reply_to, self.not_found()), *self.rest()]
        summary = self.idle.summaries.standing(self.conversation.head)
        turn = next_turn(self.maker(self.conversation), message, summary)
        return [Send(message.reply_to, turn), *self.rest()]

    def requested(self, message: Request, sender: str) -> list[Effect]:
        if self.conversation is None:
            return [Send(sender, msgspec.structs.replace(self.not_found(), request_key=message.request_key))]
        if message.request_key in self.requests:  # asked again after a cut: it is one request
            return [Send(sender, self.snapshot(self.conversation))]
        refused = self.busy() or refusal(self.conversation, self.tree, message, self.settings.text_limit)
        if refused is not None:
            code, text = refused
            return [Send(sender, Problem(code, text, self.id, message.request_key)), *self.rest()]
        made = self.maker(self.conversation).made(message)
        self.requests.add(message.request_key)
        at_end = made.message is not None and made.message.parent == self.conversation.head
        stale = self.idle.summaries.outdating(made.revision.message) if made.revision is not None else ()

        def writes() -> tuple[Write, ...]:
            return (*made.writes(), *stale)

        def written() -> list[Effect]:
            told = self.request_written(made, message.request_key, at_end=at_end)
            return [*told, *self.summaries_outdated(stale)] if made.revision is not None else told

        return [
            *self.idle.stop(),
            *self.leasing.ask_early(made),
            *self.saving.write(writes, written, (sender, message.request_key)),
            CancelTimer("idle"),
        ]

    def summaries_outdated(self, stale: tuple[OutdateSummaries, ...]) -> list[Effect]:
        self.idle.forget_drafts()
        return self.idle.summaries.outdated(stale)

    def busy(self) -> tuple[ProblemCode, str] | None:
        """Why nothing new can be asked for now, or None."""
        if self.live is None and not self.saving.busy:
            return None
        return "busy", "A reply is still being made: wait for it, or stop it first."

    def maker(self, conversation: StoredConversation) -> Maker:
        maker = (conversation, self.tree, self.world, self.settings, self.shelf)
        return Maker(*maker, self.utc_offset_min, self.chosen)

    def request_written(self, made: Made, key: UUID, *, at_end: bool) -> list[Effect]:
        added, generation = made.message, made.generation
        if made.revision is not None:
            old = self.tree.messages[made.revision.message]
            revised = msgspec.structs.replace(old, body=made.revision.body, revised=True, seam=-1)
            self.tree.put(revised)
            return self.to_readers(MessageChanged(self.id, self.tree.shown(revised), key))
        if added is not None:
            self.tree.add(added)
            self.move_head(added.id)
        if generation is None:
            return self.snapshot_to_all()
        asking = self.leasing.written()
        live = self.live = asking.live
        if added is None or not at_end:
            told = self.snapshot_to_all()
        else:
            told = self.to_readers(MessageAdded(self.id, self.tree.shown(added), key)) + self.announce(live)
        return told + self.leasing.begin(asking)

    def move_head(self, head: UUID) -> None:
        self.conversation = msgspec.structs.replace(self.begun, head=head)

    def changed(self, message: tree_changes.TreeChange, sender: str) -> list[Effect]:
        if self.conversation is None:
            return [Send(sender, self.not_found())]
        if tree_changes.holds(self.tree, self.head, message):
            return [Send(sender, self.snapshot(self.conversation)), *self.rest()]
        refused = tree_changes.refusal(self.tree, message) or self.busy()
        if refused is not None:
            return [Send(sender, Problem(*refused, self.id)), *self.rest()]
        change = tree_changes.changed(self.id, self.tree, self.head, message)
        stale = self.idle.summaries.outdating(change.alone) if change.alone is not None else ()

        def written() -> list[Effect]:
            change.apply(self.tree)
            self.move_head(change.head)
            if change.named is not None:
                return self.to_readers(
                    MessageChanged(self.id, self.tree.shown(self.tree.messages[change.named]))
                )
            self.idle.summaries.forget(change.forgotten)
            if change.alone is not None:
                self.summaries_outdated(stale)
            return self.snapshot_to_all(older_changed=bool(change.put or change.dropped))

        return [*self.idle.stop(), *self.saving.write(lambda: (*change.writes, *stale), written)]

    def finish(self, live: LiveReply, ending: Ending) -> list[Effect]:
        """Compact the reply into its message and end it."""
        live.ending = True
        maker = self.maker(self.begun)
        rows: EndRows | None = None

        def writes() -> tuple[Write, ...]:
            nonlocal rows
            rows = ending.rows(live, maker)
            live.last_tokens = ending.tokens
            trace = live.tracing.kept(live.generation, live.attempt, rows.message, self.world.monotonic_s())
            return (*rows.writes(), *trace, *self.spending(live))

        return self.saving.write(writes, lambda: self.ended(live, rows) if rows is not None else [])

    def spending(self, live: LiveReply) -> tuple[Write, ...]:
        """What was written for the user, in the transaction that ends it: once, whatever becomes of us."""
        day = day_of(self.world.utc_ms())
        return (SpendTokens(live.generation.user, day, live.served),) if live.served else ()

    def ended(self, live: LiveReply, rows: EndRows) -> list[Effect]:
        message, shown = rows.message, None
        if message is not None:
            self.tree.add(message)
            self.move_head(message.id)
            shown = self.tree.shown(message)
        self.live = None
        if rows.draft:
            self.suggestion = msgspec.structs.replace(live.generation, made=rows.draft)
        back = self.snapshot_to_all() if message is None else []  # to what was shown before
        return [
            *self.to_readers(rows.told(shown)),
            *back,
            *self.idle.summaries.tell_context(),
            *self.let_go(live),
            CancelTimer("probe"),
            CancelTimer("gap"),
            *self.go_on(rows),
            *self.rest(),
        ]

    def go_on(self, rows: EndRows) -> list[Effect]:
        """The next member of a round speaks, unless somebody stopped it meanwhile."""
        if rows.follows is None:
            return []
        live = self.live = LiveReply(rows.follows, (), "")
        live.before = rows.live.generation.id
        if rows.live.unwanted:
            return self.finish(live, Ending("cancelled", "cancelled"))
        return [*self.leasing.submit(live), *self.announce(live)]

    def let_go(self, live: LiveReply) -> list[Effect]:
        """Nobody need work on it any more."""
        ended = ReplyEnded(live.generation.id, live.served, live.prompt_tokens)
        effects: list[Effect] = [Send(QUEUE, ended)]
        if live.worker:
            effects.append(Send(addresses.worker(live.worker), Cancel(live.generation.id, live.attempt)))
        return effects

    def stopped(self, message: Stop, sender: str) -> list[Effect]:
        live = self.live
        if live is None or not self.stops(live, message.generation):
            return [Send(sender, self.snapshot(self.conversation))] if self.conversation is not None else []
        if live.ending:
            live.unwanted = True
            return []
        return self.finish(live, Ending("cancelled", "cancelled"))

    def stops(self, live: LiveReply, generation: UUID) -> bool:
        """Of a round somebody may still see the reply before; what was asked for below it stands alone."""
        return generation in {live.generation.id, live.before}
