"""What every storage port does with generations, their chunks, and units of work."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from actors.messages.accounts import AddAccount, FindAccounts
from actors.messages.archive import RunWrites, WritesDone
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    DropConversation,
    FindConversations,
    MoveHead,
    RenameConversation,
)
from actors.messages.generation import Circumstances, Note
from actors.messages.replies import (
    AddGeneration,
    AppendChunk,
    EndGeneration,
    LeaseGeneration,
    MarkSeam,
    PinPrompt,
)
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    ACCOUNT,
    BOOT,
    CARD,
    CHAT,
    CONVERSATION,
    GENERATION,
    HELLO,
    KEY,
    LEASE,
    REPLY,
    ROOT,
    STRANGER,
    USER,
    Store,
    begin,
    begin_reply,
    generation,
    reply,
    said,
    uid,
)


class GenerationContract(OpenedStorage):
    """Leases, chunks, ends, units."""

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

    def test_what_a_reply_is_made_under_comes_back(self, tmp_path: Path) -> None:
        made = generation(
            user_name="Mira",
            persona="A smuggler.",
            circumstances=Circumstances(
                -90, 60_000, 2, "", Note("Rain.", 2, "user"), "Play.", "Brief.", True
            ),
        )

        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddGeneration(made))
            await store.again()
            assert (await store.session(CHAT)).live == made

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
            await store.put(PinPrompt(GENERATION, "model-hash", b"\x09" * 32, b"\x08" * 32))
            live = (await store.session(CHAT)).live
            assert live is not None
            assert (live.model, live.prompt_digest) == ("model-hash", b"\x09" * 32)
            assert live.engine_digest == b"\x08" * 32
            await store.refused(PinPrompt(uid(99), "model-hash", b""))

        self.run(tmp_path, scenario)

    def test_a_seam_comes_back_with_the_generation_and_then_with_the_message(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(AppendChunk(GENERATION, 1, 0, (7,), "Чай 🫖"))
            await store.put(MarkSeam(GENERATION, 5), AppendChunk(GENERATION, 1, 1, (8,), ", friend."))
            await store.again()
            state = await store.session(CHAT)
            assert state.live is not None
            assert state.live.seam == 5
            assert (await store.queue()).unfinished[0].seam == 5
            made = reply("Чай 🫖, friend.", seam=5)
            await store.put(EndGeneration(GENERATION, "done", "stop", made))
            await store.refused(MarkSeam(GENERATION, 6))
            await store.again()
            assert (await store.session(CHAT)).messages[-1] == made
            going = generation(70, request_key=uid(71), message=uid(72), kind="continue", seam=5)
            await store.put(AddGeneration(going))
            assert (await store.session(CHAT)).live == going

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

    def test_thoughts_come_back_with_the_chunks_and_then_with_the_message(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddGeneration(generation(continues="Tea", continues_thoughts="Hm 🫖")), LEASE)
            await store.put(
                AppendChunk(GENERATION, 1, 0, (1, 2), "", "Чай or "),
                AppendChunk(GENERATION, 1, 2, (3,), " is", "coffee?"),
            )
            await store.again()
            state = await store.session(CHAT)
            assert (state.committed_text, state.committed_thoughts) == (" is", "Чай or coffee?")
            assert state.live is not None
            assert (state.live.continues, state.live.continues_thoughts) == ("Tea", "Hm 🫖")
            made = reply("Tea is", thoughts="Hm 🫖\n\nЧай or coffee?")
            await store.put(EndGeneration(GENERATION, "done", "stop", made))
            await store.again()
            assert (await store.session(CHAT)).messages[-1] == made
            assert (await store.find(FindConversations(USER)))[0].last_line == "Tea is"

        self.run(tmp_path, scenario)

    def test_a_reply_of_thoughts_alone_comes_back(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(AppendChunk(GENERATION, 1, 0, (1,), "", "Hm"))
            await store.put(EndGeneration(GENERATION, "cancelled", "cancelled", reply("", thoughts="Hm")))
            await store.again()
            assert (await store.session(CHAT)).messages[-1] == reply("", thoughts="Hm")

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
