"""The supervisor's socket, with real sockets on loopback."""

from collections.abc import Iterator

import msgspec
import pytest
import zmq

from actors.messages.control import Dial
from supervisor.switchboard import Heard, Switchboard


class Client:
    """A DEALER with the keys of a Dial."""

    def __init__(self, dial: Dial) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_serverkey = dial.server_public.encode()
        self.socket.curve_publickey = dial.public.encode()
        self.socket.curve_secretkey = dial.secret.encode()
        self.socket.connect(dial.address)

    def close(self) -> None:
        self.context.destroy(linger=0)


@pytest.fixture
def switchboard() -> Iterator[Switchboard]:
    board = Switchboard()
    yield board
    board.close()


@pytest.fixture
def dial(switchboard: Switchboard) -> Iterator["Dialling"]:
    dialling = Dialling()
    yield dialling
    for client in dialling.clients:
        client.close()


class Dialling:
    def __init__(self) -> None:
        self.clients: list[Client] = []

    def __call__(self, dial: Dial) -> Client:
        self.clients.append(Client(dial))
        return self.clients[-1]


def hear(switchboard: Switchboard) -> Heard:
    for _ in range(1000):
        for heard in switchboard.poll(20):
            return heard
    raise AssertionError("nothing was heard")


def hears_nothing(switchboard: Switchboard, rounds: int = 25) -> bool:
    return not [heard for _ in range(rounds) for heard in switchboard.poll(20)]


def test_it_listens_on_loopback_only(switchboard: Switchboard) -> None:
    assert switchboard.router.last_endpoint == f"tcp://127.0.0.1:{switchboard.port}".encode()


def test_messages_come_with_the_name_of_the_key(switchboard: Switchboard, dial: Dialling) -> None:
    web, link = dial(switchboard.admit("web")), dial(switchboard.admit("link"))
    web.socket.send(b"one")
    heard = hear(switchboard)
    assert (heard.user, heard.payload) == ("web", b"one")
    link.socket.send(b"two")
    assert hear(switchboard).user == "link"


def test_who_was_heard_can_be_spoken_to(switchboard: Switchboard, dial: Dialling) -> None:
    client = dial(switchboard.admit("web"))
    assert not switchboard.say("web", b"too early")
    client.socket.send(b"hello")
    hear(switchboard)
    assert switchboard.say("web", b"word")
    assert client.socket.poll(20_000)
    assert client.socket.recv() == b"word"


def test_an_unknown_key_does_not_get_in(switchboard: Switchboard, dial: Dialling) -> None:
    known = switchboard.admit("web")
    public, secret = zmq.curve_keypair()
    stranger = dial(msgspec.structs.replace(known, public=public.decode(), secret=secret.decode()))
    stranger.socket.send(b"let me in")
    assert hears_nothing(switchboard)


def test_a_client_that_expects_another_server_does_not_speak(
    switchboard: Switchboard, dial: Dialling
) -> None:
    known = switchboard.admit("web")
    public, _ = zmq.curve_keypair()
    dial(msgspec.structs.replace(known, server_public=public.decode())).socket.send(b"hello")
    assert hears_nothing(switchboard)


def test_a_client_without_curve_does_not_get_in(switchboard: Switchboard) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.connect(f"tcp://127.0.0.1:{switchboard.port}")
    socket.send(b"hello")
    assert hears_nothing(switchboard)
    context.destroy(linger=0)


def test_a_key_is_void_once_its_owner_got_a_new_one(switchboard: Switchboard, dial: Dialling) -> None:
    old = dial(switchboard.admit("web"))
    old.socket.send(b"one")
    hear(switchboard)
    new = dial(switchboard.admit("web"))
    old.socket.send(b"stale")
    assert hears_nothing(switchboard)
    assert not switchboard.say("web", b"to the new one, which is not there yet")
    new.socket.send(b"fresh")
    assert hear(switchboard).payload == b"fresh"


def test_a_message_of_many_frames_is_dropped_and_the_next_one_heard(
    switchboard: Switchboard, dial: Dialling
) -> None:
    client = dial(switchboard.admit("web"))
    client.socket.send_multipart([b"a", b"b", b"c"])
    client.socket.send(b"one")
    assert hear(switchboard).payload == b"one"


def test_a_reader_that_does_not_read_does_not_hold_up_the_supervisor(
    switchboard: Switchboard, dial: Dialling
) -> None:
    client = dial(switchboard.admit("web"))
    client.socket.send(b"hello")
    hear(switchboard)
    while switchboard.say("web", b"x" * 10_000):
        pass
    assert not switchboard.say("web", b"more")
