"""What people choose and what they read from, in the simulator: personas, notes, settings, lorebooks.

They change at any time. A change is durable first and told to the sessions in memory then, as the edge does
it. All of one change bears its number, so that a reply that was made of two of them shows.
"""

from collections.abc import Callable
from random import Random
from uuid import UUID

from msgspec import Struct

from actors import addresses
from actors.addresses import SOCKETS
from actors.mailbox import Runtime
from actors.messages.choices import AuthorsNote, Choices, Chosen, ChosenChanged, Persona, ReplySettings
from actors.messages.choosing import FindChosen, PutPersona, SetChoices
from actors.messages.generation import GenerateReply
from actors.messages.link import EngineJob
from actors.messages.lore import Attached, BookSheet, ShelfChanged
from actors.messages.lorebooks import AttachLorebook, FindShelf, SaveLorebook
from actors.session import Session
from tests.sim.cluster import Cluster

EDGE = "edge"
SHARE = 0.4
"""Of seeds in which people choose anything."""

MOST_CHANGES = 6


class Made(Struct, frozen=True):
    """What an attempt of a reply was made of; the same at each."""

    books: tuple[UUID, ...]
    persona: str
    note: str
    temperature: float


class Taste:
    """Drawn apart from all else, so that a seed without it stays what it was."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster = cluster
        self.draw = Random(f"taste {seed}")
        self.is_there = self.draw.random() < SHARE
        self.number = 0
        self.versions: dict[UUID, int] = {}  # of the lorebook → the change that made it
        self.book = UUID(int=self.draw.getrandbits(128))
        self.persona = UUID(int=self.draw.getrandbits(128))
        self.made: dict[UUID, Made] = {}

    def begin(self, storm_s: float) -> None:
        if not self.is_there:
            return
        self.cluster.given = lambda _, request: self.asked(request)
        self.cluster.job = self.given
        changes = (self.choose, self.write_lore, self.put_away)
        self.choose()
        self.write_lore()
        for _ in range(self.draw.randint(1, MOST_CHANGES)):
            self.cluster.loop.call_later(self.draw.uniform(0.1, storm_s), self.draw.choice(changes))

    # -- changes ------------------------------------------------------------------------------

    def choose(self) -> None:
        """Another persona, note and temperature, for everything."""
        self.number += 1
        user, number = self.cluster.user, self.number
        choices = Choices(
            persona=self.persona,
            note=AuthorsNote(f"note {number}"),
            replies=ReplySettings(temperature=temperature(number)),
        )
        persona = Persona(self.persona, f"Anna {number}", f"persona {number}")
        self.cluster.disk.write((PutPersona(persona, user), SetChoices(user, "all", user, choices)))
        self.tell_choices()

    def write_lore(self) -> None:
        """Another text of the book, which counts for everything."""
        self.number += 1
        disk, user = self.cluster.disk, self.cluster.user
        old = disk.books.get(self.book)
        version = UUID(int=self.draw.getrandbits(128))
        sheet = BookSheet(version, f"book {self.number}", b"packed")
        save = SaveLorebook(
            self.book, user, sheet, b"{}", version.bytes, 1, 0, old.sheet.book if old else None
        )
        disk.write((save, AttachLorebook(self.book, user, "user", None, True)))
        self.versions[version] = self.number
        self.tell_shelf()

    def put_away(self) -> None:
        """The book counts for nothing."""
        user = self.cluster.user
        self.cluster.disk.write((AttachLorebook(self.book, user, "user", None, False),))
        self.tell_shelf()

    def tell_shelf(self) -> None:
        def tell(web: Runtime) -> None:
            web.tell_awake("session", ShelfChanged(self.cluster.user, self.shelf()), EDGE)

        self.soon(tell)

    def tell_choices(self) -> None:
        def tell(web: Runtime) -> None:
            for address in web.awake("session"):
                chosen = self.chosen(UUID(hex=addresses.key(address)))
                web.tell(address, ChosenChanged(chosen), SOCKETS)

        self.soon(tell)

    def soon(self, tell: Callable[[Runtime], None]) -> None:
        """After a moment, as after a read of the storage; a process that is gone tells nobody."""
        web = self.cluster.web
        latency_s = self.draw.uniform(0.0005, 0.004)
        if web is not None:
            self.cluster.loop.call_later(latency_s, lambda: tell(web) if self.cluster.web is web else None)

    def chosen(self, conversation: UUID | None) -> Chosen:
        cluster = self.cluster
        return cluster.disk.read(FindChosen(cluster.user, cluster.character, conversation))

    def shelf(self) -> tuple[Attached, ...]:
        return self.cluster.disk.read(FindShelf(self.cluster.user))

    # -- what must hold -----------------------------------------------------------------------

    def asked(self, request: GenerateReply) -> None:
        """A box is told to make a reply: of one state of the choices, and of the same at each attempt."""
        made = made_of(request)
        if self.made.setdefault(request.generation, made) != made:
            self.cluster.violate("another attempt of a reply was made of other things than the first")
        number = number_of(made.temperature)
        # In a round of a group the temperature stays that of its first reply.
        stands = (
            {f"{number}"} if not request.turn.members else {f"{n}" for n in range(number, self.number + 1)}
        )
        told = {made.persona.removeprefix("persona "), made.note.removeprefix("note ")}
        if len(told) != 1 or not told <= stands:
            self.cluster.violate(f"a reply was made of choices that never stood together: {made}")
        if not self.versions.keys() >= set(made.books):
            self.cluster.violate("a reply was made with a lorebook that nobody wrote")

    def given(self, job: EngineJob) -> None:
        """The engine has a reply's lorebooks, each with its own text."""
        if tuple(book.book for book in job.books) != job.request.turn.books:
            self.cluster.violate("the engine has other lorebooks than the reply was asked with")
        if any(book.name != f"book {self.versions[book.book]}" for book in job.books):
            self.cluster.violate("a lorebook came with the text of another version")

    def check(self) -> None:
        """In the end every session in memory knows what stands."""
        web = self.cluster.web
        if not self.is_there or web is None:
            return
        for address in web.awake("session"):
            session = web.cells[address].actor
            if not isinstance(session, Session) or session.conversation is None:
                continue
            if session.chosen != self.chosen(session.id):
                self.cluster.violate("a session goes by choices that were changed")
            if session.shelf.attached != self.shelf():
                self.cluster.violate("a session goes by lorebooks that were changed")


def temperature(number: int) -> float:
    return number / 16


def number_of(given: float) -> int:
    return round(given * 16)


def made_of(request: GenerateReply) -> Made:
    turn = request.turn
    return Made(turn.books, turn.persona, turn.circumstances.note.text, request.sampling.temperature)
