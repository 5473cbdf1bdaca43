"""The health actor alone, its meters with a gauge that hangs, and the whole process under a supervisor."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.effects import CancelTimer, Send, Started, StartTimer, TimerFired
from actors.mailbox import Runtime
from actors.messages.control import NodeStatus
from actors.settings import MailboxSettings
from actors.world import RealWorld
from gpu_actor.health import (
    HEALTH,
    METERS,
    SUPERVISOR,
    FiguresRead,
    HealthActor,
    HealthReport,
    HostFigures,
    ReadFigures,
    read_host,
)
from gpu_actor.health_process import Meters, Reporter
from gpu_actor.health_settings import HealthSettings
from gpu_actor.nvml import Absent, CardFigures, Cards, Gauge
from supervisor.data_folder import DataFolder
from supervisor.settings import NodeSettings
from supervisor.status import ask_status
from supervisor.strategy import ChildSpec, Group, TreeSpec

ROOT = Path(__file__).parents[2]
NO_DRIVER = Absent("no_driver", "No NVIDIA driver is installed or loaded.")
HOST = HostFigures(12.5, 4_000, 16_000, 50_000, 100_000)
CARD = CardFigures("RTX 4070", 37, 1_500, 12_282, 55, 61.5)
ASK = Send(METERS, ReadFigures())


def actor() -> HealthActor:
    return HealthActor(HealthSettings(every_s=1.0, late_s=5.0, hot_c=80, disk_low_mb=1_000))


def report(*effects: Any) -> HealthReport:
    sent = [effect.message for effect in effects if isinstance(effect, Send) and effect.to == SUPERVISOR]
    assert len(sent) == 1
    return sent[0]


def test_it_asks_for_figures_at_its_start_and_with_each_turn() -> None:
    health = actor()
    for message in (Started(), TimerFired("read")):
        assert health.receive(message, HEALTH) == [ASK, StartTimer("late", 5.0)]


def test_figures_are_reported_and_asked_for_again_after_the_pause() -> None:
    effects = actor().receive(FiguresRead(Cards((CARD,)), HOST), METERS)
    assert effects == [
        Send(SUPERVISOR, HealthReport(Cards((CARD,)), HOST)),
        CancelTimer("late"),
        StartTimer("read", 1.0),
    ]


def test_the_absence_of_a_card_is_reported_by_name() -> None:
    told = report(*actor().receive(FiguresRead(NO_DRIVER, HOST), METERS)).facts()
    assert told["gpu"] == {
        "cards": [],
        "absent": "No NVIDIA driver is installed or loaded.",
        "reason": "no_driver",
    }
    assert told["host"]["memory_total_mb"] == 16_000


def test_a_driver_that_hangs_is_reported_and_not_asked_a_second_time() -> None:
    health = actor()
    health.receive(FiguresRead(Cards((CARD,)), HOST), METERS)
    effects = health.receive(TimerFired("late"), HEALTH)
    assert effects == [
        Send(SUPERVISOR, HealthReport(Absent("failed", "The NVIDIA driver has not answered for 5 s."), HOST))
    ]


def test_a_hot_card_and_a_full_disk_are_worth_a_warning() -> None:
    hot = msgspec.structs.replace(CARD, temperature_c=80)
    full = msgspec.structs.replace(HOST, disk_free_mb=999)
    told = report(*actor().receive(FiguresRead(Cards((hot, CARD)), full), METERS))
    assert told.warnings == (
        "RTX 4070 is 80 °C hot.",
        "Only 999 MB are free for the data folder: make room.",
    )


def test_facts_are_json_able() -> None:
    told = report(*actor().receive(FiguresRead(Cards((CARD,)), HOST), METERS)).facts()
    read_back = msgspec.json.decode(msgspec.json.encode(told))
    assert read_back["gpu"]["cards"][0]["power_w"] == 61.5
    assert read_back["host"]["cpu_percent"] == 12.5


def test_the_figures_of_this_machine_are_plausible(tmp_path: Path) -> None:
    host = read_host(str(tmp_path))
    assert 0 <= host.cpu_percent <= 100
    assert 0 < host.memory_used_mb < host.memory_total_mb
    assert 0 <= host.disk_free_mb <= host.disk_total_mb


class HangingGauge:
    """A driver that answers when the test lets it."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.readings = 0

    def read(self) -> Cards | Absent:
        self.readings += 1
        self.go.wait(30)
        return NO_DRIVER

    def close(self) -> None: ...


class BuggyGauge:
    def read(self) -> Cards | Absent:
        raise ZeroDivisionError

    def close(self) -> None: ...


class Watched(Reporter):
    """Tells when the reported facts are as wanted."""

    def __init__(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        super().__init__()
        self.wanted = wanted
        self.seen = asyncio.Event()

    def deliver(self, address: str, message: Any, sender: str) -> None:
        super().deliver(address, message, sender)
        if self.wanted(self.facts):
            self.seen.set()


async def with_meters(gauge: Gauge, folder: Path, late_s: float, wanted: Callable[[Any], bool]) -> None:
    """Run actor and meters until the reported facts are as wanted; raises what breaks the meters."""
    runtime = Runtime(MailboxSettings(), RealWorld())
    meters, reporter = Meters(runtime, gauge, str(folder)), Watched(wanted)
    runtime.serve(METERS, meters)
    runtime.serve(SUPERVISOR, reporter)
    settings = HealthSettings(every_s=0.001, late_s=late_s)
    runtime.register(HEALTH, lambda _: HealthActor(settings), loads=False)
    runtime.wake(HEALTH)
    seen = asyncio.create_task(reporter.seen.wait())
    await asyncio.wait({seen, meters.broken}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    runtime.stop()
    if not seen.done():
        seen.cancel()
        meters.broken.result()


def test_a_hanging_driver_is_known_while_it_hangs_and_forgiven_when_it_answers(tmp_path: Path) -> None:
    gauge = HangingGauge()
    readings_while_hung: list[int] = []

    def wanted(facts: Any) -> bool:
        if facts["gpu"]["reason"] == "failed":
            readings_while_hung.append(gauge.readings)
            gauge.go.set()
        return facts["gpu"]["reason"] == "no_driver"

    asyncio.run(with_meters(gauge, tmp_path, 0.05, wanted))
    assert readings_while_hung == [1]


def test_a_bug_in_the_meters_ends_the_process(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(with_meters(BuggyGauge(), tmp_path, 30.0, lambda _: False))


def test_the_process_serves_under_a_supervisor_and_its_figures_are_in_the_status(tmp_path: Path) -> None:
    spec = TreeSpec((Group((ChildSpec("health", "gpu_actor.health_process"),)),))
    node = subprocess.Popen(
        [
            *(sys.executable, "-P", "-m", "tests.supervisor.small_node", str(tmp_path)),
            msgspec.json.encode(spec).decode(),
            msgspec.json.encode(NodeSettings()).decode(),
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert node.stdout is not None
    try:
        while node.stdout.readline() != "health ready\n":
            assert node.poll() is None
        status: NodeStatus = ask_status(DataFolder(tmp_path))
        while not status.gpu:
            status = ask_status(DataFolder(tmp_path))
        assert bool(status.gpu["cards"]) != bool(status.gpu["absent"])
        assert status.facts["health"]["host"]["disk_total_mb"] > 0
    finally:
        node.terminate()
        assert node.wait(30) == 0
        node.stdout.close()
