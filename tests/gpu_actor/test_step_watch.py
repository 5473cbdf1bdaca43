"""Work that does not come back is noticed, and ends the process."""

import subprocess
import sys

from gpu_actor.step_watch import StepWatch


def test_work_that_takes_longer_than_its_limit_is_stuck() -> None:
    steps = StepWatch(limit_s=8)
    assert steps.tick_s == 1
    assert [steps.is_stuck(1, 1) for _ in range(10)] == [False] * 9 + [True]


def test_each_piece_of_work_has_the_whole_time() -> None:
    steps = StepWatch(limit_s=8)
    for number in range(1, 30):
        assert not any(steps.is_stuck(number, 1) for _ in range(6))


def test_rest_is_no_work() -> None:
    steps = StepWatch(limit_s=8)
    assert not any(steps.is_stuck(0, 1) for _ in range(50))


def test_the_sleep_of_a_machine_is_not_the_time_of_a_step() -> None:
    steps = StepWatch(limit_s=8)
    steps.is_stuck(1, 1)
    assert not steps.is_stuck(1, 30_000)
    assert any(steps.is_stuck(1, 1) for _ in range(8))


STUCK = """
import asyncio, time
from actors.addresses import ENGINE, GPU
from actors.messages.engine import Step
from gpu_actor.engine_port import EnginePort
from gpu_actor.engine_process import watch
from gpu_actor.settings import EngineSettings
from gpu_actor.step_watch import StepWatch
from tests.fakes.scripted_executor import ScriptedExecutor

class Stuck(ScriptedExecutor):
    def step(self, message):
        while True:
            time.sleep(1)

async def main():
    port = EnginePort(None, asyncio.get_running_loop(), Stuck(), EngineSettings())
    port.start()
    port.deliver(ENGINE, Step(1, -1, 0, (0,)), GPU)
    await watch(port, StepWatch(limit_s=0.05))

asyncio.run(main())
"""


def test_a_process_whose_step_is_stuck_ends_with_a_word_about_it() -> None:
    ended = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "engine.step_limit_s = 0.05 s: this process ends" in ended.stderr
    assert "in step" in ended.stderr  # where each thread was
    assert "EngineStuckError" in ended.stderr
