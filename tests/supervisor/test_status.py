"""The state of a node: put together from what children tell, and shown."""

from typing import Any

import pytest

from actors.messages.control import NodeStatus
from supervisor.commands.status import as_json
from supervisor.status import node_status
from supervisor.strategy import State
from supervisor.table import duration, status_text
from supervisor.tree_messages import ChildView

WORKER = {"name": "desk", "engine": "cpu", "model": "SmolLM2", "slots": 4, "busy": 1, "state": "ready"}
WEB: dict[str, Any] = {
    "workers": [WORKER],
    "queue": {"waiting": 2, "running": 1},
    "crypto": "python",
    "url": "http://127.0.0.1:8080",
    "setup_needed": True,
    "setup_code": "s3cret",
}


def view(name: str, state: State = State.READY, **facts: Any) -> ChildView:
    running = state in {State.READY, State.STARTING, State.STOPPING}
    return ChildView(name, state, pid=10 if running else 0, restarts=2, started_s=50.0, facts=facts)


def status(*views: ChildView) -> NodeStatus:
    return node_status(views, now_s=60.04, version="1.2", rss_mb=lambda _: 12.345)


def whole_node(**web: Any) -> list[ChildView]:
    return [view("web", **{**WEB, **web}), view("link"), view("engine"), view("health")]


def test_the_json_has_the_keys_that_others_rely_on() -> None:
    shown = as_json(status(*whole_node()))
    assert shown["ready"] is True
    assert shown["processes"][0] == {
        "name": "web",
        "pid": 10,
        "state": "ready",
        "restarts": 2,
        "uptime_s": 10.0,
        "rss_mb": 12.3,
        "why": "",
        "progress": "",
    }
    assert [process["name"] for process in shown["processes"]] == ["web", "link", "engine", "health"]
    assert shown["workers"] == [{**WORKER, "demonstration": False, "why": ""}]
    assert shown["queue"] == {"waiting": 2, "running": 1}
    assert shown["crypto"] == "python"
    assert shown["version"] == "1.2"
    assert "type" not in shown


def test_the_one_time_code_is_not_part_of_the_status() -> None:
    shown = status(*whole_node())
    assert "s3cret" not in repr(shown)
    assert shown.facts["web"] == {"setup_needed": True}


@pytest.mark.parametrize(
    ("views", "ready"),
    [
        (whole_node(), True),
        (whole_node(workers=[]), False),
        (whole_node(workers=[{**WORKER, "state": "silent"}]), False),
        (whole_node(workers=[{**WORKER, "slots": 0}]), False),
        ([view("web", State.BACKOFF, **WEB), view("engine")], False),
        ([view("web")], True),
        ([view("web", State.STARTING)], False),
        ([view("link"), view("engine"), view("health", State.PARKED)], True),
        ([view("link"), view("engine", State.STARTING), view("health")], False),
    ],
)
def test_ready_means_a_loaded_model_and_a_linked_worker_or_a_web_role_that_serves(
    views: list[ChildView], ready: bool
) -> None:
    assert status(*views).ready is ready


@pytest.mark.parametrize("nonsense", [None, 1, "x", {"waiting": "many"}, [{"name": 1}]])
def test_nonsense_from_one_child_does_not_break_the_status(nonsense: Any) -> None:
    shown = status(*whole_node(workers=nonsense, queue=nonsense, crypto=nonsense, url=nonsense))
    assert shown.workers == []
    assert [process.name for process in shown.processes] == ["web", "link", "engine", "health"]


def test_a_process_that_is_down_has_no_pid_and_no_figures() -> None:
    process = status(view("web", State.PARKED)).processes[0]
    assert (process.pid, process.uptime_s, process.rss_mb) == (0, 0.0, 0.0)
    assert status(view("web", State.PARKED)).parked == ["web"]


def test_the_table_shows_processes_boxes_queue_and_cards() -> None:
    card = {"name": "RTX 4070", "utilisation": 40, "memory_used_mb": 900, "memory_total_mb": 12_282}
    views = whole_node()
    views[3].facts = {
        "gpu": {"cards": [{**card, "temperature_c": None, "power_w": 61.5}]},
        "warnings": ["Only 3 MB are free."],
    }
    views[2].state, views[2].facts = State.STARTING, {"progress": "loading\n40 %"}
    lines = status_text(status(*views)).splitlines()
    assert lines[0] == "Samovar 1.2 · ready · http://127.0.0.1:8080 · crypto: python"
    assert "engine   starting  10   10 s  12 MB   2         loading 40 %" in lines
    assert "desk     ready  cpu     SmolLM2  1 of 4" in lines
    assert "Queue: 2 waiting, 1 running" in lines
    assert "RTX 4070  40 %  900 of 12282 MB  –            62 W" in lines
    assert lines[-1] == "Warning: Only 3 MB are free."


def test_the_table_says_why_there_is_no_card_and_no_box() -> None:
    views = [view("web"), view("health", gpu={"cards": [], "absent": "No NVIDIA driver is installed."})]
    text = status_text(status(*views))
    assert "GPU: No NVIDIA driver is installed." in text
    assert "No GPU box is linked." in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (61, "1 min 1 s"), (3_700, "1 h 1 min"), (90_000, "1 d 1 h")],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_text_says_how_much_of_the_prompts_was_known() -> None:
    known = {"reused": 2000, "cloned": 1000}
    tokens = {"replies": 12, "prompt_tokens": 4000, "emitted": 900, "evictions": 1, **known}
    text = status_text(status(view("engine", tokens=tokens)))
    assert "12 with 900 tokens; prompts: 4,000 tokens, 75 % of them known; 1 caches given up" in text
    for odd in ({}, {"prompt_tokens": "many"}, None, 5):
        assert "Replies:" not in status_text(status(view("engine", tokens=odd)))


def test_the_engine_that_serves_is_named_with_its_reason() -> None:
    text = status_text(status(view("engine", engine="TensorRT", why="there is a card: RTX 4070")))
    assert "Engine: TensorRT – there is a card: RTX 4070" in text
    remote = view("engine", engine="KoboldCpp", why="engine.remote names it", continuation="text")
    assert "engine.remote names it. A reply that is cut goes on from the same text" in status_text(
        status(remote)
    )
    server = view("engine", engine="llama.cpp's server", why="engine.remote names it", continuation="redrawn")
    assert "goes on from the same tokens with other random numbers" in status_text(status(server))
    assert "Engine:" not in status_text(status(view("engine", engine="TensorRT")))
    assert "Engine:" not in status_text(status(view("engine", engine=5, why=[])))


def test_messages_that_were_set_aside_can_be_looked_at() -> None:
    letter: dict[str, Any] = {"address": "session/01", "message": "Token", "cause": "ValueError: odd"}
    web = view("web", dead_letters=[{**letter, "utc_ms": 1_000}])
    text = status_text(status(web, view("link", dead_letters=[{**letter, "message": "Ack", "utc_ms": 0}])))
    assert "1970-01-01 00:00:01 Z  web" in text
    assert text.index("Ack") < text.index("Token")


def test_a_node_with_nothing_set_aside_says_nothing_of_it() -> None:
    assert "set aside" not in status_text(status(*whole_node(dead_letters=[])))


def test_a_box_of_another_version_is_shown_on_both_sides() -> None:
    why = "this GPU box speaks version 9 of the link: update the older of the two"
    refused = {**WORKER, "state": "refused", "why": why}
    assert why in status_text(status(*whole_node(workers=[refused])))
    assert why in status_text(status(view("link", refusal=why), view("engine"), view("health")))
