"""What every storage port does, whatever lies behind it. Each test class of this folder that names a
port inherits StorageContract and says how to open it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import pytest
from msgspec.structs import replace

from actors.messages.archive import (
    AddAccount,
    AddCharacterVersion,
    AddConversation,
    AddGeneration,
    AddLogin,
    AddMessage,
    AppendChunk,
    ConversationState,
    DropConversation,
    DropLogin,
    EndGeneration,
    FindAccounts,
    FindCharacters,
    FindConversation,
    FindConversations,
    FindLogin,
    LeaseGeneration,
    Load,
    MoveHead,
    PinPrompt,
    Query,
    QueryDone,
    QueryFailed,
    QueueState,
    RenameConversation,
    RunQuery,
    RunWrites,
    StoredConversation,
    StoredGeneration,
    StoredMessage,
    Write,
    WritesDone,
    WritesFailed,
)
from actors.messages.generation import CharacterSheet, Sampling


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
        self._port: Port | None = None
        self._context: AbstractAsyncContextManager[Port] | None = None

    def tell(self, to: str, message: Any, sender: str) -> None:
        assert (to, sender) == ("archive", "storage")
        self._answers.pop(message.number).set_result(message)

    async def open(self) -> None:
        self._context = self._open_port(self.tell)
        self._port = await self._context.__aenter__()

    async def close(self) -> None:
        assert self._context is not None
        await self._context.__aexit__(None, None, None)

    async def again(self) -> None:
        await self.close()
        await self.open()

    def send(self, make: Callable[[int], RunWrites | RunQuery]) -> asyncio.Future[Any]:
        assert self._port is not None
        self._number += 1
        answer = asyncio.get_running_loop().create_future()
        self._answers[self._number] = answer
        self._port.deliver("storage", make(self._number), "archive")
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


class StorageContract:
    """Tests for any port. A subclass gives `opener`."""

    def opener(self, folder: Path) -> OpenPort:
        raise NotImplementedError

    def run(self, folder: Path, scenario: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
        @asynccontextmanager
        async def opened() -> AsyncGenerator[Store]:
            store = Store(self.opener(folder))
            await store.open()
            try:
                yield store
            finally:
                await store.close()

        async def main() -> None:
            async with opened() as store:
                await scenario(store)

        asyncio.run(main())

    # -- accounts -------------------------------------------------------------------------------

    def test_accounts_come_back_oldest_first(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            later = AddAccount(STRANGER, "Bo", "user", "", 2_000)
            await store.put(later)
            await store.put(ACCOUNT)
            await store.again()
            found = await store.find(FindAccounts())
            assert [(a.id, a.name, a.role, a.password_hash) for a in found] == [
                (USER, "Ada", "owner", "hash"),
                (STRANGER, "Bo", "user", ""),
            ]

        self.run(tmp_path, scenario)

    def test_a_name_or_an_account_is_taken_once(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT)
            await store.refused(replace(ACCOUNT, name="Other"))
            await store.refused(replace(ACCOUNT, id=STRANGER))
            assert len(await store.find(FindAccounts())) == 1

        self.run(tmp_path, scenario)

    def test_a_login_is_found_until_it_expires_or_is_dropped(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            token = b"\x01" * 32
            await store.put(ACCOUNT, AddLogin(token, USER, 1_000, 5_000))
            found = await store.find(FindLogin(token, 4_999))
            assert (found.id, found.name, found.role) == (USER, "Ada", "owner")
            assert await store.find(FindLogin(token, 5_000)) is None
            assert await store.find(FindLogin(b"\x02" * 32, 1_000)) is None
            await store.refused(AddLogin(token, USER, 1_000, 9_000))
            await store.refused(AddLogin(b"\x03" * 32, STRANGER, 1_000, 9_000))
            await store.put(DropLogin(token))
            await store.put(DropLogin(token))  # the wanted state holds already
            assert await store.find(FindLogin(token, 1_000)) is None

        self.run(tmp_path, scenario)

    # -- characters -----------------------------------------------------------------------------

    def test_the_gallery_shows_the_newest_version_of_each_character(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            newer = replace(
                CARD,
                version=uid(12),
                sheet=replace(SHEET, character=uid(12), name="Marfa II"),
                tagline="Warmer",
                created_ms=1_200,
            )
            other = replace(CARD, character=uid(14), version=uid(15), tags=(), created_ms=1_150)
            await store.put(newer, other, CARD)
            await store.again()
            rows = await store.find(FindCharacters())
            assert [(r.version, r.name, r.tagline, r.tags) for r in rows] == [
                (uid(15), "Marfa", "Warm and blunt", ()),
                (uid(12), "Marfa II", "Warmer", ("tea", "comfort")),
            ]
            assert rows[1].character == CHARACTER
            assert (rows[1].portrait, rows[1].created_ms) == ("ab" * 32, 1_200)
            assert (rows[1].greeting, rows[1].description) == ("Tea?", "Keeps the samovar.")

        self.run(tmp_path, scenario)

    def test_a_character_version_loads_whole_and_never_changes(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(CARD)
            await store.refused(replace(CARD, tagline="another"))
            assert await store.find(Load("character", VERSION.hex, "character/x")) == SHEET
            assert await store.find(Load("character", uid(99).hex, "character/x")) is None

        self.run(tmp_path, scenario)

    # -- the tree -------------------------------------------------------------------------------

    def test_a_new_conversation_is_its_root(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, CARD, AddConversation(CONVERSATION))
            state = await store.session(CHAT)
            assert state.conversation == CONVERSATION
            (root,) = state.messages
            assert (root.id, root.parent, root.role, root.body) == (ROOT, ROOT, "system", "")
            assert root.sibling == -1
            assert (state.live, state.committed, state.request_keys) == (None, (), ())
            assert await store.find(FindConversation(CHAT)) == CONVERSATION
            assert await store.find(FindConversation(uid(99))) is None
            assert await store.find(Load("session", uid(99).hex, "session/x")) is None

        self.run(tmp_path, scenario)

    def test_a_conversation_needs_its_user_its_character_and_a_fresh_id(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, CARD)
            await store.refused(AddConversation(replace(CONVERSATION, user=STRANGER)))
            await store.refused(AddConversation(replace(CONVERSATION, character_version=uid(99))))
            await store.refused(AddConversation(replace(CONVERSATION, head=uid(99))))
            await store.put(AddConversation(CONVERSATION))
            await store.refused(AddConversation(CONVERSATION))
            await store.refused(AddConversation(replace(CONVERSATION, id=uid(24))))  # the root's id

        self.run(tmp_path, scenario)

    def test_messages_make_a_tree_that_loads_oldest_first(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            swipe = said(50, ROOT, sibling=1, body="Привет, samovar! \x00 ends")
            child = said(51, HELLO, body="a" * 100_000, tokens=3, ended="length")
            await store.put(AddMessage(child), AddMessage(swipe, move_head=False))
            await store.again()
            state = await store.session(CHAT)
            assert [m.id for m in state.messages] == [ROOT, HELLO, swipe.id, child.id]
            assert state.messages[1:] == (FIRST.message, swipe, child)
            assert state.conversation.head == child.id

        self.run(tmp_path, scenario)

    def test_a_parent_comes_before_its_children_even_when_the_clock_went_back(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            early = replace(said(50, HELLO), created_ms=5)
            earlier = replace(said(51, early.id), created_ms=4)
            await store.put(AddMessage(early), AddMessage(earlier))
            state = await store.session(CHAT)
            assert [m.id for m in state.messages] == [ROOT, HELLO, early.id, earlier.id]

        self.run(tmp_path, scenario)

    def test_a_place_in_the_tree_is_taken_once(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.refused(AddMessage(said(50, ROOT)))
            await store.refused(AddMessage(replace(said(30, HELLO), sibling=4)))
            await store.put(AddMessage(said(50, ROOT, sibling=1)))
            await store.put(AddMessage(said(51, HELLO)))

        self.run(tmp_path, scenario)

    def test_a_message_hangs_below_one_of_its_own_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            other = replace(CONVERSATION, id=uid(25), root=uid(26), head=uid(26))
            await store.put(AddConversation(other))
            await store.refused(AddMessage(said(50, other.root)))
            await store.refused(AddMessage(said(50, uid(99))))
            await store.refused(AddMessage(said(50, uid(50))))  # a second root
            await store.refused(AddMessage(replace(said(50, ROOT, 1), conversation=uid(99))))
            await store.refused(AddMessage(replace(said(50, ROOT, 1), character_version=uid(99))))

        self.run(tmp_path, scenario)

    def test_the_head_moves_only_within_its_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            other = replace(CONVERSATION, id=uid(25), root=uid(26), head=uid(26))
            await store.put(AddConversation(other), MoveHead(CHAT, ROOT))
            assert (await store.session(CHAT)).conversation.head == ROOT
            await store.refused(MoveHead(CHAT, other.root))
            await store.refused(MoveHead(CHAT, uid(99)))
            await store.refused(MoveHead(uid(99), ROOT))
            assert (await store.session(CHAT)).conversation.head == ROOT

        self.run(tmp_path, scenario)

    def test_a_conversation_is_renamed_and_dropped_with_all_that_hangs_on_it(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(AppendChunk(GENERATION, 1, 0, (1, 2), "Tea"))
            await store.put(RenameConversation(CHAT, "Night"))
            assert (await store.session(CHAT)).conversation.title == "Night"
            await store.refused(RenameConversation(uid(99), "x"))
            await store.put(DropConversation(CHAT))
            await store.put(DropConversation(CHAT))  # the wanted state holds already
            await store.refused(AppendChunk(GENERATION, 1, 2, (3,), "."))
            assert await store.find(Load("session", CHAT.hex, "session/x")) is None
            assert await store.find(FindConversations(USER)) == []
            assert (await store.queue()).unfinished == ()
            await begin_again(store)

        async def begin_again(store: Store) -> None:
            await store.put(AddConversation(CONVERSATION), FIRST, AddGeneration(generation()))
            assert (await store.session(CHAT)).committed == ()

        self.run(tmp_path, scenario)

    # -- generations ----------------------------------------------------------------------------

    def test_a_generation_loads_as_it_was_added(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            row = generation(kind="continue", continues="So far")
            await store.put(AddGeneration(row))
            await store.again()
            state = await store.session(CHAT)
            assert state.live == row
            assert state.request_keys == ((KEY, GENERATION),)
            assert (await store.queue()).unfinished == (row,)

        self.run(tmp_path, scenario)

    def test_the_same_request_makes_one_generation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddGeneration(generation()))
            await store.refused(AddGeneration(generation(70, message=uid(71))))
            await store.refused(AddGeneration(generation(request_key=uid(72))))
            other = replace(CONVERSATION, id=uid(25), root=uid(26), head=uid(26))
            await store.put(AddConversation(other))  # in another conversation the key is free
            await store.put(
                AddGeneration(generation(70, conversation=other.id, parent=other.root, message=uid(71)))
            )

        self.run(tmp_path, scenario)

    def test_a_request_key_stays_taken_when_its_generation_has_ended(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(EndGeneration(GENERATION, "failed", "failed", None, why="no worker"))
            await store.refused(AddGeneration(generation(70, message=uid(71))))
            state = await store.session(CHAT)
            assert (state.live, state.request_keys) == (None, ((KEY, GENERATION),))

        self.run(tmp_path, scenario)

    def test_a_generation_belongs_to_its_conversation_and_its_user(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.refused(AddGeneration(generation(conversation=uid(99))))
            await store.refused(AddGeneration(generation(user=STRANGER)))
            await store.refused(AddGeneration(generation(parent=uid(99))))

        self.run(tmp_path, scenario)

    def test_a_lease_is_granted_only_by_the_next_attempt(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddGeneration(generation()))
            await store.refused(replace(LEASE, attempt=2))
            await store.refused(replace(LEASE, attempt=0))
            await store.put(LEASE)
            await store.refused(LEASE)
            leased = generation(state="leased", attempt=1, worker="box", worker_boot=BOOT)
            assert (await store.queue()).unfinished == (leased,)
            await store.put(LeaseGeneration(GENERATION, 2, "other", uid(41)))
            live = (await store.session(CHAT)).live
            assert live == generation(state="leased", attempt=2, worker="other", worker_boot=uid(41))
            await store.refused(replace(LEASE, generation=uid(99)))

        self.run(tmp_path, scenario)

    def test_the_pinned_prompt_comes_back(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(PinPrompt(GENERATION, "model-hash", b"\x09" * 32))
            live = (await store.session(CHAT)).live
            assert live is not None
            assert (live.model, live.prompt_digest) == ("model-hash", b"\x09" * 32)
            await store.refused(PinPrompt(uid(99), "model-hash", b""))

        self.run(tmp_path, scenario)

    def test_chunks_come_back_whole_and_in_order(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(
                AppendChunk(GENERATION, 1, 0, (7,), ""),
                AppendChunk(GENERATION, 1, 1, (2**31 - 1, 0, 5), "Чай 🫖"),
            )
            await store.put(AppendChunk(GENERATION, 1, 4, (9,), ", friend."))
            await store.again()
            state = await store.session(CHAT)
            assert state.committed == (7, 2**31 - 1, 0, 5, 9)
            assert state.committed_text == "Чай 🫖, friend."
            assert state.live is not None
            assert state.live.state == "streaming"

        self.run(tmp_path, scenario)

    def test_a_later_attempt_goes_on_behind_the_chunks_of_the_earlier(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(AppendChunk(GENERATION, 1, 0, (1, 2), "ab"))
            await store.put(replace(LEASE, attempt=2), AppendChunk(GENERATION, 2, 2, (3,), "c"))
            await store.refused(AppendChunk(GENERATION, 1, 3, (4,), "d"))
            state = await store.session(CHAT)
            assert (state.committed, state.committed_text) == ((1, 2, 3), "abc")

        self.run(tmp_path, scenario)

    def test_a_chunk_out_of_place_is_refused(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddGeneration(generation()))
            await store.refused(AppendChunk(GENERATION, 0, 0, (1,), "a"))  # not leased yet
            await store.put(LEASE)
            await store.refused(AppendChunk(GENERATION, 1, 1, (1,), "a"))  # a gap
            await store.refused(AppendChunk(GENERATION, 2, 0, (1,), "a"))  # not yet that attempt
            await store.refused(AppendChunk(GENERATION, 1, 0, (), ""))  # nothing
            await store.put(AppendChunk(GENERATION, 1, 0, (1, 2), "ab"))
            await store.refused(AppendChunk(GENERATION, 1, 0, (1, 2), "ab"))  # twice
            await store.refused(AppendChunk(GENERATION, 1, 1, (2,), "b"))  # an overlap
            await store.refused(AppendChunk(uid(99), 1, 0, (1,), "a"))
            assert (await store.session(CHAT)).committed == (1, 2)

        self.run(tmp_path, scenario)

    def test_the_end_puts_the_chunks_into_the_message_and_moves_the_head(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(AppendChunk(GENERATION, 1, 0, (1, 2), "Tea is "))
            await store.put(
                AppendChunk(GENERATION, 1, 2, (3,), "ready."),
                EndGeneration(GENERATION, "done", "stop", reply("Tea is ready.")),
            )
            await store.again()
            state = await store.session(CHAT)
            assert state.messages[-1] == reply("Tea is ready.")
            assert state.conversation.head == REPLY
            assert (state.live, state.committed, state.committed_text) == (None, (), "")
            assert state.request_keys == ((KEY, GENERATION),)
            assert (await store.queue()).unfinished == ()

        self.run(tmp_path, scenario)

    def test_an_ended_generation_takes_nothing_more(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(EndGeneration(GENERATION, "cancelled", "cancelled", None))
            assert (await store.session(CHAT)).conversation.head == HELLO
            await store.refused(replace(LEASE, attempt=2))
            await store.refused(PinPrompt(GENERATION, "m", b""))
            await store.refused(AppendChunk(GENERATION, 1, 0, (1,), "a"))
            await store.refused(EndGeneration(GENERATION, "done", "stop", reply("late")))
            assert [m.id for m in (await store.session(CHAT)).messages] == [ROOT, HELLO]

        self.run(tmp_path, scenario)

    def test_the_message_of_an_end_is_the_announced_one(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(AppendChunk(GENERATION, 1, 0, (1,), "a"))
            for wrong in (
                reply("a", id=uid(99)),
                reply("a", conversation=uid(99)),
                reply("a", parent=uid(99)),
            ):
                await store.refused(EndGeneration(GENERATION, "done", "stop", wrong))
            await store.refused(EndGeneration(uid(99), "done", "stop", None))
            state = await store.session(CHAT)
            assert state.committed == (1,)
            assert state.live is not None

        self.run(tmp_path, scenario)

    def test_unfinished_generations_queue_oldest_first(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            for number, created_ms in ((80, 9_000), (81, 7_000), (82, 8_000)):
                row = generation(
                    number, created_ms=created_ms, request_key=uid(number), message=uid(number + 10)
                )
                await store.put(AddGeneration(row))
            await store.put(EndGeneration(uid(82), "failed", "failed", None))
            assert [g.id for g in (await store.queue()).unfinished] == [uid(81), uid(80)]

        self.run(tmp_path, scenario)

    # -- units of work --------------------------------------------------------------------------

    def test_one_refused_write_undoes_the_whole_unit(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(AppendChunk(GENERATION, 1, 0, (1,), "a"))
            before = await store.session(CHAT)
            conversations = await store.find(FindConversations(USER))
            await store.refused(
                AddAccount(STRANGER, "Bo", "user", "", 1),
                AddMessage(said(50, ROOT, sibling=1)),
                RenameConversation(CHAT, "never"),
                AppendChunk(GENERATION, 1, 1, (2,), "b"),
                replace(LEASE, attempt=2),
                EndGeneration(GENERATION, "done", "stop", reply("ab")),
                MoveHead(CHAT, uid(99)),
            )
            await store.refused(DropConversation(CHAT), AppendChunk(GENERATION, 1, 1, (2,), "b"))
            assert await store.session(CHAT) == before
            assert await store.find(FindConversations(USER)) == conversations
            assert len(await store.find(FindAccounts())) == 1
            await store.put(AppendChunk(GENERATION, 1, 1, (2,), "b"))

        self.run(tmp_path, scenario)

    def test_a_unit_of_no_writes_is_done(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put()

        self.run(tmp_path, scenario)

    def test_units_sent_at_once_are_done_in_order(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            answers: list[Awaitable[Any]] = [
                store.send(
                    lambda number, seq=seq: RunWrites(
                        number, (AppendChunk(GENERATION, 1, seq, (seq,), f"{seq} "),)
                    )
                )
                for seq in range(20)
            ]
            assert all(isinstance(a, WritesDone) for a in await asyncio.gather(*answers))
            assert (await store.session(CHAT)).committed == tuple(range(20))

        self.run(tmp_path, scenario)

    def test_many_conversations_share_a_unit(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, CARD)
            chats = [uid(1_000 + 10 * n) for n in range(30)]
            for chat in chats:
                root = UUID(int=chat.int + 1)
                row = replace(CONVERSATION, id=chat, root=root, head=root)
                live = generation(
                    0,
                    id=UUID(int=chat.int + 2),
                    conversation=chat,
                    parent=root,
                    message=UUID(int=chat.int + 3),
                )
                await store.put(
                    AddConversation(row),
                    AddGeneration(live),
                    replace(LEASE, generation=live.id),
                )
            for seq in range(3):
                await store.put(
                    *(
                        AppendChunk(UUID(int=chat.int + 2), 1, seq, (seq,), f"{chat.int % 997} ")
                        for chat in chats
                    )
                )
            for chat in chats:
                state = await store.session(chat)
                assert state.committed == (0, 1, 2)
                assert state.committed_text == f"{chat.int % 997} " * 3

        self.run(tmp_path, scenario)

    # -- lists ----------------------------------------------------------------------------------

    def test_conversations_are_listed_last_used_first_with_their_last_line(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            other = replace(CONVERSATION, id=uid(25), root=uid(26), head=uid(26), title="", created_ms=2_001)
            mine = AddAccount(STRANGER, "Bo", "user", "", 2_000)
            theirs = replace(CONVERSATION, id=uid(27), root=uid(28), head=uid(28), user=STRANGER)
            await store.put(AddConversation(other), mine, AddConversation(theirs))
            await store.again()
            first, second = await store.find(FindConversations(USER))
            assert (first.id, first.title, first.last_line, first.live) == (CHAT, "Evening", "Hello.", False)
            assert (first.character_name, first.portrait) == ("Marfa", "ab" * 32)
            assert first.updated_ms == 2_030
            assert (second.id, second.title, second.last_line) == (uid(25), "", "")
            assert second.updated_ms == 2_001

            long = "  A line\n\nand   another. " + "x" * 500
            await store.put(AddMessage(replace(said(60, other.root, body=long), conversation=other.id)))
            first, second = await store.find(FindConversations(USER))
            assert (first.id, first.updated_ms) == (uid(25), 2_060)
            assert first.last_line == ("A line and another. " + "x" * 500)[:160]
            await store.put(AddGeneration(generation()))
            first, second = await store.find(FindConversations(USER))
            assert (first.id, first.live, first.updated_ms) == (CHAT, True, 3_000)
            assert (second.id, second.live) == (uid(25), False)

        self.run(tmp_path, scenario)

    def test_questions_with_a_key_that_is_none_are_answered_with_why(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            for load in (Load("session", "no-id", "a"), Load("samovar", "", "a")):
                answer = await store.send(lambda number, load=load: RunQuery(number, load))
                assert isinstance(answer, QueryFailed)
                assert answer.why
            with pytest.raises(TypeError):
                store.send(WritesDone)  # pyright: ignore[reportArgumentType]

        self.run(tmp_path, scenario)
