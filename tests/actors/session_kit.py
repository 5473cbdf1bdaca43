"""A session on a stage: its commits go to a disk in memory when the test says so."""

from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE
from actors.messages.archive import (
    AddAccount,
    AddCharacterVersion,
    Commit,
    CommitFailed,
    Committed,
    LeaseGeneration,
    Load,
    Loaded,
    StoredGeneration,
    StoredMessage,
)
from actors.messages.chat import LiveReply, Open, SendText, Snapshot, StartConversation
from actors.messages.generation import Accepted, CharacterSheet, End, Token
from actors.messages.queueing import Leased
from actors.session import Session
from actors.settings import SessionSettings
from tests.actors.kit import BOX, CHARACTER, SHEET, Said, Stage, accepted, new_world, token, uid
from tests.fakes.memory_disk import Forbidden, MemoryDisk

Frame = TypeVar("Frame", Accepted, Token, End)

CONVERSATION = uid(0x5E55)
ADDRESS = addresses.session(CONVERSATION)
READER = "sockets/reader"
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


class Talk(Stage):
    """One conversation. `tell` notes what is to be committed and leaves it to `commit`; `do` is both."""

    def __init__(self, settings: SessionSettings = SETTINGS, sheet: CharacterSheet = SHEET) -> None:
        self.settings = settings
        self.sheet = sheet
        self.disk = new_disk(sheet)
        self.commits: list[Commit] = []
        self.attempt = 0
        world = new_world()
        super().__init__(Session(ADDRESS, settings, world), world)
        self.wake()

    @property
    def session(self) -> Session:
        assert isinstance(self.actor, Session)
        return self.actor

    def tell(self, message: Any, sender: str = READER) -> Said:
        said = super().tell(message, sender)
        self.commits += said.of(Commit)
        return Said(effect for effect in said if effect.to != ARCHIVE)

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

    def do(self, message: Any, sender: str = READER) -> Said:
        """Tell, and commit all that follows from it."""
        said = self.tell(message, sender)
        while self.commits:
            said += self.commit()
        return said

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

    def token(self, seq: int, text: str | None = None) -> Token:
        return self.of_now(token(seq, text=text))

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
