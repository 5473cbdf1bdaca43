"""What every storage port does with the lorebooks of users."""

from pathlib import Path
from uuid import UUID

from msgspec.structs import replace

from actors.messages.archive import Load
from actors.messages.conversations import AddConversation, DropConversation
from actors.messages.lore import Attached, BookSheet
from actors.messages.lorebooks import (
    AttachLorebook,
    FindLorebook,
    FindLorebooks,
    FindShelf,
    PurgeLorebooks,
    RemoveLorebook,
    SaveLorebook,
)
from actors.messages.replies import AddGeneration
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    ACCOUNT,
    CARD,
    CHARACTER,
    CHAT,
    CONVERSATION,
    STRANGER,
    USER,
    VERSION,
    Store,
    begin,
    generation,
    uid,
)

BOOK, FIRST, SECOND, OTHER = uid(60), uid(61), uid(62), uid(63)
TEA = SaveLorebook(BOOK, USER, BookSheet(FIRST, "Чай", b"tea"), b'{"entries":[]}', b"\x01" * 32, 2, 5_000)
CHANGED = replace(
    TEA, sheet=BookSheet(SECOND, "Tea", b"more tea"), digest=b"\x02" * 32, changed_ms=6_000, replaces=FIRST
)


async def text_of(store: Store, version: UUID) -> BookSheet | None:
    return await store.find(Load("lorebook", version.hex, "lorebook/x"))


class LorebookContract(OpenedStorage):
    """Versions, what books are attached to, removing and purging."""

    def test_a_book_is_its_owners_and_comes_back_as_it_was_saved(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, TEA)
            await store.again()
            (row,) = await store.find(FindLorebooks(USER))
            assert (row.lorebook, row.version, row.name, row.entries) == (BOOK, FIRST, "Чай", 2)
            assert (row.size, row.created_ms, row.changed_ms, row.digest) == (3, 5_000, 5_000, TEA.digest)
            found = await store.find(FindLorebook(BOOK, USER))
            assert (found.row, found.file) == (row, TEA.file)
            assert await text_of(store, FIRST) == TEA.sheet
            assert await store.find(FindLorebooks(STRANGER)) == []
            assert await store.find(FindLorebook(BOOK, STRANGER)) is None
            assert await text_of(store, uid(99)) is None

        self.run(tmp_path, scenario)

    def test_a_change_makes_a_version_and_the_one_before_stays_for_the_replies_that_have_it(
        self, tmp_path: Path
    ) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, TEA, CHANGED)
            (row,) = await store.find(FindLorebooks(USER))
            assert (row.version, row.name, row.created_ms, row.changed_ms) == (SECOND, "Tea", 5_000, 6_000)
            assert await text_of(store, FIRST) == TEA.sheet
            await store.refused(replace(CHANGED, sheet=BookSheet(OTHER, "Tea", b"")))  # made of the first
            await store.refused(replace(CHANGED, owner=STRANGER, replaces=SECOND))
            await store.refused(TEA)
            await store.put(replace(TEA, replaces=SECOND, changed_ms=7_000))  # as it was
            assert (await store.find(FindLorebook(BOOK, USER))).row.version == FIRST

        self.run(tmp_path, scenario)

    def test_a_book_counts_where_it_is_attached_and_not_while_it_is_removed(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, CARD, TEA)
            assert await store.find(FindShelf(USER)) == ()
            to_all = AttachLorebook(BOOK, USER, "user", None, attached=True)
            to_one = AttachLorebook(BOOK, USER, "character", CHARACTER, attached=True)
            await store.refused(replace(to_all, owner=STRANGER))
            await store.put(to_all, to_one, to_one)
            await store.again()
            on_shelf = (
                Attached(BOOK, FIRST, 3, "user", None),
                Attached(BOOK, FIRST, 3, "character", CHARACTER, (VERSION,)),
            )
            assert await store.find(FindShelf(USER)) == on_shelf
            assert await store.find(FindShelf(STRANGER)) == ()
            (row,) = await store.find(FindLorebooks(USER))
            assert row.uses == (("user", None), ("character", CHARACTER))
            await store.refused(RemoveLorebook(BOOK, STRANGER, 8_000))
            await store.put(RemoveLorebook(BOOK, USER, 8_000))
            assert await store.find(FindShelf(USER)) == ()
            assert (await store.find(FindLorebook(BOOK, USER))).row.removed_ms == 8_000
            await store.put(RemoveLorebook(BOOK, USER, 0), replace(to_all, attached=False))
            assert await store.find(FindShelf(USER)) == on_shelf[1:]

        self.run(tmp_path, scenario)

    def test_a_session_wakes_with_the_shelf_and_a_reply_keeps_its_books(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            to_chat = AttachLorebook(BOOK, USER, "conversation", CHAT, attached=True)
            await store.put(TEA, to_chat, AddGeneration(generation(books=(FIRST, OTHER))))
            await store.again()
            state = await store.session(CHAT)
            assert state.shelf == (Attached(BOOK, FIRST, 3, "conversation", CHAT),)
            assert state.live is not None
            assert state.live.books == (FIRST, OTHER)
            await store.put(DropConversation(CHAT))
            assert (await store.find(FindLorebook(BOOK, USER))).row.uses == ()

        self.run(tmp_path, scenario)

    def test_what_was_removed_or_replaced_long_ago_is_purged_and_nothing_else(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            strangers = replace(TEA, lorebook=uid(65), owner=STRANGER, sheet=BookSheet(uid(66), "", b""))
            kept = replace(TEA, lorebook=uid(67), sheet=BookSheet(uid(68), "Kept", b""))
            await store.put(ACCOUNT, CARD, AddConversation(CONVERSATION))
            await store.put(TEA, CHANGED, strangers, RemoveLorebook(uid(65), STRANGER, 1), kept)
            await store.put(PurgeLorebooks(USER, 6_000, 6_000))
            assert await text_of(store, FIRST) is not None
            await store.put(PurgeLorebooks(USER, 6_001, 6_001))
            assert await text_of(store, FIRST) is None
            assert await text_of(store, SECOND) == CHANGED.sheet
            await store.put(
                AttachLorebook(BOOK, USER, "user", None, attached=True), RemoveLorebook(BOOK, USER, 9_000)
            )
            await store.put(PurgeLorebooks(USER, 9_001, 9_001))
            assert [row.name for row in await store.find(FindLorebooks(USER))] == ["Kept"]
            assert await text_of(store, SECOND) is None
            assert len(await store.find(FindLorebooks(STRANGER))) == 1

        self.run(tmp_path, scenario)
