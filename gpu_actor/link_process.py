"""The link process of a GPU box: `python -m gpu_actor.link_process`, started by the supervisor."""

from actors.addresses import GPU, LINK, QUEUE, WEB
from actors.host import Child, run_child
from actors.link import Link
from actors.mailbox import Runtime
from actors.messages.control import ChildDown, ChildReady, Notice
from actors.messages.link import EngineDown
from actors.settings import LinkSettings, MailboxSettings
from actors.wire.envelope import ToBox
from actors.wire.guests import ENGINE_GUEST, FixedGuests
from actors.wire.sockets import Dialler, Listener
from actors.world import RealWorld


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
    dialler = Dialler(child.brief.dials["web"], runtime.tell, ToBox, to=LINK, sender=WEB, tells_refusal=True)
    for kind in (QUEUE, "session", "character", WEB):
        runtime.serve(kind, dialler)
    runtime.serve(GPU, listener)
    runtime.register(LINK, lambda _: Link(settings, world, child.brief.version), loads=False)

    def notice(message: Notice) -> None:
        match message:
            case ChildDown(name="engine", why=why):
                runtime.tell(LINK, EngineDown(why), "supervisor")
            case ChildReady(name="web", ports=ports) if "link" in ports:
                dialler.moved(f"tcp://127.0.0.1:{ports['link']}")
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
            "dead_letters": runtime.newest_dead_letters(),
        }

    runtime.wake(LINK)
    child.facts = facts
    child.on_notice(notice)
    await child.ready({"engine": listener.port})
    await child.stopping.wait()
    runtime.stop()
    dialler.close()
    listener.close()


if __name__ == "__main__":
    run_child(serve)
