"""The mailbox runtime of `actors/mailbox.py`, as the web process uses it."""

import asyncio
from typing import Any

import msgspec
from msgspec import Struct

from actors.effects import Effect, Send, Started
from actors.mailbox import Runtime
from actors.settings import MailboxSettings
from actors.world import RealWorld

BURST = 2_000
"""Told between two turns of the event loop, as frames come from a socket."""


class Question(Struct, frozen=True):
    number: int
    answer_to: str


class Answer(Struct, frozen=True):
    number: int


class Tally:
    """Counts what all actors of a run were told."""

    def __init__(self) -> None:
        self.handled = 0
        self.expected = 0
        self.complete = asyncio.Event()

    def count(self) -> None:
        self.handled += 1
        if self.handled == self.expected:
            self.complete.set()


class Echo:
    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Question(number, answer_to):
                return [Send(answer_to, Answer(number))]
            case Started():
                return []
            case _:
                self.tally.count()
                return []


class System:
    actors = 10_000
    messages = 500_000
    questions = 20_000

    def __init__(self) -> None:
        self.tally = Tally()
        self.made = 0

    async def start(self) -> None:
        settings = msgspec.structs.replace(MailboxSettings(), mailbox_limit=self.messages)
        self.runtime = Runtime(settings, RealWorld())
        self.runtime.register("echo", lambda _: Echo(self.tally), loads=False)

    async def spawn(self, count: int) -> list[str]:
        made = [f"echo/{number}" for number in range(self.made, self.made + count)]
        self.made += count
        for address in made:
            self.runtime.wake(address)
        return made

    async def tell(self, actors: list[str], messages: int) -> int:
        self.tally.expected = messages
        count = len(actors)
        for number in range(messages):
            self.runtime.tell(actors[number % count], number, "bench")
            if number % BURST == BURST - 1:
                await asyncio.sleep(0)
        await self.tally.complete.wait()
        return self.tally.handled

    async def ask(self, actor: str, question: int) -> int:
        answer = await self.runtime.ask(actor, lambda to: Question(question, to), timeout_s=5.0)
        return answer.number

    async def stop(self) -> None:
        self.runtime.stop()
