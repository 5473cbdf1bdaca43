"""A child that tells what a web process tells: an address, a first visit, a GPU box, a queue."""

from actors.host import Child, run_child
from web.settings import WebSettings


async def serve(child: Child) -> None:
    port = child.settings("web", WebSettings).port
    worker = {"name": "desk", "engine": "cpu", "model": "SmolLM2", "slots": 4, "busy": 0, "state": "ready"}
    child.facts = lambda: {
        "url": f"http://127.0.0.1:{port}",
        "setup_needed": True,
        "setup_code": "ABC-123",
        "workers": [worker],
        "queue": {"waiting": 0, "running": 0},
        "crypto": "python",
    }
    await child.ready({"http": port})
    await child.stopping.wait()


if __name__ == "__main__":
    run_child(serve)
