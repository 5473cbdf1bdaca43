"""Two machines, played by two data folders: paired by the commands, a chat, a box revoked in its middle."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.running_node import READY_S, NodeTroubleError, RunningNode

pytestmark = pytest.mark.timeout(300)

QUESTION = "Tell me a long story about the sea, with a ship, a storm and a lighthouse."
BEFORE_THE_CUT = 60
"""Characters of the reply that have come when the box is revoked."""
CUT_S = 1.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def linked(status: dict[str, Any]) -> bool:
    return any(worker["state"] == "ready" and worker["slots"] > 0 for worker in status["workers"])


def pair(web: RunningNode, box: RunningNode, *more: str) -> str:
    """What `samovar join` printed."""
    offer = web.command("pair", "--json")
    assert offer.returncode == 0, offer.stderr
    joined = box.command("join", json.loads(offer.stdout)["join"], *more)
    assert joined.returncode == 0, joined.stderr
    return joined.stdout


def boxes(web: RunningNode) -> list[dict[str, Any]]:
    return json.loads(web.command("boxes", "--json").stdout)["boxes"]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[RunningNode]:
    node = RunningNode(tmp_path / "web", role="web")
    node.data.mkdir(mode=0o700)
    (node.data / "samovar.toml").write_text(
        f'[supervisor]\nlink_host = "127.0.0.1"\nlink_port = {free_port()}\n'
    )
    try:
        node.start()
        yield node
    finally:
        node.end()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[RunningNode]:
    node = RunningNode(tmp_path / "box", role="gpu")
    try:
        yield node
    finally:
        node.end()


def test_a_box_that_never_joined_says_how_to(box: RunningNode) -> None:
    with pytest.raises(NodeTroubleError, match="samovar join"):
        box.start()


def test_paired_by_one_paste_a_reply_survives_that_its_box_is_revoked(
    web: RunningNode, box: RunningNode
) -> None:
    printed = pair(web, box, "--name", "Attic")
    (listed,) = boxes(web)
    assert listed["name"] == "Attic"
    assert listed["fingerprint"] in printed
    box.start()
    web.wait_for(linked, READY_S)
    undisturbed = web.command("chat", "--seed", "7", QUESTION)
    assert undisturbed.returncode == 0, undisturbed.stderr
    assert len(undisturbed.stdout) > 4 * BEFORE_THE_CUT, "too short to be cut in its middle"

    with web.begin("chat", "--seed", "7", QUESTION) as chat:
        assert chat.stdout is not None
        begun = chat.stdout.read(BEFORE_THE_CUT)
        revoked = web.command("boxes", "revoke", "Attic")
        assert revoked.returncode == 0, revoked.stderr
        web.wait_for(lambda status: not status["workers"], CUT_S + 2)
        status = web.wait_for(lambda status: status["queue"] == {"waiting": 1, "running": 0}, 10)
        assert status["workers"] == []
        told = box.wait_for(lambda status: "revoked" in status["facts"]["link"]["refusal"], 10)
        assert told["facts"]["link"]["linked"] is False

        box.stop()
        pair(web, box)
        box.start()
        rest = chat.stdout.read()
    assert chat.returncode == 0
    assert begun + rest == undisturbed.stdout
    assert [entry["revoked_ms"] > 0 for entry in boxes(web)] == [True, False]


def test_both_keys_change_under_a_box_that_stays_paired(web: RunningNode, box: RunningNode) -> None:
    pair(web, box)
    box.start()
    web.wait_for(linked, READY_S)
    before = link_of(box)
    for node in (box, web):
        rotated = node.command("keys", "rotate")
        assert rotated.returncode == 0, rotated.stderr
    withdrawn = web.command("pair", "--withdraw")
    assert withdrawn.returncode == 0, withdrawn.stderr  # the server waits for who may be about to join
    box.wait_for(lambda status: changed(status["facts"]["link"], before), 60)
    web.wait_for(linked, 60)
    for node in (web, box):
        node.stop()
        node.start()
    web.wait_for(linked, READY_S)
    said = web.command("chat", "--seed", "7", "Name three fruits.")
    assert said.returncode == 0, said.stderr


def link_of(box: RunningNode) -> dict[str, Any]:
    status = box.status()
    assert status is not None
    return status["facts"]["link"]


def changed(now: dict[str, Any], before: dict[str, Any]) -> bool:
    return all(now[name] != before[name] for name in ("key", "server_key")) and now["linked"]
