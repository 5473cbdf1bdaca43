"""HealthActor: the state of the GPU and of the machine, read again and again.

Receives  Started, TimerFired, FiguresRead (meters)
Sends     ReadFigures (meters), HealthReport (supervisor)
Restart   starts anew; nothing is kept

A driver that hangs is reported as such: while one reading is under way no second one is asked for.
"""

from typing import Any

import msgspec
import psutil
from msgspec import Struct

from actors.effects import CancelTimer, Effect, Send, Started, StartTimer, TimerFired
from gpu_actor.health_settings import HealthSettings
from gpu_actor.nvml import MB, Absent, Cards

HEALTH = "health"
METERS = "meters"
SUPERVISOR = "supervisor"


class HostFigures(Struct, frozen=True):
    """The machine; memory and disk in megabytes (10**6)."""

    cpu_percent: float  # of all cores, since the last reading
    memory_used_mb: int
    memory_total_mb: int
    disk_free_mb: int  # where the data folder is
    disk_total_mb: int


class ReadFigures(Struct, frozen=True):
    """To the meters: read everything once."""


class FiguresRead(Struct, frozen=True):
    gpu: Cards | Absent
    host: HostFigures


class HealthReport(Struct, frozen=True):
    """What is known now. `host` is None until the first reading."""

    gpu: Cards | Absent
    host: HostFigures | None
    warnings: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """For the heartbeat: {"gpu": {"cards", "absent", "reason"}, "host": {…}, "warnings": […]}."""
        cards = self.gpu.cards if isinstance(self.gpu, Cards) else ()
        absent, reason = (self.gpu.why, self.gpu.reason) if isinstance(self.gpu, Absent) else ("", "")
        return {
            "gpu": {
                "cards": [msgspec.to_builtins(card) for card in cards],
                "absent": absent,
                "reason": reason,
            },
            "host": msgspec.to_builtins(self.host),
            "warnings": list(self.warnings),
        }


class HealthActor:
    def __init__(self, settings: HealthSettings) -> None:
        self.settings = settings
        self.host: HostFigures | None = None

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Started() | TimerFired("read"):
                return [Send(METERS, ReadFigures()), StartTimer("late", self.settings.late_s)]
            case FiguresRead(gpu, host):
                self.host = host
                return [
                    self.report(gpu),
                    CancelTimer("late"),
                    StartTimer("read", self.settings.every_s),
                ]
            case TimerFired("late"):
                why = f"The NVIDIA driver has not answered for {self.settings.late_s:g} s."
                return [self.report(Absent("failed", why))]
            case _:
                return []

    def report(self, gpu: Cards | Absent) -> Effect:
        return Send(SUPERVISOR, HealthReport(gpu, self.host, tuple(self.warnings(gpu))))

    def warnings(self, gpu: Cards | Absent) -> list[str]:
        found: list[str] = []
        if isinstance(gpu, Cards):
            found += [
                f"{card.name} is {card.temperature_c} °C hot."
                for card in gpu.cards
                if card.temperature_c is not None and card.temperature_c >= self.settings.hot_c
            ]
        if self.host is not None and self.host.disk_free_mb < self.settings.disk_low_mb:
            found.append(f"Only {self.host.disk_free_mb} MB are free for the data folder: make room.")
        return found


def read_host(folder: str) -> HostFigures:
    """The machine's figures now; `folder` says which disk."""
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(folder)
    return HostFigures(
        cpu_percent=psutil.cpu_percent(),
        memory_used_mb=memory.used // MB,
        memory_total_mb=memory.total // MB,
        disk_free_mb=disk.free // MB,
        disk_total_mb=disk.total // MB,
    )
