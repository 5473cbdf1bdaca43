"""Terminal: `samovar chat`, a client of the browser's own protocol.

Each call begins a new conversation, under the built-in local user, whose name in the chat is always the
same, with the sampling of a preset, whatever the settings of the node say: so the same seed gives the same
text. The reply alone goes to standard output; what the model thinks before it is shown dimmed on standard
error, where that is a terminal.
"""

import asyncio
import contextlib
import io
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin

from actors.messages.chat import Problem, SendText, Snapshot
from actors.messages.generation import Sampling
from actors.world import RealWorld
from web.control_client import (
    REQUEST_S,
    ControlError,
    CutError,
    call,
    find_door,
    own_machine,
)
from web.protocol.accounts import ControlToken
from web.protocol.characters import Character
from web.protocol.conversations import ConversationMade, NewConversation
from web.protocol.frames import PROTOCOL_VERSION, Farewell, Greeting, ServerFrame, Welcome
from web.reply_reader import Outcome, ReplyReader, Step

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
MAX_EVENT_BYTES = 67_108_864

DIM, PLAIN = "\x1b[2m", "\x1b[0m"

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(ServerFrame).decode


ChatError = ControlError
"""The chat cannot go on; the text is one line that says what to do."""


class UnknownCharacterError(ChatError):
    """No character has the given name: take one of those that the text names."""


def chat(
    data: Path, text: str, character: str | None, seed: int | None, timeout_s: float, sampling: Sampling
) -> int:
    """Ask, and write the reply to standard output as it comes. Returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console that lacks a character shows a ? instead.
            stream.reconfigure(errors="replace")  # pyright: ignore[reportUnknownMemberType]
    try:
        asyncio.run(Terminal(data, sampling).chat(text, character, seed, timeout_s))
    except ChatError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, UnknownCharacterError) else 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 1
    return 0


TAKEN_UP = (
    "The reply was taken up again after an interruption; the words after that point may differ from what "
    "would have come.\n"
)


class Terminal:
    """Raises ChatError where no node runs."""

    def __init__(self, data: Path, sampling: Sampling) -> None:
        self.data = data
        self.sampling = sampling
        self.door = find_door(data)
        self.cookie = ""

    async def chat(self, text: str, character: str | None, seed: int | None, timeout_s: float) -> None:
        """Raises ChatError."""
        reader: ReplyReader | None = None
        try:
            async with asyncio.timeout(timeout_s):
                reader = ReplyReader(await self.persistently_begin(text, character, seed))
                await self.follow(reader)
        except TimeoutError:
            raise ChatError(
                f"No complete reply within {timeout_s:g} s: `samovar status` shows whether a worker is there."
            ) from None
        finally:
            if reader is not None and reader.text:
                write("\n")
            if reader is not None and reader.seam >= 0:
                sys.stderr.write(TAKEN_UP)
            if self.cookie:
                with contextlib.suppress(CutError, ChatError):
                    await self.request("POST", "/api/logout")

    # -- the way in ---------------------------------------------------------------------------

    async def log_in(self) -> None:
        """Exchange the control token, which is another one after a restart, for a login."""
        with contextlib.suppress(ChatError):  # while the node restarts, what we know may still hold
            self.door = find_door(self.data)
        self.cookie = ""
        await self.request("POST", "/api/control", ControlToken(self.door.token))

    async def request(self, method: str, path: str, body: Struct | None = None) -> bytes:
        """Raises CutError where trying again may help, else ChatError."""
        data, self.cookie = await asyncio.to_thread(call, self.door, self.cookie, method, path, body)
        return data

    # -- the conversation ---------------------------------------------------------------------

    async def persistently_begin(self, text: str, character: str | None, seed: int | None) -> SendText:
        """Begin a conversation; a server that is just being restarted is waited for."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await self.begin(text, character, seed)
            except CutError:
                self.door = find_door(self.data)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def begin(self, text: str, character: str | None, seed: int | None) -> SendText:
        await self.log_in()
        characters = msgspec.json.decode(await self.request("GET", "/api/characters"), type=list[Character])
        chosen = choose(characters, character)
        data = await self.request("POST", "/api/conversations", NewConversation(chosen.version))
        conversation: UUID = msgspec.json.decode(data, type=ConversationMade).id
        key = RealWorld().new_id()
        return SendText(conversation, key, text, sampling=self.sampling, seed=seed)

    async def follow(self, reader: ReplyReader) -> None:
        """Read the reply to its end; dial again as often as it takes. Raises ChatError."""
        pause = FIRST_PAUSE_S
        while True:
            before = reader.next_seq
            try:
                if await self.follow_once(reader):
                    return
            except (CutError, OSError, WebSocketException):
                pass
            pause = FIRST_PAUSE_S if reader.next_seq > before else min(2 * pause, LONGEST_PAUSE_S)
            await asyncio.sleep(pause)
            with contextlib.suppress(ChatError):
                self.door = find_door(self.data)

    async def follow_once(self, reader: ReplyReader) -> bool:
        """Over one connection; False when another one is needed."""
        url = urlsplit(self.door.origin)
        secure = url.scheme == "https"
        async with connect(
            f"{'wss' if secure else 'ws'}://{url.netloc}/ws",
            origin=Origin(self.door.origin),
            additional_headers={"Cookie": self.cookie},
            ssl=own_machine() if secure else None,
            compression=None,
            proxy=None,
            open_timeout=REQUEST_S,
            close_timeout=1,
            max_size=MAX_EVENT_BYTES,
        ) as socket:
            with contextlib.suppress(ConnectionClosed):  # turned away already: why is still to be read
                await say(socket, Greeting(PROTOCOL_VERSION))
            opened = False
            async for data in socket:
                try:
                    event = decode(data)
                except msgspec.ValidationError:
                    continue  # an event of a newer server
                match event:
                    case Welcome():
                        await say(socket, reader.open())
                        continue
                    case Farewell(code="login"):
                        await self.log_in()
                        return False
                    case Farewell(again=True):
                        return False
                    case Farewell():
                        raise ChatError(event.text)
                    case Problem(request_key=None) if not opened:
                        return False  # the server is not up to it yet
                    case _:
                        opened = opened or isinstance(event, Snapshot)
                        step = reader.take(event)
                show(step, reader)
                for command in step.say:
                    await say(socket, command)
                if step.outcome is not None:
                    return judge(step.outcome)
        return False


def judge(outcome: Outcome) -> bool:
    if outcome.why:
        raise ChatError(outcome.why)
    return True


def choose(characters: list[Character], name: str | None) -> Character:
    """The one of that name, or the first. Raises ChatError."""
    if not characters:
        raise ChatError("This node has no characters.")
    if name is None:
        return characters[0]
    for character in characters:
        if character.name.casefold() == name.casefold():
            return character
    known = ", ".join(character.name for character in characters)
    raise UnknownCharacterError(f"No character is called {name!r}. There are: {known}.")


async def say(socket: ClientConnection, frame: Any) -> None:
    await socket.send(encode(frame).decode())


def show(step: Step, reader: ReplyReader) -> None:
    """What the step adds. Raises ChatError."""
    if reader.thoughts and sys.stderr.isatty():
        begins = bool(step.text) and step.text == reader.text
        thoughts = f"{DIM}{step.thoughts}{PLAIN}" if step.thoughts else ""
        sys.stderr.write(thoughts + ("\n\n" if begins else ""))
        sys.stderr.flush()
    write(step.text)


def write(text: str) -> None:
    """Standard output, at once. Raises ChatError when nobody reads it any more."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ChatError("Nobody reads the reply any more.") from None
