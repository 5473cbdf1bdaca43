"""What every storage port does with folders, pins, tags, the archive, and what was removed."""

import time
from pathlib import Path

from actors.messages.archive import Load
from actors.messages.conversations import (
    AddConversation,
    AddMessages,
    DropConversation,
    FindConversation,
    FindConversations,
    MoveHead,
)
from actors.messages.filing import (
    AddFolder,
    ChangeFolder,
    DropFolder,
    FileConversation,
    FindFolders,
    FolderRow,
    RemoveConversation,
)
from actors.messages.replies import AddGeneration
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    ACCOUNT,
    CARD,
    CHAT,
    CONVERSATION,
    HELLO,
    ROOT,
    STRANGER,
    USER,
    Store,
    begin,
    generation,
    said,
    uid,
)

JUST_NOW = time.time_ns() // 1_000_000
"""What was removed long ago is dropped."""

WORK, HOME = uid(501), uid(502)


async def folders(store: Store) -> list[FolderRow]:
    return await store.find(FindFolders(USER))


class FilingContract(OpenedStorage):
    """The order in which a user keeps conversations."""

    def test_folders_have_names_and_an_order(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, AddFolder(WORK, USER, "Work", 1), AddFolder(HOME, USER, "Дом", 2))
            assert await folders(store) == [FolderRow(WORK, "Work", 0), FolderRow(HOME, "Дом", 1)]
            await store.put(ChangeFolder(HOME, USER, "Home", 0))
            await store.again()
            assert await folders(store) == [FolderRow(HOME, "Home", 0), FolderRow(WORK, "Work", 1)]
            assert await store.find(FindFolders(STRANGER)) == []
            await store.put(DropFolder(HOME, USER))
            assert await folders(store) == [FolderRow(WORK, "Work", 0)]

        self.run(tmp_path, scenario)

    def test_nobody_else_touches_a_folder_or_files_a_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddFolder(WORK, USER, "Work", 1), AddFolder(HOME, STRANGER, "Theirs", 2))
            await store.refused(ChangeFolder(WORK, STRANGER, "Mine"))
            await store.refused(DropFolder(WORK, STRANGER))
            await store.refused(FileConversation(CHAT, STRANGER, 5, pinned=True))
            await store.refused(FileConversation(CHAT, USER, 5, folder=HOME))
            (row,) = await store.find(FindConversations(USER))
            assert (row.folder, row.pinned_ms) == (None, 0)

        self.run(tmp_path, scenario)

    def test_a_conversation_is_filed_piece_by_piece(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddFolder(WORK, USER, "Work", 1))
            await store.put(FileConversation(CHAT, USER, 5, pinned=True, tags=("чай", "slow")))
            await store.put(FileConversation(CHAT, USER, 6, folder=WORK))
            await store.put(FileConversation(CHAT, USER, 7, archived=True))
            await store.again()
            (row,) = await store.find(FindConversations(USER))
            assert (row.folder, row.pinned_ms, row.archived_ms, row.removed_ms) == (WORK, 5, 7, 0)
            assert row.tags == ("чай", "slow")
            assert row.created_ms == 2_000
            await store.put(
                FileConversation(CHAT, USER, 8, pinned=False, archived=False, loose=True, tags=())
            )
            (row,) = await store.find(FindConversations(USER))
            assert (row.folder, row.pinned_ms, row.archived_ms, row.tags) == (None, 0, 0, ())

        self.run(tmp_path, scenario)

    def test_what_was_in_a_folder_that_is_dropped_is_in_none(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddFolder(WORK, USER, "Work", 1), FileConversation(CHAT, USER, 5, folder=WORK))
            await store.put(DropFolder(WORK, USER))
            (row,) = await store.find(FindConversations(USER))
            assert row.folder is None

        self.run(tmp_path, scenario)

    def test_a_removed_conversation_is_hidden_and_comes_back(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(
                FileConversation(CHAT, USER, 4, tags=("tea",)), RemoveConversation(CHAT, JUST_NOW)
            )
            await store.again()
            assert await store.find(FindConversations(USER)) == []
            (row,) = await store.find(FindConversations(USER, removed=True))
            assert (row.id, row.removed_ms) == (CHAT, JUST_NOW)
            assert await store.find(Load("session", CHAT.hex, "session/x")) is None
            assert (await store.find(FindConversation(CHAT))).user == USER
            await store.put(RemoveConversation(CHAT, 0))
            (row,) = await store.find(FindConversations(USER))
            assert row.tags == ("tea",)
            assert await store.find(FindConversations(USER, removed=True)) == []
            assert len((await store.session(CHAT)).messages) == 2

        self.run(tmp_path, scenario)

    def test_how_it_was_filed_goes_with_a_dropped_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(
                FileConversation(CHAT, USER, 4, tags=("tea",)), RemoveConversation(CHAT, JUST_NOW)
            )
            await store.put(DropConversation(CHAT))
            await store.put(AddConversation(CONVERSATION))
            (row,) = await store.find(FindConversations(USER))
            assert (row.tags, row.removed_ms) == ((), 0)
            await store.refused(RemoveConversation(uid(404), 1))

        self.run(tmp_path, scenario)

    def test_many_messages_come_at_once(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, CARD, AddConversation(CONVERSATION))
            many = (said(30, ROOT), said(60, HELLO, body="Один."), said(61, HELLO, 1, thoughts="Hm."))
            await store.put(AddMessages(CHAT, many), MoveHead(CHAT, uid(61)))
            await store.again()
            state = await store.session(CHAT)
            assert state.messages[1:] == many
            assert state.conversation.head == uid(61)
            (row,) = await store.find(FindConversations(USER))
            assert row.updated_ms == 2_061
            await store.put(AddGeneration(generation(33)))

        self.run(tmp_path, scenario)

    def test_many_messages_come_whole_or_not_at_all(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.refused(AddMessages(CHAT, (said(60, HELLO), said(61, uid(404)))))
            await store.refused(AddMessages(CHAT, (said(60, HELLO), said(61, HELLO))))  # one place twice
            await store.refused(AddMessages(uid(404), (said(60, HELLO),)))
            assert len((await store.session(CHAT)).messages) == 2

        self.run(tmp_path, scenario)
