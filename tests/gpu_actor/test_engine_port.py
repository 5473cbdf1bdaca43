"""The engine port: order, failure and ending of the thread that owns the executor."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from actors.addresses import ENGINE, GPU
from actors.messages.engine import Admit, Admitted, EngineFailed, NotAdmitted, Release, Step, Stepped
from gpu_actor.engine_port import EnginePort
from gpu_actor.executor import Executor
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import EngineQueueFullError
from tests.fakes.scripted_executor import ScriptedEnginePort, ScriptedExecutor
from tests.gpu_actor.planner import SHEET, request


class Inbox:
    """A runtime that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any, str]] = []
        self.came = asyncio.Event()
        self.threads: set[int] = set()

    def tell(self, to: str, message: Any, sender: str) -> None:
        self.told.append((to, message, sender))
        self.threads.add(threading.get_ident())
        self.came.set()

    async def messages(self, count: int) -> list[Any]:
        while len(self.told) < count:
            self.came.clear()
            await self.came.wait()
        return [message for _, message, _ in self.told]


class Gated(ScriptedExecutor):
    """Waits for the gate in each step, as a step of a large model takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Semaphore(0)
        self.entered = threading.Event()

    def step(self, message: Step) -> Stepped:
        self.entered.set()
        self.gate.acquire()
        return super().step(message)


class Broken(ScriptedExecutor):
    def step(self, message: Step) -> Stepped:
        raise MemoryError("no memory left on the card")


def with_port(executor: Executor, work: Callable[[EnginePort, Inbox], Any], *, queue: int = 64) -> None:
    """Run `work` beside a started port."""

    async def main() -> None:
        inbox = Inbox()
        port = EnginePort(inbox, asyncio.get_running_loop(), executor, EngineSettings(work_queue=queue))
        port.start()
        try:
            async with asyncio.timeout(30):
                await work(port, inbox)
        finally:
            assert port.close()

    asyncio.run(main())


def test_answers_come_in_order_to_the_asker_on_the_loops_own_thread() -> None:
    async def work(port: EnginePort, inbox: Inbox) -> None:
        port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
        port.deliver(ENGINE, Admit(request(2), SHEET, 1), "somebody")
        port.deliver(ENGINE, Release(1), GPU)
        port.deliver(ENGINE, Step(7, 0, 100, ()), GPU)
        messages = await inbox.messages(3)
        assert [type(message) for message in messages] == [Admitted, Admitted, Stepped]
        assert [to for to, _, _ in inbox.told] == [GPU, "somebody", GPU]
        assert {sender for _, _, sender in inbox.told} == {ENGINE}
        assert inbox.threads == {threading.get_ident()}

    with_port(ScriptedExecutor(), work)


def test_a_refusal_is_an_answer_and_no_failure() -> None:
    async def work(port: EnginePort, inbox: Inbox) -> None:
        port.deliver(ENGINE, Admit(request(1, text="word " * 9000), SHEET, 0), GPU)
        port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
        assert [type(message) for message in await inbox.messages(2)] == [NotAdmitted, Admitted]

    with_port(ScriptedExecutor(), work)


def test_whatever_the_executor_raises_is_the_end_of_the_engine() -> None:
    async def work(port: EnginePort, inbox: Inbox) -> None:
        port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
        port.deliver(ENGINE, Step(1, 0, 100, ()), GPU)
        port.deliver(ENGINE, Admit(request(2), SHEET, 1), GPU)
        first, second, third = await inbox.messages(3)
        assert isinstance(first, Admitted)
        assert second == third == EngineFailed("MemoryError: no memory left on the card")

    with_port(Broken(), work)


def test_delivering_never_waits_for_the_step_under_way() -> None:
    executor = Gated()

    async def work(port: EnginePort, inbox: Inbox) -> None:
        port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
        port.deliver(ENGINE, Step(1, 0, 100, ()), GPU)
        await asyncio.to_thread(executor.entered.wait)
        port.deliver(ENGINE, Release(0), GPU)  # takes effect between two steps
        port.deliver(ENGINE, Admit(request(2), SHEET, 0), GPU)
        assert len(inbox.told) <= 1
        executor.gate.release()
        assert [type(message) for message in await inbox.messages(3)] == [Admitted, Stepped, Admitted]

    with_port(executor, work)


def test_more_work_than_the_settings_allow_is_refused_by_name() -> None:
    executor = Gated()

    async def work(port: EnginePort, inbox: Inbox) -> None:
        port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
        port.deliver(ENGINE, Step(1, 0, 100, ()), GPU)
        await asyncio.to_thread(executor.entered.wait)
        for slot in (1, 2):
            port.deliver(ENGINE, Release(slot), GPU)
        with pytest.raises(EngineQueueFullError, match="2 messages wait"):
            port.deliver(ENGINE, Release(3), GPU)
        executor.gate.release()
        await inbox.messages(2)

    with_port(executor, work, queue=2)


def test_closing_waits_for_the_step_under_way_and_drops_what_waits() -> None:
    executor = Gated()

    async def main() -> None:
        inbox = Inbox()
        port = EnginePort(inbox, asyncio.get_running_loop(), executor, EngineSettings(work_queue=3))
        port.start()
        port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
        port.deliver(ENGINE, Step(1, 0, 100, ()), GPU)
        await asyncio.to_thread(executor.entered.wait)
        for slot in (1, 2, 3):  # the queue is full
            port.deliver(ENGINE, Admit(request(slot), SHEET, slot), GPU)
        closing = asyncio.create_task(asyncio.to_thread(port.close))
        await asyncio.to_thread(port.closing.wait)
        executor.gate.release()
        assert await closing
        assert [type(message) for message in await inbox.messages(2)] == [Admitted, Stepped]
        assert set(executor.courses) == {0}

    asyncio.run(main())


def test_a_step_that_does_not_end_in_time_is_reported() -> None:
    executor = Gated()

    async def main() -> None:
        port = EnginePort(Inbox(), asyncio.get_running_loop(), executor, EngineSettings(stop_s=0.01))
        port.start()
        port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
        port.deliver(ENGINE, Step(1, 0, 100, ()), GPU)
        await asyncio.to_thread(executor.entered.wait)
        assert not port.close()
        executor.gate.release()
        await asyncio.to_thread(port.thread.join)

    asyncio.run(main())


# -- the scripted port ----------------------------------------------------------------------------


class Told:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def tell(self, to: str, message: Any, sender: str) -> None:
        assert (to, sender) == (GPU, ENGINE)
        self.told.append(message)


def test_the_scripted_port_answers_at_once_and_in_order() -> None:
    runtime = Told()
    port = ScriptedEnginePort(runtime, ScriptedExecutor())
    port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
    port.deliver(ENGINE, Step(1, 0, 100, ()), GPU)
    port.deliver(ENGINE, Release(0), GPU)
    assert [type(message) for message in runtime.told] == [Admitted, Stepped]


def test_the_scripted_port_takes_its_time_by_the_clock_it_is_given() -> None:
    runtime, due = Told(), list[tuple[float, Callable[[], None]]]()
    port = ScriptedEnginePort(runtime, ScriptedExecutor(), lambda after, run: due.append((after, run)), 0.02)
    port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
    port.deliver(ENGINE, Step(1, 0, 100, ()), GPU)
    port.deliver(ENGINE, Admit(request(2), SHEET, 1), GPU)  # waits its turn
    assert [type(message) for message in runtime.told] == [Admitted]
    after, run = due.pop()
    assert after == 0.02
    run()
    assert [type(message) for message in runtime.told] == [Admitted, Stepped, Admitted]


def test_the_scripted_port_fails_and_dies_on_demand() -> None:
    runtime = Told()
    port = ScriptedEnginePort(runtime, ScriptedExecutor())
    port.fails_at = 2
    port.deliver(ENGINE, Admit(request(1), SHEET, 0), GPU)
    port.deliver(ENGINE, Step(2, 0, 100, ()), GPU)
    assert isinstance(runtime.told[-1], EngineFailed)
    port.stop()
    port.deliver(ENGINE, Admit(request(2), SHEET, 1), GPU)
    assert len(runtime.told) == 2
