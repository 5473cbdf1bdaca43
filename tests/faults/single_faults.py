"""Faults that hit one chosen moment; tests/faults/test_failures.py shows what comes of them."""

import os
import signal
from pathlib import Path

from actors import link
from actors.conversation.live_reply import LiveReply
from actors.conversation.reply_stream import ReplyStream
from actors.effects import Effect
from actors.messages.link import WIRE_VERSION
from actors.messages.replies import AppendChunk
from tests.faults.planted import DEATH_MARK


def die_before_showing() -> None:
    """The first time that tokens in the middle of a reply are durable and nobody has seen them."""
    honest, mark = ReplyStream.show, Path(os.environ[DEATH_MARK])

    def show(self: ReplyStream, live: LiveReply, chunk: AppendChunk) -> list[Effect]:
        if len(live.committed) > 10 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return honest(self, live, chunk)

    ReplyStream.show = show


def speak_another_version() -> None:
    link.WIRE_VERSION = WIRE_VERSION + 1


PLANTS = {"death-before-showing": die_before_showing, "another-version": speak_another_version}


def plant(name: str) -> None:
    PLANTS[name]()
