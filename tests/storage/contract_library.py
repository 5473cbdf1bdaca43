"""What every storage port does with the characters that people bring."""

from pathlib import Path

from msgspec.structs import replace

from actors.messages.archive import Load
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    DropConversation,
    FindConversations,
    MoveToVersion,
    SetGroup,
)
from actors.messages.group import Group, Member
from actors.messages.library import (
    CharacterOriginal,
    ChooseVersion,
    FindAssetsInUse,
    FindCharacter,
    FindCharacters,
    FindLibraryUse,
    FindOriginal,
    FindPurgeable,
    FindVersions,
    LibraryUse,
    MarkFavourite,
    Purgeable,
    PurgeCharacter,
    RemoveCharacter,
    ShareCharacter,
)
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    ACCOUNT,
    CARD,
    CHARACTER,
    CHAT,
    CONVERSATION,
    ROOT,
    SHEET,
    STRANGER,
    USER,
    VERSION,
    Store,
    said,
    uid,
)

IMPORTED = replace(CARD, file=b"\x89PNG and a card", thumb="cd" * 32)
EDITED = replace(IMPORTED, version=uid(12), tagline="Warmer", created_ms=1_200, base=VERSION)


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
            await store.refused(replace(EDITED, owner=STRANGER))
            await store.put(replace(EDITED, base=None))
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

    def test_who_saves_over_a_version_that_is_not_current_is_told(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, IMPORTED, EDITED)
            other = replace(EDITED, version=uid(13), created_ms=1_300)
            await store.refused(other)
            await store.put(replace(other, base=uid(12)))
            await store.refused(replace(other, version=uid(14), character=uid(15), base=VERSION))
            found = await store.find(FindCharacter(VERSION, USER))
            assert (found.row.version, found.current) == (VERSION, uid(13))

        self.run(tmp_path, scenario)

    def test_the_history_of_a_character_is_its_owners_who_may_go_back(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, replace(IMPORTED, shared=True), EDITED, AddConversation(CONVERSATION))
            await store.put(replace(CARD, character=uid(16), version=uid(17)))
            newest, oldest = await store.find(FindVersions(CHARACTER, USER))
            assert (newest.version, newest.current, newest.conversations) == (uid(12), True, 0)
            assert (oldest.version, oldest.current, oldest.conversations) == (VERSION, False, 1)
            assert (oldest.name, oldest.thumb, oldest.created_ms) == ("Marfa", "cd" * 32, 1_100)
            assert await store.find(FindVersions(CHARACTER, STRANGER)) == []
            back = ChooseVersion(CHARACTER, USER, VERSION, base=uid(12))
            await store.refused(replace(back, owner=STRANGER))
            await store.refused(replace(back, base=VERSION))
            await store.refused(replace(back, version=uid(17)))
            await store.put(back)
            await store.again()
            assert [row.current for row in await store.find(FindVersions(CHARACTER, USER))] == [False, True]
            assert (await store.find(FindCharacters(STRANGER)))[0].version == VERSION

        self.run(tmp_path, scenario)

    def test_a_conversation_moves_to_another_version_and_its_messages_keep_theirs(
        self, tmp_path: Path
    ) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, IMPORTED, EDITED, AddConversation(CONVERSATION))
            await store.put(AddMessage(said(30, ROOT)))
            (before,) = await store.find(FindConversations(USER))
            assert (before.character, before.character_version) == (CHARACTER, VERSION)
            await store.refused(MoveToVersion(CHAT, uid(99)))
            await store.refused(MoveToVersion(uid(98), uid(12)))
            await store.put(MoveToVersion(CHAT, uid(12)))
            await store.again()
            state = await store.session(CHAT)
            assert state.conversation.character_version == uid(12)
            assert {message.character_version for message in state.messages} == {VERSION}
            (after,) = await store.find(FindConversations(USER))
            assert (after.character_version, after.updated_ms) == (uid(12), before.updated_ms)

        self.run(tmp_path, scenario)

    def test_a_removed_character_is_purged_when_no_conversation_uses_any_version(
        self, tmp_path: Path
    ) -> None:
        async def scenario(store: Store) -> None:
            alone = replace(CARD, character=uid(16), version=uid(17), portrait="ef" * 32)
            await store.put(ACCOUNT, IMPORTED, EDITED, alone, AddConversation(CONVERSATION))
            await store.put(MarkFavourite(STRANGER, CHARACTER, favourite=True))
            await store.put(RemoveCharacter(CHARACTER, USER, 5_000), RemoveCharacter(uid(16), USER, 6_000))
            assert await store.find(FindPurgeable(6_000, 9)) == []  # one is in use, one is too young
            await store.refused(PurgeCharacter(CHARACTER, 9_000))
            await store.put(SetGroup(CHAT, Group((Member(uid(17), "Marfa"),))))
            assert await store.find(FindPurgeable(9_000, 9)) == []  # … and that is a member
            await store.refused(PurgeCharacter(uid(16), 9_000))
            await store.put(DropConversation(CHAT))
            first = Purgeable(CHARACTER, ("ab" * 32, "cd" * 32))
            assert await store.find(FindPurgeable(9_000, 9)) == [first, Purgeable(uid(16), ("ef" * 32,))]
            assert await store.find(FindPurgeable(9_000, 1)) == [first]
            await store.refused(PurgeCharacter(CHARACTER, 5_000))
            await store.put(PurgeCharacter(CHARACTER, 9_000))
            await store.again()
            assert await store.find(FindPurgeable(9_000, 9)) == [Purgeable(uid(16), ("ef" * 32,))]
            assert await store.find(FindCharacter(VERSION, USER)) is None
            assert await store.find(FindLibraryUse(USER)) == LibraryUse(1, 0)
            assert await store.find(FindAssetsInUse(("ab" * 32, "ef" * 32))) == ["ef" * 32]
            await store.put(RemoveCharacter(uid(16), USER, 0))
            await store.refused(PurgeCharacter(uid(16), 9_000))

        self.run(tmp_path, scenario)
