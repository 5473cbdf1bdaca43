"""The sockets: real ZeroMQ with CURVE: connections that come and go."""

import asyncio
from typing import Any

import pytest
import zmq

from actors.addresses import LINK, QUEUE, WEB
from actors.messages.generation import Token
from actors.messages.link import Greet, Ping, Redial
from actors.wire import sockets
from actors.wire.envelope import MOST_BUNDLED
from actors.wire.readiness import TURN
from actors.wire.sockets import CannotListenError, Listener
from tests.actors.kit import hello, token, uid
from tests.actors.wire.line import (
    SESSION,
    Line,
    Server,
    run,
    until,
)

# -- bundles ----------------------------------------------------------------------------------------


def test_what_is_said_in_one_turn_of_the_loop_goes_as_one_frame() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        before = line.server.frames
        said = [Ping(uid(1), revision) for revision in range(20)]
        for ping in said:
            box.deliver(QUEUE, ping, LINK)
        await until(lambda: len(line.server.told) == 20)
        assert [message for _, message, _ in line.server.told] == said
        assert line.server.frames == before + 1

    run(test)


def test_more_than_a_bundle_takes_goes_as_several_in_order() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        said = [token(seq, text="x" * 3_000) for seq in range(3 * MOST_BUNDLED)]
        for each in said:
            Listener.deliver(line.server, "worker/box", each, SESSION)
        box.accepts = frozenset({Token})
        await until(lambda: len(box.told) == len(said))
        assert [message for _, message, _ in box.told] == said

    run(test)


def test_what_waits_for_its_bundle_is_lost_with_the_connection_and_counted() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        dropped = box.dropped
        box.deliver(QUEUE, Ping(uid(1), 1), LINK)
        box.deliver(WEB, Redial(), LINK)
        assert box.dropped == dropped + 1
        await line.heard(box)

    run(test)


def test_what_was_said_before_the_end_still_leaves() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        Listener.deliver(line.server, "worker/box", Greet(uid(1)), QUEUE)
        line.server.forget("worker/box")
        await until(lambda: box.told)
        sent: list[int] = []

        def note(frame: bytes, count: int) -> None:
            sent.append(count)

        box.bundling.send = note
        box.deliver(QUEUE, Ping(uid(1), 1), LINK)
        box.close()
        assert sent == [1]

    run(test)


# -- connections come and go ------------------------------------------------------------------------


def test_what_is_for_a_peer_that_is_not_there_is_dropped_and_counted() -> None:
    async def test(line: Line) -> None:
        line.server.deliver("worker/box", Greet(uid(1)), QUEUE)
        assert line.server.dropped == 1
        box = await line.connect()
        box.hang_up()

        def gone() -> bool:
            line.server.deliver("worker/box", Greet(uid(1)), QUEUE)
            return "worker/box" not in line.server.routes

        await until(gone)
        assert line.server.dropped == 2

    run(test)


def test_a_peer_that_dials_anew_is_answered_by_its_new_connection() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        old = line.server.routes["worker/box"]
        box.deliver(WEB, Redial(), LINK)
        await line.heard(box)
        assert line.server.routes["worker/box"] != old
        line.server.deliver("worker/box", Greet(uid(1)), QUEUE)
        await until(lambda: box.told)

    run(test)


def test_a_server_that_moved_is_found() -> None:
    async def test(line: Line) -> None:
        box = line.dial(address="")
        box.say(hello())
        assert box.dropped == 1
        box.moved(line.address)
        await line.heard(box)
        socket = box.socket
        box.moved(line.address)
        assert box.socket is socket  # no reason to dial again

    run(test)


def test_a_server_that_comes_back_to_its_port_is_found_by_those_who_knew_it() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        port = line.server.port
        line.server.close()
        line.server = Server(line.door(port=port))
        await line.heard(box)
        assert line.server.port == port

    run(test)


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    async def test(line: Line) -> None:
        with pytest.raises(CannotListenError, match=f"cannot listen on 127.0.0.1 port {line.server.port}"):
            Server(line.door(port=line.server.port))
        await line.connect()  # who was there first is not harmed

    run(test)


def test_a_closed_dialler_says_and_hears_nothing() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        readiness = box.readiness
        assert readiness is not None
        box.close()
        readiness.check()
        assert not readiness.scheduled
        box.say(hello())
        assert box.read_some() == 0
        assert box.told == []

    run(test)


def test_a_peer_that_does_not_read_costs_no_more_than_its_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "HIGH_WATER_MARK", 2)

    async def test(line: Line) -> None:
        monkeypatch.undo()  # the server's queue alone is short
        await line.connect()
        for _ in range(500):  # nobody reads meanwhile: the loop does not run
            line.server.deliver("worker/box", token(0, text="x" * 1_000_000), QUEUE)
            if line.server.dropped:
                break
        assert line.server.dropped == 1
        assert "worker/box" in line.server.routes

    run(test)


def test_a_socket_that_is_closed_under_its_user_is_an_error() -> None:
    async def test(line: Line) -> None:
        await line.connect()
        line.server.router.close()
        with pytest.raises(zmq.ZMQError):
            line.server.deliver("worker/box", Greet(uid(1)), QUEUE)

    run(test)


def test_heartbeats_watch_a_line_between_machines_and_leave_loopback_alone() -> None:
    async def test(line: Line) -> None:
        near, far = line.dial(), line.dial(address="tcp://localhost:9")
        assert near.socket is not None
        assert far.socket is not None
        assert near.socket.get(zmq.HEARTBEAT_IVL) == line.server.router.get(zmq.HEARTBEAT_IVL) == 0
        assert far.socket.get(zmq.HEARTBEAT_IVL) == 1000

    run(test)


# -- readiness --------------------------------------------------------------------------------------


def test_more_messages_than_one_turn_takes_arrive_in_their_order() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        seqs = list(range(3 * TURN))
        for seq in seqs:
            box.say(token(seq), SESSION)
        await until(lambda: len(line.server.told) == len(seqs))
        assert [message.seq for _, message, _ in line.server.told] == seqs

    run(test)


def test_a_receiver_that_raises_does_not_make_the_socket_deaf() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        raised: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: raised.append(told["exception"]))
        told = line.server.tell

        def tell(to: str, message: Any, sender: str) -> None:
            told(to, message, sender)
            raise ValueError(message.seq)

        line.server.tell = tell
        for seq in range(3):  # they wait together: one edge for all
            box.say(token(seq), SESSION)
        await until(lambda: len(line.server.told) == 3)
        assert [str(error) for error in raised] == ["0", "1", "2"]

    run(test)
