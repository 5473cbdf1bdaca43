"""Envelope: the only codec of what leaves the process by ZeroMQ. Prose: PROTOCOL.md.

A frame is one msgpack array `[version, to, message]`; a message is `[tag, field, …]`. Ids are 16
bytes. New fields come last and have defaults, so that neighbours of one version more or less
understand each other. Who sent it is never read from the frame: the socket knows it by the key.

What is for one peer in the same moment travels as one frame, a bundle of envelopes: most of what a small
message costs is its frame.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct

from actors.addresses import BOXES, GPU, JOINER, LINK, PREVIEWS, QUEUE
from actors.messages.generation import (
    Accepted,
    Ack,
    Burst,
    Cancel,
    CharacterSheet,
    End,
    GenerateReply,
    GenerationsLost,
    Progress,
    Resume,
    SheetMissing,
    SheetWanted,
    Token,
    Traced,
)
from actors.messages.link import (
    WIRE_VERSION,
    Credit,
    EngineHello,
    EngineJob,
    EngineWelcome,
    Greet,
    Hello,
    Ping,
    Pong,
    Refused,
    Welcome,
)
from actors.messages.lore import BookMissing, BookSheet, BookWanted
from actors.messages.pairing import (
    JoinAccepted,
    JoinRefused,
    JoinRequest,
    KeyAnnounced,
    KeyTaken,
    ServerKeyAnnounced,
    ServerKeyTaken,
)
from actors.messages.preview import CountTokens, PreviewPrompt, PromptPreviewed, TokensCounted

ToQueue = Hello | Ping | GenerationsLost
OfAReply = Accepted | Progress | Token | End | Traced
ToSession = OfAReply | Burst
Asked = PreviewPrompt | CountTokens
ToPreviews = PromptPreviewed | TokensCounted
AboutKeys = KeyAnnounced | ServerKeyTaken
FromBox = ToQueue | ToSession | ToPreviews | SheetWanted | BookWanted | AboutKeys
ToKeys = KeyTaken | ServerKeyAnnounced
ToBox = (
    Welcome
    | Refused
    | Greet
    | Pong
    | GenerateReply
    | Ack
    | Resume
    | Cancel
    | CharacterSheet
    | SheetMissing
    | BookSheet
    | BookMissing
    | ToKeys
    | Asked
)
FromEngine = EngineHello | OfAReply | ToPreviews
ToEngine = EngineWelcome | EngineJob | Credit | Cancel | Asked
ToJoiner = JoinAccepted | JoinRefused
Message = FromBox | ToBox | FromEngine | ToEngine | JoinRequest | ToJoiner

UNDERSTOOD: dict[str, Any] = {
    QUEUE: ToQueue,
    PREVIEWS: ToPreviews,
    BOXES: JoinRequest | AboutKeys,
    JOINER: ToJoiner,
    "session": ToSession,
    "character": SheetWanted,
    "lorebook": BookWanted,
    LINK: ToBox | FromEngine,
    GPU: ToEngine,
}
"""What each kind of address takes from the wire: anything else would make its actor raise."""


def types_of(union: Any) -> frozenset[type]:
    """Of a union of messages, or of one alone. A look into a set is ten times faster than isinstance."""
    return frozenset(get_args(union) or (union,))


TYPES = {kind: types_of(union) for kind, union in UNDERSTOOD.items()}
HEX_ID = re.compile("[0-9a-f]{32}", re.ASCII)


class Envelope(Struct, frozen=True, array_like=True):
    """What travels: the version of the sender, the address at the receiver, the message."""

    version: int
    to: str
    message: Message


MOST_BUNDLED = 128
"""Envelopes in a frame."""


class Bundle(Struct, frozen=True, array_like=True, tag="bundle"):
    """Stands where a message does, with an empty address: envelopes in the order in which they were sent."""

    envelopes: Annotated[tuple[Envelope, ...], Meta(max_length=MOST_BUNDLED)]


class Frame(Struct, frozen=True, array_like=True):
    """An envelope, or one around a bundle."""

    version: int
    to: str
    message: Message | Bundle


class UnreadableFrameError(Exception):
    """The other side sent bytes that are no envelope of this protocol: update the older of the two."""


ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
DECODER = msgspec.msgpack.Decoder(Frame)
BUNDLE = ENCODER.encode(Frame(WIRE_VERSION, "", Bundle(())))[:-1] + b"\xdc"
"""How a bundle begins; the number of its envelopes follows, in two bytes, and then they."""


def encode(to: str, message: Message) -> bytes:
    return ENCODER.encode(Envelope(WIRE_VERSION, to, message))


def bundled(envelopes: Sequence[bytes]) -> bytes:
    """One frame of envelopes that are encoded already, at most MOST_BUNDLED."""
    if len(envelopes) == 1:
        return envelopes[0]
    return b"".join((BUNDLE, len(envelopes).to_bytes(2, "big"), *envelopes))


def decode(frame: bytes) -> tuple[Envelope, ...]:
    """Raises UnreadableFrameError; a frame of another version that still decodes is given out as it is."""
    try:
        found = DECODER.decode(frame)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UnreadableFrameError(str(error)) from error
    if isinstance(found.message, Bundle):
        return found.message.envelopes
    return (Envelope(found.version, found.to, found.message),)


def fits(address: str, message: Message) -> bool:
    """Whether the address is one that can be, spelt as addresses.py spells it, and takes such a message.

    Another spelling of the same id would make a second actor of one conversation.
    """
    return fits_type(address, type(message))


@lru_cache(maxsize=4_096)
def fits_type(address: str, message: type) -> bool:
    kind, _, key = address.partition("/")
    if message not in TYPES.get(kind, ()):
        return False
    if kind in {"session", "character", "lorebook"}:
        return HEX_ID.fullmatch(key) is not None
    return address == kind
