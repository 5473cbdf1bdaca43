"""The main promise, end to end: real processes, the real model, kill -9 in the middle of a reply."""

import pytest

from tests.system.running_node import RunningNode

pytestmark = pytest.mark.timeout(300)

QUESTION = "Tell me a long story about the sea, with a ship, a storm and a lighthouse."
BEFORE_THE_KILL = 60
"""Characters of the reply that have come when the process is killed."""


def ask(node: RunningNode, seed: int = 7) -> str:
    done = node.command("chat", "--seed", str(seed), QUESTION)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def undisturbed(node: RunningNode) -> str:
    text = ask(node)
    assert len(text) > 4 * BEFORE_THE_KILL, "too short to be killed in its middle"
    return text


def test_the_same_seed_gives_the_same_text(node: RunningNode, undisturbed: str) -> None:
    assert ask(node) == undisturbed
    assert ask(node, seed=8) != undisturbed


@pytest.mark.parametrize("name", ["engine", "link", "web", "health"])
def test_a_reply_goes_on_whole_when_a_process_is_killed(
    node: RunningNode, undisturbed: str, name: str
) -> None:
    restarts = {row["name"]: row["restarts"] for row in (node.status() or {})["processes"]}
    victim = node.process_id(name)
    with node.begin("chat", "--seed", "7", QUESTION) as chat:
        assert chat.stdout is not None
        begun = chat.stdout.read(BEFORE_THE_KILL)
        node.kill(name)
        rest = chat.stdout.read()
    assert chat.returncode == 0
    assert begun + rest == undisturbed
    status = node.wait_for(lambda status: status["ready"])
    row = next(row for row in status["processes"] if row["name"] == name)
    assert row["pid"] != victim
    assert row["restarts"] > restarts[name]
