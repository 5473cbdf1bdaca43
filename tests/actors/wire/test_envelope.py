"""The envelope: bytes that never change by accident, and what is refused at the boundary.

The vectors are in tests/vectors/wire.json: message → frame, in hex. Where a field was added at the end, the
old frame stays there under the message's name with a number (`token 1`): it must be read for ever.
"""

import contextlib
import json
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from actors.addresses import BOXES, GPU, JOINER, LINK, PREVIEWS, QUEUE, character, lorebook, session
from actors.messages.generation import (
    MANY,
    SHORT,
    Accepted,
    Ack,
    Burst,
    Cancel,
    CharacterSheet,
    Circumstances,
    End,
    GenerateReply,
    GenerationsLost,
    Note,
    Progress,
    PromptReport,
    PromptTrace,
    Resume,
    Sampling,
    SheetMissing,
    SheetWanted,
    Token,
    Traced,
    Turn,
    TurnMember,
    TurnMessage,
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
from actors.messages.preview import (
    CountTokens,
    PreviewMessage,
    PreviewPrompt,
    PromptPreviewed,
    TokensCounted,
)
from actors.wire import envelope
from actors.wire.envelope import (
    BUNDLE,
    MOST_BUNDLED,
    Envelope,
    UnreadableFrameError,
    bundled,
    decode,
    encode,
    fits,
)

VECTORS: dict[str, str] = json.loads(
    Path(__file__).parents[2].joinpath("vectors", "wire.json").read_text(encoding="utf-8")
)

A, B, C, D = (UUID(bytes=bytes([n] * 16)) for n in (0xA1, 0xB2, 0xC3, 0xD4))
SESSION = session(B)
SAMPLING = Sampling(
    *(0.5, 20, 0.75, 0.125, 1.25, ("\n", "Anna:"), 64, 32, 0.875, 1.5, 0.25, -0.5, 64, 0.75, 2.0, 3, 512),
    *(("\n", "*"), 0.5, 0.0625, 0.375, 1.5, ((7, -2.5), (70_000, 1.0)), 4, "regex", "[a-z]+"),
)
TURN = Turn(
    *(C, "Anna", (TurnMessage("user", "Grüß dich", "Anna"),), "A guest.", "Once", "de", 1_700_000_000_000),
    *("They met.", 12, "Write a title."),
    Circumstances(120, 60_000, 1, "Anna", Note("Rain.", 2, "user", 3), "Play.", "Be brief.", True, "chatml"),
    *((D,), (TurnMember(C, "Nadia", True, "Tall.", "Calm."),), True, "In the rain."),
)
REQUEST = GenerateReply(
    A, B, D, TURN, SAMPLING, 2**62, 3, (7, 300, 70_000), "0f", b"\x01\x02", background=True
)
SHEET = CharacterSheet(
    *(C, "Nadia", "Tall.", "Calm.", "A kitchen.", "Be brief.", "Stay.", "<START>", "Tea?"),
    *(("Good evening.",), b"\x81\xa4name\xa5Nadia"),
)
BOOK = BookSheet(D, "Tea", b"\x81\xa4name\xa3Tea")

PARTS = (
    PromptTrace(
        "lore of tea", 12, True, "why", "Tea", "tea", 3, "lore", 2, "Tea is …", "tea …", "key", "user"
    ),
    PromptTrace("message 1", 30, kept=False),
)
REPORT = PromptReport(PARTS, 900, 4_096, 3_584, 700, 100, "SmolLM2", "ONNX Runtime", "chatml")

EXAMPLES: dict[str, tuple[str, Any]] = {
    "accepted": (SESSION, Accepted(A, 3, "0f", b"\x01\x02", 900, b"\x03\x04", exact=False)),
    "ack": (LINK, Ack(A, 3, 70_000, traced=True)),
    "book": (LINK, BOOK),
    "book_missing": (LINK, BookMissing(D)),
    "book_wanted": (lorebook(D), BookWanted(D)),
    "cancel": (LINK, Cancel(A, 3)),
    "count_tokens": (LINK, CountTokens(A, ("Tea", "Grüß"))),
    "credit": (GPU, Credit(A, 3, 4_096)),
    "end": (SESSION, End(A, 3, 42, "length", " bye", "why", 900, 1.5, "And so")),
    "engine_hello": (
        LINK,
        EngineHello(
            A,
            "ONNX Runtime",
            "SmolLM2",
            "0f",
            8,
            4_096,
            demonstration=True,
            engine_digest=b"\x03\x04",
            exact=False,
        ),
    ),
    "engine_job": (GPU, EngineJob(REQUEST, SHEET, (BOOK,))),
    "engine_welcome": (GPU, EngineWelcome(A)),
    "generate": (LINK, REQUEST),
    "greet": (LINK, Greet(A)),
    "hello": (
        QUEUE,
        Hello(
            1,
            A,
            "0.1.0",
            "ONNX Runtime",
            "SmolLM2",
            "0f",
            8,
            4_096,
            ((B, 3),),
            demonstration=True,
            revision=2,
        ),
    ),
    "join_accepted": (JOINER, JoinAccepted("Attic")),
    "join_refused": (JOINER, JoinRefused("revoked", new_key=True)),
    "join_request": (BOXES, JoinRequest(1, "k" * 40, "Attic", "0.1.0")),
    "key_announced": (BOXES, KeyAnnounced("k" * 40)),
    "key_taken": (LINK, KeyTaken("k" * 40)),
    "lost": (QUEUE, GenerationsLost(A, ((B, 3, C),))),
    "ping": (QUEUE, Ping(A, 2)),
    "pong": (LINK, Pong(A)),
    "preview_prompt": (LINK, PreviewPrompt(A, REQUEST, SHEET, (BOOK,))),
    "progress": (SESSION, Progress(A, 3, 128, 900)),
    "prompt_previewed": (
        PREVIEWS,
        PromptPreviewed(A, REPORT, (PreviewMessage("user", "Tea?"),), "<|im_start|>", "why"),
    ),
    "refused": (LINK, Refused("update")),
    "resume": (LINK, Resume(A, 3, 42, B)),
    "burst": (SESSION, Burst((Token(A, 3, 42, 70_000, " Grüß"), End(A, 3, 43, "stop")))),
    "server_key_announced": (LINK, ServerKeyAnnounced("k" * 40)),
    "server_key_taken": (BOXES, ServerKeyTaken("k" * 40)),
    "sheet": (LINK, SHEET),
    "sheet_missing": (LINK, SheetMissing(C)),
    "sheet_wanted": (character(C), SheetWanted(C)),
    "token": (SESSION, Token(A, 3, 42, 70_000, " Grüß", "Hm.")),
    "tokens_counted": (PREVIEWS, TokensCounted(A, (1, 4), "SmolLM2", 4_096, "why")),
    "traced": (SESSION, Traced(A, 3, REPORT)),
    "welcome": (LINK, Welcome(1, A, 2)),
}


def raw(to: str, *message: Any) -> bytes:
    return msgspec.msgpack.encode([WIRE_VERSION, to, list(message)], enc_hook=lambda _: None)


# -- vectors ----------------------------------------------------------------------------------------


def test_every_message_of_the_wire_has_a_vector() -> None:
    tags = {kind.__struct_config__.tag for kind in get_args(envelope.Message)}
    assert tags == set(EXAMPLES) == {name for name in VECTORS if " " not in name}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_bytes_of_a_message_do_not_change(name: str) -> None:
    frame = encode(*EXAMPLES[name])
    assert frame.hex() == VECTORS[name], "a change of the bytes is a change of the protocol: see PROTOCOL.md"


@pytest.mark.parametrize("name", VECTORS)
def test_a_frame_that_was_ever_written_is_read(name: str) -> None:
    to, message = EXAMPLES[name.partition(" ")[0]]
    (found,) = decode(bytes.fromhex(VECTORS[name]))
    assert (found.version, found.to) == (1, to)
    if " " not in name:
        assert found.message == message


def parts(name: str) -> tuple[int, str, list[Any]]:
    return msgspec.msgpack.decode(bytes.fromhex(VECTORS[name]))


def defaults(message: Struct) -> dict[str, Any]:
    """Of the fields that may be left out: all behind the last one that has no default."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(message):
        if field.required:
            found.clear()
        elif field.default is not msgspec.NODEFAULT:
            found[field.encode_name] = field.default
        else:
            found[field.encode_name] = ()
    return found


@pytest.mark.parametrize("name", [name for name, (_, message) in EXAMPLES.items() if defaults(message)])
def test_a_neighbour_that_does_not_know_the_newest_fields_is_understood(name: str) -> None:
    to, message = EXAMPLES[name]
    version, _, fields = parts(name)
    optional = defaults(message)
    for left_out in range(1, len(optional) + 1):
        older = msgspec.msgpack.encode([version, to, fields[:-left_out]])
        missing = dict(list(optional.items())[-left_out:])
        (envelope_read,) = decode(older)
        assert envelope_read.message == msgspec.structs.replace(message, **missing)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_neighbour_that_knows_more_fields_is_understood(name: str) -> None:
    version, to, fields = parts(name)
    newer = msgspec.msgpack.encode([version + 1, to, [*fields, "new", {"more": [1]}], "newer still"])
    assert decode(newer) == (Envelope(version + 1, *EXAMPLES[name]),)


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"hello",
        b"\xc1",
        raw(QUEUE, "no such message"),
        raw(QUEUE),
        raw(QUEUE, "ping", "no id"),
        raw(QUEUE, "ping"),
        b"\x94\x01\xa5queue\x92\xa4ping\xc4\x10" + bytes(16) + b"\x91" * 100_000,  # deep
        b"\x93\x01\xa5queue\x93\xa4lost\xc4\x10" + bytes(16) + b"\xdd\x7f\xff\xff\xff",  # promises much
    ],
)
def test_bytes_that_are_no_frame_are_refused(frame: bytes) -> None:
    with pytest.raises(UnreadableFrameError):
        decode(frame)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_do_anything_worse_than_being_refused(data: bytes) -> None:
    with contextlib.suppress(UnreadableFrameError):
        decode(data)


@given(st.sampled_from(sorted(VECTORS)), st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_frame_is_refused_or_read_as_another(name: str, place: int, value: int) -> None:
    frame = bytearray.fromhex(VECTORS[name])
    frame[place % len(frame)] = value
    try:
        (found,) = decode(bytes(frame))
    except UnreadableFrameError:
        return
    assert isinstance(found.message, get_args(envelope.Message))


def test_a_bundle_holds_every_kind_of_message_in_its_order() -> None:
    assert decode(bundled([encode(*each) for each in EXAMPLES.values()])) == tuple(
        Envelope(WIRE_VERSION, *each) for each in EXAMPLES.values()
    )


@pytest.mark.parametrize("count", [1, 2, 16, 127, MOST_BUNDLED])
def test_a_bundle_holds_so_many(count: int) -> None:
    envelopes = [encode(QUEUE, Ping(A, revision)) for revision in range(count)]
    assert [found.message for found in decode(bundled(envelopes))] == [Ping(A, n) for n in range(count)]


def test_one_envelope_needs_no_bundle() -> None:
    assert bundled([encode(QUEUE, Ping(A, 1))]) == encode(QUEUE, Ping(A, 1))


@pytest.mark.parametrize(
    "frame",
    [
        bundled([encode(QUEUE, Ping(A, 1))] * (MOST_BUNDLED + 1)),
        bundled([encode(QUEUE, Ping(A, 1)), bundled([encode(QUEUE, Ping(A, 1))] * 2)]),  # in a bundle
        bundled([encode(QUEUE, Ping(A, 1)), b"\xc1"]),
        bundled([encode(QUEUE, Ping(A, 1))] * 2)[:-1],
        BUNDLE + b"\xff\xff",
    ],
)
def test_a_bundle_with_too_much_or_with_something_else_is_refused(frame: bytes) -> None:
    with pytest.raises(UnreadableFrameError):
        decode(frame)


BEYOND = 2**31
LONG = "x" * (SHORT + 1)


@pytest.mark.parametrize(
    "message",
    [
        Token(A, -1, 0, 0, ""),
        Token(A, BEYOND, 0, 0, ""),
        Traced(A, 1, replace(REPORT, parts=PARTS * 257)),
        Traced(A, 1, replace(REPORT, parts=(replace(PARTS[0], excerpt=LONG),))),
        Traced(A, 1, replace(REPORT, parts=(replace(PARTS[0], message=-2),))),
        TokensCounted(A, (-1,)),
        PromptPreviewed(A, REPORT, why=LONG),
        Token(A, 1, -1, 0, ""),
        Token(A, 1, BEYOND, 0, ""),
        Token(A, 1, 0, -1, ""),
        Token(A, 1, 0, BEYOND, ""),
        Token(A, 1, 0, 0, "x" * 16_001),
        End(A, 1, -1, "stop"),
        End(A, 1, 0, "stop", "x" * 16_001),
        End(A, 1, 0, "stop", "", LONG),
        End(A, 1, 0, "maybe"),  # type: ignore[arg-type]
        Accepted(A, 1, LONG, b"", 0),
        Accepted(A, 1, "", bytes(65), 0),
        Accepted(A, 1, "", b"", -1),
        Accepted(A, 1, "", b"", 0, bytes(65)),
        Progress(A, 1, -1, 0),
        GenerationsLost(A, ((B, -1, C),)),
        GenerationsLost(A, ((B, 1, C),) * (MANY + 1)),
        Hello(1, A, "", "", "", "", -1, 0, ()),
        Hello(1, A, LONG, "", "", "", 1, 0, ()),
        Hello(1, A, "", "", "", "", 1, 0, ((B, 1),) * (MANY + 1)),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_a_box_sends_has_its_bounds(message: Any) -> None:
    with pytest.raises(UnreadableFrameError):
        decode(encode(SESSION, message))


# -- who understands what ---------------------------------------------------------------------------

TWO_HOPS = {
    **dict.fromkeys(("accepted", "traced", "progress", "token", "end"), LINK),
    **dict.fromkeys(("prompt_previewed", "tokens_counted"), LINK),
    **dict.fromkeys(("cancel", "preview_prompt", "count_tokens"), GPU),
}
"""What the link takes from one side and passes on to the other."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_message_fits_its_own_address_and_no_other(name: str) -> None:
    to, message = EXAMPLES[name]
    assert fits(to, message)
    kind = to.partition("/")[0]
    ports = {name: name for name in (QUEUE, BOXES, PREVIEWS, JOINER, LINK, GPU)}
    others = {**ports, "session": SESSION, "character": character(C), "lorebook": lorebook(D)}
    others.pop(TWO_HOPS.get(name, kind))
    others.pop(kind, None)
    assert not any(fits(address, message) for address in others.values())


@pytest.mark.parametrize(
    "address",
    [
        "session",
        "session/",
        f"session/{B}",  # with dashes
        f"session/{B.hex.upper()}",
        f"session/{B.hex[:-1]}",
        f"session/{B.hex}0",
        f"session/{B.hex}/x",
        f"session/{{{B.hex[2:]}}}",
        "session/" + "٠" * 32,  # digits of another script
        "archive",
        "",
    ],
)
def test_no_other_spelling_of_an_address_fits(address: str) -> None:
    assert not fits(address, EXAMPLES["token"][1])


@pytest.mark.parametrize("address", ["queue/", "queue/x", "QUEUE", " queue"])
def test_there_is_one_queue(address: str) -> None:
    assert not fits(address, EXAMPLES["ping"][1])
