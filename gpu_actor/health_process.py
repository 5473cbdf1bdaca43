"""The health process: `python -m gpu_actor.health_process`, started by the supervisor."""

import asyncio
from typing import Any

from actors.host import Child, run_child
from actors.mailbox import Runtime
from actors.settings import MailboxSettings
from actors.world import RealWorld
from gpu_actor.health import (
    HEALTH,
    METERS,
    SUPERVISOR,
    FiguresRead,
    HealthActor,
    HealthReport,
    ReadFigures,
    read_host,
)
from gpu_actor.health_settings import HealthSettings
from gpu_actor.nvml import Gauge, Nvml


class Meters:
    """The port that reads; on a thread, as a driver may take its time or hang."""

    def __init__(self, runtime: Runtime, gauge: Gauge, folder: str) -> None:
        self.runtime = runtime
        self.gauge = gauge
        self.folder = folder
        self.reading: asyncio.Task[None] | None = None
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def deliver(self, address: str, message: Any, sender: str) -> None:
        if isinstance(message, ReadFigures) and (self.reading is None or self.reading.done()):
            self.reading = asyncio.create_task(self.read(sender))
            self.reading.add_done_callback(self.read_or_broken)

    async def read(self, to: str) -> None:
        gpu = await asyncio.to_thread(self.gauge.read)
        host = await asyncio.to_thread(read_host, self.folder)
        self.runtime.tell(to, FiguresRead(gpu, host), METERS)

    def read_or_broken(self, reading: "asyncio.Task[None]") -> None:
        """A reading raises only for a bug, and that is the end of the process."""
        if not reading.cancelled() and (error := reading.exception()) and not self.broken.done():
            self.broken.set_exception(error)


class Reporter:
    """The port to the supervisor: the newest report travels with the heartbeats."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}

    def deliver(self, address: str, message: Any, sender: str) -> None:
        if isinstance(message, HealthReport):
            self.facts = message.facts()


async def serve(child: Child) -> None:
    runtime = Runtime(child.settings("mailbox", MailboxSettings), RealWorld())
    gauge = Nvml()
    meters = Meters(runtime, gauge, child.brief.data)
    reporter = Reporter()
    settings = child.settings("health", HealthSettings)
    runtime.serve(METERS, meters)
    runtime.serve(SUPERVISOR, reporter)
    runtime.register(HEALTH, lambda _: HealthActor(settings), loads=False)
    runtime.wake(HEALTH)
    child.facts = lambda: reporter.facts
    await child.ready()
    stopping = asyncio.create_task(child.stopping.wait())
    await asyncio.wait({stopping, meters.broken}, return_when=asyncio.FIRST_COMPLETED)
    runtime.stop()
    gauge.close()
    if meters.broken.done():
        meters.broken.result()


if __name__ == "__main__":
    run_child(serve)
