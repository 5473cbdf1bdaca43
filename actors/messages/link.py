"""Messages that keep the link between a web node and a GPU box, and the box's inner hop.

| message | sender → receiver |
| --- | --- |
| Hello, Ping | link → queue |
| Welcome, Refused, Greet, Pong | queue → link |
| Redial, HangUp | link → its socket port; KeyRefused the way back |
| EngineHello | GPU actor → link; EngineWelcome the way back |
| EngineJob, Credit | link → GPU actor |
| EngineDown | supervisor → link |
"""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from actors.messages.generation import MANY, CharacterSheet, Count, GenerateReply, ShortText
from actors.messages.lore import BookSheet

WIRE_VERSION = 1
"""Version of the link protocol; N and N-1 are served, others refused with clear words."""


class Hello(Struct, frozen=True, array_like=True, tag="hello"):
    """The box greets: sent on every new connection, and again until Welcome comes.

    `boot` is fresh at each start of the link process. `generations` are the pairs
    (generation, attempt) it still holds; leases on this worker not among them are lost.
    """

    version: Count
    boot: UUID
    software: ShortText
    engine: ShortText  # "" while no engine is up
    model: ShortText  # as people call it
    model_hash: ShortText
    slots: Count
    context: Count
    generations: Annotated[tuple[tuple[UUID, Count], ...], Meta(max_length=MANY)]
    demonstration: bool = False
    revision: Count = 0  # counts the greetings of this boot: an older one that comes late says nothing


class Welcome(Struct, frozen=True, array_like=True, tag="welcome"):
    """The web node took the Hello of that revision; `node` is the boot id of the web process."""

    version: int
    node: UUID
    revision: int = 0


class Refused(Struct, frozen=True, array_like=True, tag="refused"):
    """The web node cannot work with this box; `why` says what to do."""

    why: str


class Ping(Struct, frozen=True, array_like=True, tag="ping"):
    """Sign of life, every 250 ms; a node that does not know `boot`, or not its last Hello, answers Greet."""

    boot: UUID
    revision: Count = 0  # of the last Hello


class Greet(Struct, frozen=True, array_like=True, tag="greet"):
    """The web node started anew: say Hello again."""

    node: UUID


class Pong(Struct, frozen=True, array_like=True, tag="pong"):
    """Answer to Ping: the box dials anew when none comes for the silence limit."""

    node: UUID


class HangUp(Struct, frozen=True):
    """To the link's socket port: close the connection, until the next Redial."""


class KeyRefused(Struct, frozen=True):
    """From the link's socket port: the web node does not let this box's key in."""


class EngineHello(Struct, frozen=True, array_like=True, tag="engine_hello"):
    """The engine process is loaded; `boot` is fresh at each of its starts. `engine_digest` and `exact` are
    those of Accepted."""

    boot: UUID
    engine: str
    model: str
    model_hash: str
    slots: int
    context: int
    demonstration: bool = False
    engine_digest: bytes = b""
    exact: bool = True


class EngineWelcome(Struct, frozen=True, array_like=True, tag="engine_welcome"):
    """The link's boot; an engine that sees another one drops all its generations."""

    boot: UUID


class Credit(Struct, frozen=True, array_like=True, tag="credit"):
    """The engine may emit tokens with seq below `limit`."""

    generation: UUID
    attempt: int
    limit: int


class EngineDown(Struct, frozen=True, array_like=True, tag="engine_down"):
    """The supervisor saw the engine process end."""

    why: str


class EngineJob(Struct, frozen=True, array_like=True, tag="engine_job"):
    """A reply to make, with the character it is made for and the turn's lorebooks. From link to GPU actor."""

    request: GenerateReply
    sheet: CharacterSheet
    books: tuple[BookSheet, ...] = ()


class Redial(Struct, frozen=True):
    """To the link's socket port: the connection is dead though it looks alive; open a new one."""
