"""The sockets: real ZeroMQ with CURVE on loopback."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import zmq
from msgspec import Struct
from zmq.utils import z85

from actors import addresses
from actors.addresses import LINK, QUEUE, WEB
from actors.messages.control import Dial, Door
from actors.messages.generation import Ack, SheetWanted
from actors.messages.link import Greet, Ping, Pong, Redial
from actors.wire import sockets
from actors.wire.envelope import FromBox, ToBox, encode
from actors.wire.readiness import TURN
from actors.wire.sockets import MAX_FRAME_BYTES, CannotListenError, Dialler, Listener
from actors.wire.zap import answer_zap, user_of, zap_socket
from tests.actors.kit import hello, token, uid

WAIT_S = 20.0
REACHES = frozenset({QUEUE, "session", "character"})
SESSION = addresses.session(uid(1))


class Keys(Struct, frozen=True):
    public: str
    secret: str


def new_keys() -> Keys:
    public, secret = zmq.curve_keypair()
    return Keys(public.decode(), secret.decode())


SERVER, BOX, OTHER, STRANGER = (new_keys() for _ in range(4))


async def until(holds: Callable[[], object]) -> None:
    """Let the loop run until it holds; fails after WAIT_S."""
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110 - ZeroMQ has no event for most of it
            await asyncio.sleep(0.002)


Told = tuple[str, Any, str]


def note_in(notes: list[Told]) -> Callable[[str, Any, str], None]:
    def tell(to: str, message: Any, sender: str) -> None:
        notes.append((to, message, sender))

    return tell


class WatchedNames(dict[str, str]):
    """The allow-list; notes which keys ask to enter."""

    def __init__(self, names: dict[str, str]) -> None:
        super().__init__(names)
        self.asked: list[object] = []

    def __contains__(self, key: object) -> bool:
        self.asked.append(key)
        return super().__contains__(key)


class Server(Listener):
    """A listener that notes what is told, and counts the frames that it read."""

    def __init__(self, door: Door) -> None:
        self.told: list[Told] = []
        self.frames = 0
        super().__init__(door, note_in(self.told), FromBox, REACHES)
        self.allowed: dict[str, str] = WatchedNames(self.allowed)

    def take(self, route: bytes, frame: zmq.Frame) -> None:
        self.frames += 1
        super().take(route, frame)

    @property
    def asked(self) -> list[object]:
        assert isinstance(self.allowed, WatchedNames)
        return self.allowed.asked


class Client(Dialler):
    """A dialler that notes what is told."""

    def __init__(self, keys: Keys, address: str, server: str = SERVER.public) -> None:
        self.told: list[Told] = []
        dial = Dial(address, server, keys.public, keys.secret, "box")
        super().__init__(dial, note_in(self.told), ToBox, to=LINK, sender=WEB)

    def say(self, message: Any, to: str = QUEUE) -> None:
        self.deliver(to, message, LINK)

    def send_raw(self, *parts: bytes) -> None:
        assert self.socket is not None
        self.socket.send_multipart(list(parts), zmq.NOBLOCK)


class Line:
    """A server with the names `box` and `other` on its list, and clients that dial it."""

    def __init__(self) -> None:
        self.server = Server(self.door())
        self.clients: list[Client] = []

    def door(self, host: str = "127.0.0.1", port: int = 0) -> Door:
        return Door(host, port, SERVER.public, SERVER.secret, {BOX.public: "box", OTHER.public: "other"})

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.server.port}"

    def dial(self, keys: Keys = BOX, address: str | None = None, server: str = SERVER.public) -> Client:
        self.clients.append(Client(keys, self.address if address is None else address, server))
        return self.clients[-1]

    async def connect(self, keys: Keys = BOX) -> Client:
        """A client that was heard; what was told so far is forgotten."""
        client = self.dial(keys)
        await self.heard(client)
        return client

    async def heard(self, client: Client) -> None:
        """The client says its name, again and again, until it comes through."""
        self.server.told.clear()

        def arrived() -> bool:
            client.say(Ping(uid(1)))  # dropped while the connection is not there yet
            return bool(self.server.told)

        await until(arrived)
        await self.quiet(client)

    async def quiet(self, client: Client) -> None:
        """Everything that the client sent before has been read."""
        mark = Ping(uid(0xFFFF))
        client.say(mark)
        await until(lambda: any(message == mark for _, message, _ in self.server.told))
        self.server.told.clear()

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.server.close()


def run(test: Callable[[Line], Awaitable[None]]) -> None:
    async def main() -> None:
        line = Line()
        try:
            await test(line)
        finally:
            line.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())


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
        assert line.server.routes.keys() == {"box"}

    run(test)


def test_a_server_with_another_key_is_not_spoken_to() -> None:
    async def test(line: Line) -> None:
        betrayed = line.dial(server=STRANGER.public)
        await line.connect(OTHER)
        betrayed.say(hello())
        assert betrayed.dropped == 1
        assert line.server.routes.keys() == {"other"}

    run(test)


def test_a_key_that_was_taken_off_the_list_is_not_heard_any_more() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        other = await line.connect(OTHER)
        del line.server.allowed[BOX.public]
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
        answer_zap(zap, {BOX.public}.__contains__)
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
        route = line.server.routes["box"]
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


# -- connections come and go ------------------------------------------------------------------------


def test_what_is_for_a_peer_that_is_not_there_is_dropped_and_counted() -> None:
    async def test(line: Line) -> None:
        line.server.deliver("worker/box", Greet(uid(1)), QUEUE)
        assert line.server.dropped == 1
        box = await line.connect()
        box.hang_up()

        def gone() -> bool:
            line.server.deliver("worker/box", Greet(uid(1)), QUEUE)
            return "box" not in line.server.routes

        await until(gone)
        assert line.server.dropped == 2

    run(test)


def test_a_peer_that_dials_anew_is_answered_by_its_new_connection() -> None:
    async def test(line: Line) -> None:
        box = await line.connect()
        old = line.server.routes["box"]
        box.deliver(WEB, Redial(), LINK)
        await line.heard(box)
        assert line.server.routes["box"] != old
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
        assert box.read_one() is False
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
        assert "box" in line.server.routes

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
