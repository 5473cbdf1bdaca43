"""What the web process does: it wires the actors to their ports.

The only importer of storage outside of it: edge and actors know the database by messages alone.
"""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from actors import addresses
from actors.archive import Archive
from actors.character.actor import Character
from actors.character.book_actor import LorebookVersion
from actors.character.formats.limits import CardLimits
from actors.character.lore_scene import LoreLimits
from actors.generation_queue import GenerationQueue
from actors.host import CannotServeError, Child
from actors.mailbox import Runtime
from actors.previews import Previews
from actors.private_files import ExposedFileError
from actors.session import Session
from actors.settings import (
    ArchiveSettings,
    BoxesSettings,
    MailboxSettings,
    PreviewSettings,
    QueueSettings,
    SessionSettings,
)
from actors.wire.keys import BrokenKeyFileError
from actors.wire.sockets import CannotListenError
from actors.world import RealWorld
from rust_crypto.seal import implementation
from storage.assets import Assets
from storage.errors import StorageError
from storage.settings import StorageSettings
from storage.start import open_storage
from web.app import make_app
from web.boxes import Boxes, BrokenRegisterError
from web.edge import Edge
from web.library.settings import LibrarySettings
from web.records import StorageTroubleError
from web.server import Server, check_address
from web.settings import WebSettings
from web.starter import StarterCardError, add_starter_characters

UI = Path(__file__).parent / "ui" / "dist"
"""The built user interface."""


def register_actors(runtime: Runtime, child: Child) -> None:
    """Every actor of this process, by its address."""
    world = runtime.world
    session = child.settings("session", SessionSettings)
    archive = child.settings("archive", ArchiveSettings)
    queue = child.settings("queue", QueueSettings)
    previews = child.settings("preview", PreviewSettings)
    runtime.register(addresses.ARCHIVE, lambda _: Archive(archive, world), loads=False)
    runtime.register(addresses.QUEUE, lambda _: GenerationQueue(queue, world), loads=True)
    runtime.register(addresses.PREVIEWS, lambda _: Previews(previews, world), loads=False)
    runtime.register("session", lambda address: Session(address, session, world), loads=True)
    runtime.register("character", lambda _: Character(session), loads=True)
    runtime.register("lorebook", lambda _: LorebookVersion(session), loads=True)


async def serve(child: Child) -> None:
    """Opens the database, then the link, then the pages; closes them in reverse."""
    settings = child.settings("web", WebSettings)
    check_address(settings)
    runtime = Runtime(child.settings("mailbox", MailboxSettings), RealWorld())
    try:
        storage = await open_storage(child.settings("storage", StorageSettings), child.data, runtime.tell)
    except StorageError as error:
        raise CannotServeError(str(error)) from error
    runtime.serve(addresses.STORAGE, storage)
    register_actors(runtime, child)
    try:
        await serve_pages(child, runtime, settings)
    except (StorageTroubleError, StarterCardError) as error:
        raise CannotServeError(str(error)) from error
    finally:
        runtime.stop()
        await storage.close()


async def serve_pages(child: Child, runtime: Runtime, settings: WebSettings) -> None:
    if settings.port == 0:  # a restarted process is found where it was
        settings = msgspec.structs.replace(settings, port=child.port("http") or child.port("https"))
    assets = Assets(child.data / "assets")
    announced: dict[str, str] = {}
    boxes = listen_for_boxes(child, runtime)
    edge = Edge(
        runtime,
        settings,
        boot=child.brief.boot.hex,
        version=child.brief.version,
        control_token=child.brief.token,
        announce_code=lambda code: announced.update(setup_code=code),
        assets=assets,
        drafts=Assets(child.data / "drafts"),
        ui=UI,
        boxes=boxes,
        library=child.settings("library", LibrarySettings),
        cards=child.settings("card", CardLimits),
        lore=child.settings("lore", LoreLimits),
        session=child.settings("session", SessionSettings),
    )
    server = Server(make_app(edge), edge.sockets, settings)
    try:
        await edge.start()
        await add_starter_characters(edge.records, runtime.world, assets.put)
        port = await server.start()
        child.facts = lambda: facts(edge, runtime, boxes, port) | announced
        runtime.wake(addresses.QUEUE)
        runtime.wake(addresses.PREVIEWS)
        await child.ready({server.scheme: port, "link": boxes.listener.port})
        ended, _ = await asyncio.wait(
            [asyncio.create_task(child.stopping.wait()), asyncio.create_task(server.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in ended:
            task.result()
    finally:
        await server.stop()
        await edge.stop()
        await boxes.close()


def listen_for_boxes(child: Child, runtime: Runtime) -> Boxes:
    """The end of the link that GPU boxes dial. Raises CannotServeError."""
    settings = child.settings("boxes", BoxesSettings)
    try:
        return Boxes(child.brief.doors["link"], child.data / "keys" / "boxes.json", runtime, settings)
    except CannotListenError as error:
        raise CannotServeError(
            f"{error}: end the program that uses it, or set another [supervisor] link_port"
        ) from error
    except (BrokenRegisterError, BrokenKeyFileError, ExposedFileError) as error:
        raise CannotServeError(str(error)) from error


def facts(edge: Edge, runtime: Runtime, boxes: Boxes, port: int) -> dict[str, Any]:
    """What `samovar status` tells of this process."""
    state = edge.sockets.state
    workers = state.workers if state else ()
    return {
        "url": url(edge.settings, port),
        "setup_needed": not edge.accounts.owner_known,
        "crypto": implementation(),
        "queue": {"waiting": state.waiting if state else 0, "running": state.running if state else 0},
        "workers": [
            {
                "name": worker.name,
                "engine": worker.engine,
                "model": worker.model,
                "slots": worker.slots,
                "busy": worker.busy,
                "state": worker.state,
                "demonstration": worker.demonstration,
                "why": worker.why,
            }
            for worker in workers
        ],
        "actors": len(runtime.cells),
        "actor_restarts": runtime.restarts,
        "actors_parked": runtime.parked(),
        "dead_letters": runtime.newest_dead_letters(),
        "sockets": len(edge.sockets.open),
        "frames_dropped": boxes.listener.dropped,
    }


def url(settings: WebSettings, port: int) -> str:
    """Where the pages are, as a browser on this machine or in front of the proxy calls them."""
    if settings.hosts:
        scheme = "https" if settings.behind_proxy or settings.tls_certificate else "http"
        return f"{scheme}://{settings.hosts[0]}"
    return f"http://{settings.host}:{port}"
