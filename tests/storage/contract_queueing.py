"""What every storage port does with what the generation queue keeps."""

from pathlib import Path

from actors.messages.conversations import DropConversation
from actors.messages.replies import EndGeneration
from actors.messages.shares import SPENDING_DAYS, DrainBox, SetShare, Spending, SpendTokens
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import CHAT, GENERATION, STRANGER, USER, Store, begin_reply


class QueueingContract(OpenedStorage):
    """Spendings, shares, drained boxes."""

    def test_tokens_of_a_day_add_up_and_outlive_conversation_and_process(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(EndGeneration(GENERATION, "failed", "failed", None), SpendTokens(USER, 20_000, 7))
            await store.put(SpendTokens(USER, 20_000, 5), SpendTokens(STRANGER, 20_000, 2))
            await store.put(DropConversation(CHAT))
            await store.again()
            assert (await store.queue()).spendings == (
                Spending(USER, 20_000, 12),
                Spending(STRANGER, 20_000, 2),
            )

        self.run(tmp_path, scenario)

    def test_what_ends_a_reply_twice_counts_once(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            writes = EndGeneration(GENERATION, "failed", "failed", None), SpendTokens(USER, 20_000, 7)
            await store.put(*writes)
            await store.refused(*writes)
            assert (await store.queue()).spendings == (Spending(USER, 20_000, 7),)

        self.run(tmp_path, scenario)

    def test_the_last_days_that_have_any_are_loaded(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            assert (await store.queue()).spendings == ()
            days = (20_002, 20_000, *range(20_010, 20_100, 10))
            for day in days:
                await store.put(SpendTokens(USER, day, day), SpendTokens(STRANGER, day, 1))
            found = [each.day for each in (await store.queue()).spendings if each.user == USER]
            assert found == sorted(days)[-SPENDING_DAYS:]

        self.run(tmp_path, scenario)

    def test_shares_are_kept_where_they_are_not_everybodys(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(SetShare(USER, 2.5), SetShare(STRANGER, 0.5), SetShare(USER, 3.0))
            await store.again()
            assert (await store.queue()).shares == ((USER, 3.0), (STRANGER, 0.5))
            await store.put(SetShare(USER, 1.0))
            assert (await store.queue()).shares == ((STRANGER, 0.5),)

        self.run(tmp_path, scenario)

    def test_a_drained_box_stays_so_until_it_is_undone(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(DrainBox("attic", True, USER), DrainBox("cellar", True, USER))
            await store.put(DrainBox("attic", True, STRANGER))
            await store.again()
            assert (await store.queue()).drained == ("attic", "cellar")
            await store.put(DrainBox("attic", False, USER), DrainBox("never", False, USER))
            assert (await store.queue()).drained == ("cellar",)

        self.run(tmp_path, scenario)
