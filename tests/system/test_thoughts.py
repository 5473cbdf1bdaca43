"""A whole node with a model that thinks: its thoughts travel beside the reply, and stay with the message."""

import asyncio
from pathlib import Path

import pytest

from actors.messages.generation import Sampling
from tests.gpu_actor.thinking_model import write_thinking
from tests.system.running_node import running_node
from web.reply_reader import ReplyReader
from web.terminal import Terminal

pytestmark = pytest.mark.timeout(300)

SAMPLING = Sampling(max_tokens=24, max_thought_tokens=40)
SETTINGS = """
[engine]
model = "{model}"
context = 4096
slots = 1
"""


async def ask(data: Path, text: str) -> ReplyReader:
    """A question to the first character, and all that came of it."""
    terminal = Terminal(data, SAMPLING)
    reader = ReplyReader(await terminal.persistently_begin(text, None, 7))
    await terminal.follow(reader)
    return reader


@pytest.fixture
def thinking(data: Path, tmp_path: Path) -> Path:
    """The data folder of a node whose model thinks."""
    data.mkdir()
    model = write_thinking(tmp_path / "thinker.gguf")
    (data / "samovar.toml").write_text(SETTINGS.format(model=model.as_posix()))
    return data


def test_thoughts_come_beside_the_reply_and_are_no_part_of_it(
    thinking: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_node(thinking):
        reader = asyncio.run(ask(thinking, "Hello."))
        assert reader.text
        assert reader.thoughts
        assert capsys.readouterr().out == reader.text
