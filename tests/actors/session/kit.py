"""A session on a stage: its commits go to a disk in memory when the test says so."""

from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE
from actors.messages.accounts import AddAccount
from actors.messages.archive import Commit, CommitFailed, Committed, Load, Loaded
from actors.messages.chat import (
    LiveReply,
    Open,
    Problem,
    ReplyState,
    SendText,
    Snapshot,
    StartConversation,
)
from actors.messages.conversations import StoredMessage
from actors.messages.generation import (
    Accepted,
    Ack,
    CharacterSheet,
    End,
    Resume,
    Token,
)
from actors.messages.library import AddCharacterVersion
from actors.messages.queueing import (
    Leased,
    LeaseLost,
)
from actors.messages.replies import LeaseGeneration, StoredGeneration
from actors.session import Session
from actors.settings import SessionSettings
from tests.actors.kit import (
    BOX,
    CHARACTER,
    SHEET,
    Said,
    Writer,
    accepted,
    end,
    new_world,
    token,
    uid,
)
from tests.fakes.memory_disk import Forbidden, MemoryDisk

Frame = TypeVar("Frame", Accepted, Token, End)

CONVERSATION = uid(0x5E55)
ADDRESS = addresses.session(CONVERSATION)
USER = uid(0xA)
SETTINGS = SessionSettings(text_limit=100, queued_commands=2, chunk_tokens=8)


def new_disk(sheet: CharacterSheet = SHEET) -> MemoryDisk:
    disk = MemoryDisk()
    version = AddCharacterVersion(
        character=uid(1),
        version=CHARACTER,
        owner=USER,
        sheet=sheet,
        card=b"{}",
        content_hash=bytes(32),
        tagline="",
        tags=(),
        portrait="",
        created_ms=0,
    )
    disk.write((AddAccount(USER, "Anna", "owner", "", 0), version))
    return disk


