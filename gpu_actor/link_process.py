"""The link process of a GPU box: `python -m gpu_actor.link_process`, started by the supervisor."""

import asyncio

from actors.addresses import GPU, LINK, PREVIEWS, QUEUE, WEB
from actors.host import CannotServeError, Child, run_child
from actors.link import Link
from actors.mailbox import Runtime
from actors.messages.control import ChildDown, ChildReady, Notice, RotateKeys
from actors.messages.link import EngineDown
from actors.private_files import ExposedFileError
from actors.settings import LinkSettings, MailboxSettings
from actors.wire.envelope import ToBox, types_of
from actors.wire.guests import ENGINE_GUEST, FixedGuests
from actors.wire.keys import BrokenKeyFileError, key_name
from actors.wire.sockets import Dialler, Listener
from actors.world import RealWorld
from gpu_actor.key_keeper import KeyKeeper
from gpu_actor.pairing_file import BrokenPairingError


async def serve(child: Child) -> None:
    """Listens for the engine, dials the web node, and carries replies between them."""
    world = RealWorld()
    runtime = Runtime(child.settings("mailbox", MailboxSettings), world)
    settings = child.settings("link", LinkSettings)
    listener = Listener(
        child.brief.doors["engine"],
        runtime.tell,
        FixedGuests(dict.fromkeys(child.brief.doors["engine"].allowed, ENGINE_GUEST)),
    )
    dialler = Dialler(
        child.brief.dials["web"], runtime.tell, types_of(ToBox), to=LINK, sender=WEB, tells_refusal=True
    )
    for kind in (QUEUE, PREVIEWS, "session", "character", "lorebook", WEB):
        runtime.serve(kind, dialler)
    keeper = keep_keys(child, dialler)
    runtime.serve(GPU, listener)
    runtime.register(LINK, lambda _: Link(settings, world, child.brief.version), loads=False)

    def notice(message: Notice) -> None:
        match message:
            case ChildDown(name="engine", why=why):
                runtime.tell(LINK, EngineDown(why), "supervisor")
            case ChildReady(name="web", ports=ports) if "link" in ports:
                dialler.moved(f"tcp://127.0.0.1:{ports['link']}")
            case RotateKeys():
                keeper.rotate()
            case _:
                pass

    def facts() -> dict[str, object]:
        actor = runtime.cells[LINK].actor
        if not isinstance(actor, Link):  # being restarted
            return {"linked": False}
        return {
            "linked": actor.welcomed,
            "refusal": actor.refusal,
            "replies": len(actor.held),
            "key": key_name(dialler.pair.public),
            "key_changes": keeper.next_key is not None,
            "server_key": key_name(dialler.server_key),
            "dead_letters": runtime.newest_dead_letters(),
        }

    runtime.wake(LINK)
    child.facts = facts
    child.on_notice(notice)
    await child.ready({"engine": listener.port})
    announcing = asyncio.create_task(announce_key(keeper, settings.hello_s))
    await child.stopping.wait()
    announcing.cancel()
    runtime.stop()
    dialler.close()
    listener.close()


def keep_keys(child: Child, dialler: Dialler) -> KeyKeeper:
    """Raises CannotServeError."""
    own = not child.brief.dials["web"].address or "web" in child.brief.ports
    try:
        return KeyKeeper(child.data / "keys", dialler, own=own)
    except (ExposedFileError, BrokenKeyFileError, BrokenPairingError) as error:
        raise CannotServeError(str(error)) from error


async def announce_key(keeper: KeyKeeper, pause_s: float) -> None:
    """For ever: the announcement may be lost, and so may its answer."""
    while True:
        keeper.announce()
        await asyncio.sleep(pause_s)


if __name__ == "__main__":
    run_child(serve)
