"""What every storage port does with summaries, and with who gave a conversation its title."""

from pathlib import Path

from msgspec.structs import replace

from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    DropConversation,
    DropSummary,
    MarkMessage,
    MoveHead,
    OutdateSummaries,
    PurgeRemoved,
    PutSummary,
    RenameConversation,
    SetSummarise,
    StoredSummary,
)
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import CHAT, CONVERSATION, FIRST, Store, begin, said, uid

SECOND = said(31, FIRST.message.id, body="And then?")
EARLY = StoredSummary(CHAT, FIRST.message.id, "They met, — да.", "model", 5_000)
LATE = StoredSummary(CHAT, SECOND.id, "They met and talked.", "model", 6_000)


async def begin_talk(store: Store) -> None:
    await begin(store)
    await store.put(AddMessage(SECOND))


class SummaryContract(OpenedStorage):
    """Titles and summaries."""

    def test_summaries_come_back_oldest_first(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_talk(store)
            await store.put(PutSummary(LATE), PutSummary(EARLY))
            await store.again()
            assert (await store.session(CHAT)).summaries == (EARLY, LATE)

        self.run(tmp_path, scenario)

    def test_one_up_to_the_same_message_takes_the_place_of_the_one_before(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_talk(store)
            mended = replace(EARLY, text="They met again.", by="person", created_ms=7_000)
            await store.put(PutSummary(EARLY))
            await store.put(PutSummary(mended))
            assert (await store.session(CHAT)).summaries == (mended,)
            await store.put(DropSummary(CHAT, mended.upto))
            assert (await store.session(CHAT)).summaries == ()

        self.run(tmp_path, scenario)

    def test_a_summary_is_of_a_message_of_its_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_talk(store)
            await store.refused(PutSummary(replace(EARLY, upto=uid(99))))
            await store.refused(PutSummary(replace(EARLY, conversation=uid(99))))
            await store.refused(SetSummarise(uid(99), summarise=False))
            assert (await store.session(CHAT)).summaries == ()

        self.run(tmp_path, scenario)

    def test_one_that_is_outdated_is_stale_until_it_is_written_anew(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_talk(store)
            await store.put(PutSummary(EARLY), PutSummary(LATE))
            await store.put(OutdateSummaries(CHAT, (LATE.upto,)), OutdateSummaries(uid(99), (EARLY.upto,)))
            await store.again()
            assert (await store.session(CHAT)).summaries == (EARLY, replace(LATE, stale=True))
            await store.put(PutSummary(LATE))
            assert (await store.session(CHAT)).summaries == (EARLY, LATE)

        self.run(tmp_path, scenario)

    def test_what_is_removed_for_good_takes_its_summaries_along(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_talk(store)
            await store.put(PutSummary(EARLY), PutSummary(LATE))
            await store.put(MarkMessage(CHAT, SECOND.id, "branch"), MoveHead(CHAT, FIRST.message.id))
            await store.put(PurgeRemoved(CHAT, (SECOND.id,), ()))
            await store.again()
            assert (await store.session(CHAT)).summaries == (EARLY,)

        self.run(tmp_path, scenario)

    def test_summaries_go_with_their_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_talk(store)
            await store.put(PutSummary(EARLY), DropConversation(CHAT))
            await store.put(AddConversation(CONVERSATION), FIRST)
            assert (await store.session(CHAT)).summaries == ()

        self.run(tmp_path, scenario)

    def test_it_is_kept_who_gave_the_title_and_whether_summaries_are_wanted(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_talk(store)
            fresh = (await store.session(CHAT)).conversation
            assert (fresh.titled_by, fresh.summarise) == ("", True)
            await store.put(RenameConversation(CHAT, "At tea", "model"), SetSummarise(CHAT, summarise=False))
            await store.again()
            kept = (await store.session(CHAT)).conversation
            assert (kept.title, kept.titled_by, kept.summarise) == ("At tea", "model", False)
            await store.put(RenameConversation(CHAT, "Mine"))
            assert (await store.session(CHAT)).conversation.titled_by == "person"

        self.run(tmp_path, scenario)
