"""The sockets: real ZeroMQ with CURVE: who gets in, and what is refused."""

from typing import Any

import pytest
import zmq
from zmq.utils import z85

from actors.addresses import LINK, QUEUE, WEB
from actors.messages.generation import Ack, SheetWanted
from actors.messages.link import Greet, Ping, Pong
from actors.wire.envelope import encode
from actors.wire.sockets import MAX_FRAME_BYTES
from actors.wire.zap import answer_zap, user_of, zap_socket
from tests.actors.kit import hello, token, uid
from tests.actors.wire.line import BOX, OTHER, SESSION, STRANGER, Line, run, until

# -- who gets in ------------------------------------------------------------------------------------


def test_a_message_gets_through_both_ways_and_its_sender_is_known_by_the_key() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        box.say(token(0), SESSION)
        await until(lambda: line.server.told)
        assert line.server.told == [(SESSION, token(0), "worker/box")]
        line.server.deliver("worker/box", Greet(uid(3)), QUEUE)
        await until(lambda: box.told)
        assert box.told == [(LINK, Greet(uid(3)), WEB)]

    run(test)


def test_each_peer_has_its_own_name_and_its_own_answers() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        other = await line.connect(OTHER)
        other.say(hello())
        await until(lambda: line.server.told)
        assert line.server.told == [(QUEUE, hello(), "worker/other")]
        line.server.deliver("worker/box", Pong(uid(1)), QUEUE)
        line.server.deliver("worker/other", Pong(uid(2)), QUEUE)
        await until(lambda: box.told and other.told)
        assert box.told + other.told == [(LINK, Pong(uid(1)), WEB), (LINK, Pong(uid(2)), WEB)]

    run(test)


def test_an_unknown_key_is_not_heard_at_all() -> None:
    async def test(line: Line) -> None:
        stranger = line.dial(STRANGER)
        await until(lambda: STRANGER.public in line.server.asked)
        stranger.say(hello())
        assert stranger.dropped == 1
        await line.connect()
        assert line.server.routes.keys() == {"worker/box"}

    run(test)


def test_a_server_with_another_key_is_not_spoken_to() -> None:
    async def test(line: Line) -> None:
        betrayed = line.dial(server=STRANGER.public)
        await line.connect(OTHER)
        betrayed.say(hello())
        assert betrayed.dropped == 1
        assert line.server.routes.keys() == {"worker/other"}

    run(test)


def test_a_key_that_was_taken_off_the_list_is_not_heard_any_more() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        other = await line.connect(OTHER)
        del line.server.names.allowed[BOX.public]
        before = line.server.frames
        box.say(hello())
        await until(lambda: line.server.frames > before)
        assert line.server.told == []
        other.say(hello())
        await until(lambda: line.server.told)
        assert [sender for _, _, sender in line.server.told] == ["worker/other"]

    run(test)


def test_a_mechanism_other_than_curve_is_refused() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    zap = zap_socket(context)
    libzmq = context.socket(zmq.REQ)
    libzmq.connect("inproc://zeromq.zap.01")
    key = z85.decode(BOX.public)
    for mechanism, credentials, status in (
        (b"CURVE", [key], b"200"),
        (b"CURVE", [key[:-1]], b"400"),
        (b"CURVE", [], b"400"),
        (b"NULL", [], b"400"),
        (b"PLAIN", [key, b"password"], b"400"),
    ):
        libzmq.send_multipart([b"1.0", b"7", b"link", b"127.0.0.1", b"", mechanism, *credentials])
        assert zap.poll(20_000)
        answer_zap(zap, lambda key, _: key == BOX.public)
        version, request, answered, _, user, _ = libzmq.recv_multipart()
        assert (version, request, answered) == (b"1.0", b"7", status)
        assert user == (BOX.public.encode() if status == b"200" else b"")
    context.destroy(linger=0)


def test_a_frame_that_came_by_no_connection_has_no_user() -> None:
    assert user_of(zmq.Frame(b"x")) == ""


# -- what is refused --------------------------------------------------------------------------------


REFUSED: list[tuple[str, Any]] = [
    (QUEUE, Pong(uid(1))),  # not a message of boxes
    (SESSION, Ack(uid(1), 1, 1)),
    (QUEUE, token(0)),  # not for this address
    (SESSION, hello()),
    ("queue/second", hello()),  # no such address
    ("archive", hello()),
    (f"session/{uid(1)}", token(0)),
    ("worker/other", token(0)),
    (LINK, token(0)),  # out of reach
    ("character/x", SheetWanted(uid(1))),
]


@pytest.mark.parametrize(("to", "message"), REFUSED, ids=[f"{type(m).__name__} to {to}" for to, m in REFUSED])
def test_a_box_reaches_only_those_who_understand_it(to: str, message: Any) -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        before = line.server.frames
        box.say(message, to)
        await until(lambda: line.server.frames > before)
        assert line.server.told == []
        await line.heard(box)  # it may go on

    run(test)


def test_bytes_that_are_no_frame_are_dropped_and_the_connection_goes_on() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        before = line.server.frames
        box.send_raw(b"rubbish")
        box.send_raw(b"two", b"parts")
        box.send_raw(encode(QUEUE, Ping(uid(1))) + b"tail")
        await line.quiet(box)
        assert line.server.frames == before + 3  # the second one is not even looked at

    run(test)


def test_what_a_server_sends_that_is_not_for_boxes_is_dropped() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        route = line.server.routes["worker/box"]
        line.server.router.send_multipart([route, b"rubbish"])
        line.server.deliver("worker/box", Ping(uid(1)), QUEUE)
        line.server.deliver("worker/box", Greet(uid(2)), QUEUE)
        await until(lambda: box.told)
        assert box.told == [(LINK, Greet(uid(2)), WEB)]

    run(test)


def test_who_sends_a_frame_that_is_too_large_is_cut_off_and_may_dial_again() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        entered, before = line.server.asked.count(BOX.public), line.server.frames
        box.send_raw(bytes(MAX_FRAME_BYTES + 1))
        await until(lambda: line.server.asked.count(BOX.public) > entered)  # it has to enter anew
        assert line.server.frames == before
        await line.heard(box)

    run(test)


def test_a_frame_that_would_be_too_large_is_not_sent() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        large = token(0, text="x" * (MAX_FRAME_BYTES + 1))
        dropped = box.dropped
        box.say(large, SESSION)
        assert box.dropped == dropped + 1
        line.server.deliver("worker/box", large, QUEUE)
        assert line.server.dropped == 1
        await line.heard(box)  # nobody was cut off

    run(test)
