"""A child that does all it should, and tells in its facts what it has heard."""

from typing import Any

from actors.host import Child, run_child
from actors.messages.control import ChildDown, ChildReady, Notice, RotateKeys


async def serve(child: Child) -> None:
    heard: list[str] = []

    def facts() -> dict[str, Any]:
        return {"heard": heard, "boot": str(child.brief.boot), "ports": child.brief.ports}

    def notice(notice: Notice) -> None:
        match notice:
            case ChildReady():
                heard.append(f"{notice.name} ready {notice.ports}")
            case ChildDown():
                heard.append(f"{notice.name} down")
            case RotateKeys():
                heard.append("rotate keys")

    child.facts = facts
    child.on_notice(notice)
    await child.ready({"main": child.port("main") or 1000 + len(child.brief.name)})
    await child.stopping.wait()


if __name__ == "__main__":
    run_child(serve)