class Talk(Writer):
    """One conversation, with a reader."""

    def __init__(self, settings: SessionSettings = SETTINGS, sheet: CharacterSheet = SHEET) -> None:
        self.settings = settings
        self.sheet = sheet
        self.disk = new_disk(sheet)
        self.attempt = 0
        world = new_world()
        super().__init__(Session(ADDRESS, settings, world), world)
        self.wake()

    @property
    def session(self) -> Session:
        assert isinstance(self.actor, Session)
        return self.actor

    def wake(self) -> Said:
        """Load, as the runtime does it."""
        return self.tell(Loaded(self.disk.read(Load("session", CONVERSATION.hex, ADDRESS))), ADDRESS)

    def restart(self) -> Said:
        """A new incarnation; what the old one had not committed is gone, and its timers."""
        self.actor = Session(ADDRESS, self.settings, self.world)
        self.timers.clear()
        self.commits.clear()
        return self.wake()

    # -- the archive --------------------------------------------------------------------------

    def write(self) -> Commit:
        """The oldest commit becomes durable; nobody hears of it yet."""
        commit = self.commits.pop(0)
        self.disk.write(commit.writes)
        return commit

    def commit(self) -> Said:
        """The oldest commit is answered as the storage does it."""
        commit = self.commits[0]
        try:
            self.write()
        except Forbidden as forbidden:
            return self.tell(CommitFailed(commit.tag, str(forbidden), conflict=True), ARCHIVE)
        return self.tell(Committed(commit.tag), ARCHIVE)

    def disk_full(self) -> Said:
        return self.tell(CommitFailed(self.commits.pop(0).tag, "the disk is full", conflict=False), ARCHIVE)

    # -- what is often wanted -----------------------------------------------------------------

    def begin(self) -> Said:
        """The conversation, with its greetings, and a reader."""
        self.tell(StartConversation(USER, "Anna", CHARACTER, "asks/1"), "asks/1")
        said = self.do(self.sheet, addresses.character(CHARACTER))
        self.tell(Open(CONVERSATION))
        return said

    def say(self, text: str = "How are you?", key: int = 1) -> Said:
        return self.do(SendText(CONVERSATION, uid(key), text))

    def lease(self, committed: int = -1, worker: str = "box") -> Said:
        """The queue gives the live reply to a box, durably, as it always does."""
        self.attempt += 1
        self.disk.write((LeaseGeneration(self.row.id, self.attempt, worker, uid(1)),))
        return self.tell(Leased(self.row.id, self.attempt, worker, committed), QUEUE)

    def accept(self, digest: bytes = b"digest") -> Said:
        return self.do(self.of_now(accepted(digest=digest)), BOX)

    def frames(self, *seqs: int) -> Said:
        """These tokens arrive; their chunks are committed."""
        said = Said()
        for seq in seqs:
            said += self.do(self.token(seq), BOX)
        return said

    def token(self, seq: int, text: str | None = None, thought: str = "") -> Token:
        return self.of_now(token(seq, text=text, thought=thought))

    def think(self, *thoughts: str, first: int = 0) -> Said:
        """Tokens of a thought arrive, and are committed."""
        said = Said()
        for seq, thought in enumerate(thoughts, first):
            said += self.do(self.token(seq, "", thought), BOX)
        return said

    def of_now(self, frame: Frame) -> Frame:
        """The frame, of the newest generation and attempt."""
        return replace(frame, generation=self.row.id, attempt=self.attempt)

    def live(self) -> None:
        """A reply that is being made: leased, accepted, nothing committed."""
        self.begin()
        self.say()
        self.lease()
        self.accept()

    @property
    def row(self) -> StoredGeneration:
        """The newest generation."""
        return list(self.disk.generations.values())[-1]

    @property
    def messages(self) -> list[StoredMessage]:
        """Oldest first, without the root."""
        return [message for message in self.disk.messages.values() if message.parent != message.id]

    def snapshot(self, generation: UUID | None = None, seq: int = 0) -> Snapshot:
        return self.tell(Open(CONVERSATION, generation, seq)).one(Snapshot)

    def shown(self) -> LiveReply:
        live = self.snapshot().live
        assert live is not None
        return live

    def texts(self) -> list[str]:
        """The shown path."""
        return [message.text for message in self.snapshot().messages]


# -- conversations as tests want them, and what they hear ---------------------------------------------


START = StartConversation(USER, "Anna", CHARACTER, "asks/1", "A title")


def begun(*, reply: bool = False, sheet: CharacterSheet = SHEET) -> Talk:
    """A conversation; with `reply`, somebody said something and was answered."""
    talk = Talk(sheet=sheet)
    talk.begin()
    if reply:
        answer(talk)
    return talk


def answer(talk: Talk, key: int = 1, text: str = "How are you?") -> None:
    talk.say(text, key=key)
    talk.attempt = 0
    finish(talk)


def finish(talk: Talk) -> Said:
    """The live reply, of one token, is made."""
    talk.lease()
    talk.accept()
    talk.frames(0)
    return talk.do(talk.of_now(end(1)), BOX)


def problem(said: Said) -> tuple[str, Any]:
    found = said.one(Problem)
    return found.code, found.request_key


def live(*seqs: int) -> Talk:
    """A reply that is being made; these tokens of it are committed."""
    talk = Talk()
    talk.live()
    talk.frames(*seqs)
    return talk


def ack(talk: Talk, next_seq: int) -> Ack:
    return Ack(talk.row.id, talk.attempt, next_seq)


def resume(talk: Talk, next_seq: int) -> Resume:
    return Resume(talk.row.id, talk.attempt, next_seq, CONVERSATION)


def lose(talk: Talk) -> Said:
    return talk.tell(LeaseLost(talk.row.id, talk.attempt, "why"), QUEUE)


def states(said: Said) -> list[str]:
    return [event.live.state for event in said.of(ReplyState)]
