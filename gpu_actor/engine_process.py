"""The engine process of a GPU box: `python -m gpu_actor.engine_process`, started by the supervisor.

The model is loaded on a thread, so that the heartbeat goes on; then one thread owns the execution context.
The heartbeat says nothing of that thread: a watch of its own ends the process where it is stuck.
"""

import asyncio
import atexit
import faulthandler
import logging
import os
from typing import Any

import msgspec

from actors.addresses import ENGINE, GPU, LINK
from actors.character.lore_scene import LoreLimits
from actors.host import EXIT_FAILED, CannotServeError, Child, run_child
from actors.mailbox import Runtime
from actors.messages.control import ChildReady, Notice
from actors.messages.engine import EngineFailed
from actors.messages.link import EngineHello
from actors.settings import GpuSettings, MailboxSettings
from actors.wire.envelope import ToEngine, types_of
from actors.wire.sockets import Dialler
from actors.world import RealWorld
from deploy.cache import cache_folder
from gpu_actor.actor import GpuActor
from gpu_actor.engine_digest import engine_digest, processor_name
from gpu_actor.engine_facts import EngineFacts
from gpu_actor.engine_port import EnginePort
from gpu_actor.loading import load_engine
from gpu_actor.scripted import scripted_executor
from gpu_actor.settings import EngineSettings
from gpu_actor.step_watch import StepWatch
from gpu_actor.troubles import EngineTrouble

log = logging.getLogger(__name__)


class EngineLostError(Exception):
    """The execution context failed. This process ends and the supervisor starts it anew."""


class EngineStuckError(Exception):
    """A step of the engine does not end: the driver or the runtime hangs. The process ends and the supervisor
    starts it anew; if that repeats, look at the driver, or raise `engine.step_limit_s` for a slow machine.
    """


class Watched:
    """What the engine port tells goes to the runtime; the first EngineFailed ends the process."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def tell(self, to: str, message: Any, sender: str) -> None:
        if isinstance(message, EngineFailed):
            if not self.failed.done():
                self.failed.set_exception(EngineLostError(message.why))
        else:
            self.runtime.tell(to, message, sender)


async def serve(child: Child) -> None:
    settings = child.settings("engine", EngineSettings)
    progress = {"progress": "choosing the engine"}
    child.facts = lambda: progress

    def say(what: str) -> None:
        progress["progress"] = what

    try:
        executor = scripted_executor(os.environ)
        if executor is None:
            executor = await asyncio.to_thread(load_engine, settings, cache_folder(), say)
        executor.limit_lore(child.settings("lore", LoreLimits))
    except EngineTrouble as error:
        raise CannotServeError(str(error)) from error
    world = RealWorld()
    runtime = Runtime(child.settings("mailbox", MailboxSettings), world)
    watched = Watched(runtime)
    port = EnginePort(watched, asyncio.get_running_loop(), executor, settings)
    dialler = Dialler(child.brief.dials["link"], runtime.tell, types_of(ToEngine), to=GPU, sender=LINK)
    scheduling = child.settings("gpu", GpuSettings)
    digest = engine_digest(executor.facts, settings, child.brief.version, processor_name())
    hello = greeting(executor.facts, digest, world)
    runtime.serve(ENGINE, port)
    runtime.serve(LINK, dialler)
    runtime.register(GPU, lambda _: GpuActor(scheduling, world, hello), loads=False)

    def notice(message: Notice) -> None:
        if isinstance(message, ChildReady) and message.name == "link" and "engine" in message.ports:
            dialler.moved(f"tcp://127.0.0.1:{message.ports['engine']}")

    port.start()
    runtime.wake(GPU)
    child.facts = lambda: facts(executor.facts, runtime)
    child.on_notice(notice)
    await child.ready()
    stopping = asyncio.create_task(child.stopping.wait())
    stuck = asyncio.create_task(watch(port, StepWatch(settings.step_limit_s)))
    await asyncio.wait({stopping, watched.failed, stuck}, return_when=asyncio.FIRST_COMPLETED)
    runtime.stop()
    dialler.close()
    if stuck.done():
        stuck.result()
    stuck.cancel()
    port.close()
    if watched.failed.done():
        watched.failed.result()


async def watch(port: EnginePort, steps: StepWatch) -> None:
    """Raises EngineStuckError when a piece of work does not come to its end."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    while True:
        await asyncio.sleep(steps.tick_s)
        now = loop.time()
        if steps.is_stuck(port.under_way, now - before):
            faulthandler.dump_traceback()
            # Nothing waits for the thread, nor takes away what it works with.
            atexit.register(os._exit, EXIT_FAILED)
            why = f"a step of the engine has not ended within engine.step_limit_s = {steps.limit_s:g} s"
            log.critical("%s: this process ends, to be started anew", why)
            raise EngineStuckError(why)
        before = now


def greeting(engine: EngineFacts, digest: bytes, world: RealWorld) -> EngineHello:
    return EngineHello(
        boot=world.new_id(),
        engine=engine.engine,
        model=engine.model,
        model_hash=engine.model_hash,
        slots=engine.slots,
        context=engine.context,
        demonstration=engine.demonstration,
        engine_digest=digest,
        exact=engine.continuation == "exact",
    )


def facts(engine: EngineFacts, runtime: Runtime) -> dict[str, Any]:
    """What `samovar status` tells of this process."""
    gpu = runtime.cells[GPU].actor
    tally = msgspec.structs.asdict(gpu.tally) if isinstance(gpu, GpuActor) else {}  # else being restarted
    return {
        "engine": engine.engine,
        "why": engine.why,
        "continuation": engine.continuation,
        "model": engine.model,
        "slots": engine.slots,
        "context": engine.context,
        "numerics": engine.numerics,
        "threads": engine.threads,
        "weights": engine.weights,
        "tokens": tally,
        "dead_letters": runtime.newest_dead_letters(),
    }


if __name__ == "__main__":
    run_child(serve)
