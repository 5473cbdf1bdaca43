"""What every storage port does with the characters that people bring."""

from pathlib import Path

from msgspec.structs import replace

from actors.messages.archive import (
    AddConversation,
    CharacterOriginal,
    FindCharacter,
    FindCharacters,
    FindConversations,
    FindLibraryUse,
    FindOriginal,
    LibraryUse,
    Load,
    MarkFavourite,
    RemoveCharacter,
    ShareCharacter,
)
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    ACCOUNT,
    CARD,
    CHARACTER,
    CONVERSATION,
    SHEET,
    STRANGER,
    USER,
    VERSION,
    Store,
    uid,
)

IMPORTED = replace(CARD, file=b"\x89PNG and a card", thumb="cd" * 32)


class LibraryContract(OpenedStorage):
    """Owners, sharing, removing, favourites, and the files that characters came in."""

    def test_a_character_is_its_owners_until_it_is_shared(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, IMPORTED)
            (mine,) = await store.find(FindCharacters(USER))
            assert (mine.owner, mine.shared, mine.thumb) == (USER, False, "cd" * 32)
            assert await store.find(FindCharacters(STRANGER)) == []
            assert await store.find(FindCharacter(VERSION, STRANGER)) is None
            assert await store.find(FindOriginal(VERSION, STRANGER)) is None
            await store.refused(ShareCharacter(CHARACTER, STRANGER, shared=True))
            await store.put(ShareCharacter(CHARACTER, USER, shared=True))
            await store.again()
            (shared,) = await store.find(FindCharacters(STRANGER))
            assert (shared.version, shared.owner, shared.shared) == (VERSION, USER, True)
            assert (await store.find(FindCharacter(VERSION, STRANGER))).sheet == SHEET
            await store.put(ShareCharacter(CHARACTER, USER, shared=False))
            assert await store.find(FindCharacters(STRANGER)) == []

        self.run(tmp_path, scenario)

    def test_what_a_character_was_made_of_is_kept_as_it_came(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            alone = replace(CARD, character=uid(14), version=uid(15))
            await store.put(ACCOUNT, IMPORTED, alone)
            await store.again()
            original = CharacterOriginal(CARD.card, b"\x89PNG and a card", CARD.portrait, "Marfa")
            assert await store.find(FindOriginal(VERSION, USER)) == original
            assert (await store.find(FindOriginal(uid(15), USER))).file == b""
            assert await store.find(FindOriginal(uid(99), USER)) is None
            assert await store.find(FindLibraryUse(USER)) == LibraryUse(2, len(IMPORTED.file))
            assert await store.find(FindLibraryUse(STRANGER)) == LibraryUse(0, 0)

        self.run(tmp_path, scenario)

    def test_a_removed_character_leaves_the_gallery_and_not_its_conversations(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, replace(IMPORTED, shared=True), AddConversation(CONVERSATION))
            await store.refused(RemoveCharacter(CHARACTER, STRANGER, 5_000))
            await store.put(RemoveCharacter(CHARACTER, USER, 5_000))
            assert await store.find(FindCharacters(USER)) == []
            assert await store.find(FindCharacters(STRANGER)) == []
            assert await store.find(FindCharacter(VERSION, STRANGER)) is None
            assert (await store.find(FindCharacter(VERSION, USER))).removed
            assert await store.find(Load("character", VERSION.hex, "character/x")) == SHEET
            (row,) = await store.find(FindConversations(USER))
            assert (row.character_name, row.portrait) == ("Marfa", "cd" * 32)
            await store.put(RemoveCharacter(CHARACTER, USER, 0))
            assert len(await store.find(FindCharacters(STRANGER))) == 1

        self.run(tmp_path, scenario)

    def test_a_further_version_is_the_owners_alone_and_brings_the_character_back(
        self, tmp_path: Path
    ) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, IMPORTED, RemoveCharacter(CHARACTER, USER, 5_000))
            further = replace(IMPORTED, version=uid(12), tagline="Warmer", created_ms=1_200)
            await store.refused(replace(further, owner=STRANGER))
            await store.put(further)
            (row,) = await store.find(FindCharacters(USER))
            assert (row.version, row.tagline) == (uid(12), "Warmer")
            assert (await store.find(FindCharacter(VERSION, USER))).row.tagline == CARD.tagline

        self.run(tmp_path, scenario)

    def test_favourites_are_each_users_own(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, replace(IMPORTED, shared=True))
            await store.put(MarkFavourite(STRANGER, CHARACTER, favourite=True))
            await store.put(MarkFavourite(STRANGER, CHARACTER, favourite=True))
            await store.again()
            assert [row.favourite for row in await store.find(FindCharacters(STRANGER))] == [True]
            assert [row.favourite for row in await store.find(FindCharacters(USER))] == [False]
            await store.put(MarkFavourite(STRANGER, CHARACTER, favourite=False))
            assert [row.favourite for row in await store.find(FindCharacters(STRANGER))] == [False]

        self.run(tmp_path, scenario)
