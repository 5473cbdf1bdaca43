"""`samovar drain`: which box, and when it is done; the node is played by its answers."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from supervisor.cli import main
from supervisor.commands import drain
from web.protocol.queue import BoxDrain, QueueBox, QueueView


def box(name: str, busy: int = 0) -> QueueBox:
    return QueueBox(f"id-{name}", name, "ready", busy, 2, drained=False)


class Node:
    """Each look at a box finds one reply fewer on it."""

    def __init__(self, *boxes: QueueBox) -> None:
        self.boxes = {each.id: each for each in boxes}
        self.told: list[tuple[str, bool]] = []

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        if method == "PUT":
            assert isinstance(body, BoxDrain)
            self.told.append((path, body.drained))
        answer = QueueView((), (), tuple(self.boxes.values()))
        self.boxes = {
            each.id: msgspec.structs.replace(each, busy=max(0, each.busy - 1)) for each in self.boxes.values()
        }
        return msgspec.json.encode(answer)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node(box("attic", busy=3), box("cellar"))

    @contextmanager
    def control(data: Any) -> Generator[Node]:
        yield made

    monkeypatch.setattr(drain, "control", control)
    monkeypatch.setattr(drain, "LOOK_S", 0.0)
    return made


def test_a_box_is_drained_by_its_name(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drain", "cellar"]) == 0
    assert node.told == [("/api/queue/boxes/id-cellar", True)]
    assert "drained: nothing runs" in capsys.readouterr().out


def test_what_it_still_writes_is_told(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drain", "attic"]) == 0
    assert "still writes: 2" in capsys.readouterr().out


def test_one_may_wait_until_it_is_done(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drain", "attic", "--wait"]) == 0
    assert node.boxes["id-attic"].busy == 0
    assert "drained" in capsys.readouterr().out


def test_the_wait_has_an_end(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node.boxes["id-attic"] = box("attic", busy=10**6)
    assert main(["drain", "attic", "--wait", "--timeout", "0.01"]) == 1
    assert "still writes" in capsys.readouterr().err


def test_it_is_undone(node: Node) -> None:
    assert main(["drain", "--undo", "attic"]) == 0
    assert node.told == [("/api/queue/boxes/id-attic", False)]


def test_the_only_box_needs_no_name(node: Node) -> None:
    del node.boxes["id-attic"]
    assert main(["drain"]) == 0
    assert node.told == [("/api/queue/boxes/id-cellar", True)]


@pytest.mark.parametrize("words", [[], ["garage"]])
def test_without_a_box_that_is_meant_the_names_are_told(
    node: Node, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drain", *words]) == 2
    assert "attic, cellar" in capsys.readouterr().err
    assert node.told == []
