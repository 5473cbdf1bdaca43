"""Readiness: run a callback of the event loop when a ZeroMQ socket has something to read.

zmq.asyncio awaits each message (58 to 73 thousand a second); draining the socket without waiting
carries more than twice that. ZeroMQ's descriptor is edge-triggered: it tells that the state changed,
once, and a send may consume that. So the state is asked for after each wake-up and after each send.
"""

import asyncio
from collections.abc import Callable

import zmq

TURN = 256  # messages in one turn of the loop, so that nobody else starves


class Readiness:
    """Calls `read_some()` while the socket is readable; it returns how much it read, 0 at the end."""

    def __init__(self, socket: "zmq.Socket[bytes]", read_some: Callable[[], int]) -> None:
        self.loop = asyncio.get_running_loop()
        self.socket = socket
        self.read_some = read_some
        self.descriptor = int(socket.get(zmq.FD))
        self.scheduled = False
        self.loop.add_reader(self.descriptor, self.check)
        self.check()

    def check(self) -> None:
        """After a wake-up or a send: is there something to read?"""
        if self.scheduled or self.socket.closed:
            return
        if int(self.socket.get(zmq.EVENTS)) & zmq.POLLIN:
            self.scheduled = True
            self.loop.call_soon(self.drain)

    def drain(self) -> None:
        self.scheduled = False
        try:
            left = TURN
            while left > 0 and not self.socket.closed and (read := self.read_some()):
                left -= read
        finally:  # an edge that is not looked at never comes again
            self.check()

    def close(self) -> None:
        self.loop.remove_reader(self.descriptor)
