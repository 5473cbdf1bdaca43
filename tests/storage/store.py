"""A storage port with awaited answers, and the rows that the storage tests share."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import UUID

from msgspec.structs import replace

from actors.messages.accounts import AddAccount
from actors.messages.archive import (
    ConversationState,
    Load,
    Query,
    QueryDone,
    QueueState,
    RunQuery,
    RunWrites,
    Write,
    WritesDone,
    WritesFailed,
)
from actors.messages.conversations import AddConversation, AddMessage, StoredConversation, StoredMessage
from actors.messages.generation import CharacterSheet, Sampling
from actors.messages.library import AddCharacterVersion
from actors.messages.replies import AddGeneration, LeaseGeneration, StoredGeneration


class Port(Protocol):
    """The side of a storage port that the runtime sees."""

    def deliver(self, address: str, message: Any, sender: str) -> None: ...


Tell = Callable[[str, Any, str], None]
OpenPort = Callable[[Tell], AbstractAsyncContextManager[Port]]


class Store:
    """A storage port with awaited answers; `again` is the next process on the same disk."""

    def __init__(self, open_port: OpenPort) -> None:
        self._open_port = open_port
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self.port: Port | None = None
        self._context: AbstractAsyncContextManager[Port] | None = None

    def tell(self, to: str, message: Any, sender: str) -> None:
        assert (to, sender) == ("archive", "storage")
        self._answers.pop(message.number).set_result(message)

    async def open(self) -> None:
        self._context = self._open_port(self.tell)
        self.port = await self._context.__aenter__()

    async def close(self) -> None:
        assert self._context is not None
        await self._context.__aexit__(None, None, None)

    async def again(self) -> None:
        await self.close()
        await self.open()

    def send(self, make: Callable[[int], RunWrites | RunQuery]) -> asyncio.Future[Any]:
        assert self.port is not None
        self._number += 1
        answer = asyncio.get_running_loop().create_future()
        self._answers[self._number] = answer
        self.port.deliver("storage", make(self._number), "archive")
        return answer

    async def write(self, *writes: Write) -> WritesDone | WritesFailed:
        return await self.send(lambda number: RunWrites(number, writes))

    async def put(self, *writes: Write) -> None:
        """A write that must succeed."""
        answer = await self.write(*writes)
        assert isinstance(answer, WritesDone), answer

    async def refused(self, *writes: Write) -> str:
        """A write that the data must forbid."""
        answer = await self.write(*writes)
        assert isinstance(answer, WritesFailed), answer
        assert answer.conflict, answer
        assert answer.why
        assert "\n" not in answer.why
        return answer.why

    async def find(self, query: Query | Load) -> Any:
        answer = await self.send(lambda number: RunQuery(number, query))
        assert isinstance(answer, QueryDone), answer
        return answer.result

    async def session(self, conversation: UUID) -> ConversationState:
        state = await self.find(Load("session", conversation.hex, "session/x"))
        assert isinstance(state, ConversationState)
        return state

    async def queue(self) -> QueueState:
        state = await self.find(Load("queue", "", "queue"))
        assert isinstance(state, QueueState)
        return state


def uid(number: int) -> UUID:
    return UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + number)


USER, STRANGER = uid(1), uid(2)
CHARACTER, VERSION = uid(10), uid(11)
CHAT, ROOT = uid(20), uid(21)
HELLO, REPLY, GENERATION, KEY = uid(30), uid(31), uid(32), uid(33)
BOOT = uid(40)

ACCOUNT = AddAccount(USER, "Ada", "owner", "hash", 1_000)
SHEET = CharacterSheet(
    VERSION,
    "Marfa",
    description="Keeps the samovar.",
    first_mes="Tea?",
    alternate_greetings=("Sit down.", "Снова ты? 🫖"),
)
CARD = AddCharacterVersion(
    character=CHARACTER,
    version=VERSION,
    owner=USER,
    sheet=SHEET,
    card=b'{"name":"Marfa"}',
    content_hash=b"\x07" * 32,
    tagline="Warm and blunt",
    tags=("tea", "comfort"),
    portrait="ab" * 32,
    created_ms=1_100,
)
CONVERSATION = StoredConversation(CHAT, USER, VERSION, "Evening", ROOT, ROOT, 2_000, "Ada")


def said(number: int, parent: UUID, sibling: int = 0, body: str = "Hello.", **more: Any) -> StoredMessage:
    return StoredMessage(
        id=uid(number),
        conversation=CHAT,
        parent=parent,
        sibling=sibling,
        role="user",
        body=body,
        character_version=VERSION,
        created_ms=2_000 + number,
        **more,
    )


def generation(number: int = 32, **more: Any) -> StoredGeneration:
    row = StoredGeneration(
        id=uid(number),
        conversation=CHAT,
        user=USER,
        parent=HELLO,
        message=REPLY,
        request_key=KEY,
        kind="reply",
        continues="",
        seed=2**63 - 1,
        sampling=Sampling(temperature=0.5, stop=("\nAda:",)),
        created_ms=3_000,
    )
    return replace(row, **more)


def reply(body: str, **more: Any) -> StoredMessage:
    message = StoredMessage(
        id=REPLY,
        conversation=CHAT,
        parent=HELLO,
        sibling=0,
        role="assistant",
        body=body,
        character_version=VERSION,
        created_ms=4_000,
        request_key=KEY,
        generation=GENERATION,
        ended="stop",
        tokens=5,
    )
    return replace(message, **more)


FIRST = AddMessage(said(30, ROOT, request_key=KEY))
LEASE = LeaseGeneration(GENERATION, 1, "box", BOOT)


async def begin(store: Store) -> None:
    """An account, a character, a conversation with one message."""
    await store.put(ACCOUNT, CARD, AddConversation(CONVERSATION), FIRST)


async def begin_reply(store: Store) -> None:
    """… and a reply that a worker has."""
    await begin(store)
    await store.put(AddGeneration(generation()))
    await store.put(LEASE)
