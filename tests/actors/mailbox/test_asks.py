"""Awaited questions, on a real event loop."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from msgspec import Struct

from actors.effects import Effect, Send, Started
from actors.mailbox import AskTimeoutError, Runtime
from actors.settings import MailboxSettings
from actors.world import RealWorld


class Question(Struct, frozen=True):
    number: int
    reply_to: str


class Oracle:
    """Answers each question with its square; 0 is never answered, 1 twice."""

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Question(number, reply_to) if number:
                return [Send(reply_to, number**2)] * (2 if number == 1 else 1)
            case Question() | Started():
                return []
            case _:
                raise TypeError(message)


def ask(runtime: Runtime, number: int, timeout_s: float = 20.0) -> Coroutine[Any, Any, int]:
    return runtime.ask("oracle", lambda reply_to: Question(number, reply_to), timeout_s)


def run_with_oracle(test: Any) -> None:
    async def main() -> None:
        runtime = Runtime(MailboxSettings(), RealWorld())
        runtime.register("oracle", lambda _: Oracle(), loads=False)
        await test(runtime)
        assert runtime.asks.waiting == {}  # nothing is left behind

    asyncio.run(main())


def test_each_question_gets_its_own_answer() -> None:
    async def test(runtime: Runtime) -> None:
        assert await asyncio.gather(*(ask(runtime, number) for number in (2, 3, 4))) == [4, 9, 16]

    run_with_oracle(test)


def test_a_question_without_an_answer_ends_at_its_deadline() -> None:
    async def test(runtime: Runtime) -> None:
        with pytest.raises(AskTimeoutError, match="no answer from oracle"):
            await ask(runtime, 0, timeout_s=0.01)

    run_with_oracle(test)


def test_a_second_answer_is_ignored() -> None:
    async def test(runtime: Runtime) -> None:
        assert await ask(runtime, 1) == 1
        runtime.tell("asks/1", "once more", "oracle")
        assert await ask(runtime, 2) == 4

    run_with_oracle(test)
