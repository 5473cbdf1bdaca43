"""What every storage port does with accounts, characters and conversations."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.messages.accounts import AddAccount, AddLogin, DropLogin, FindAccounts, FindLogins
from actors.messages.archive import Load, QueryFailed, RunQuery, WritesDone
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    DropConversation,
    FindConversation,
    FindConversations,
    FindOwners,
    MoveHead,
    RenameConversation,
)
from actors.messages.library import FindCharacters
from actors.messages.replies import AddGeneration, AppendChunk
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    ACCOUNT,
    CARD,
    CHARACTER,
    CHAT,
    CONVERSATION,
    FIRST,
    GENERATION,
    HELLO,
    ROOT,
    SHEET,
    STRANGER,
    USER,
    VERSION,
    Store,
    begin,
    begin_reply,
    generation,
    said,
    uid,
)


class ConversationContract(OpenedStorage):
    """Accounts, characters, the tree, the lists."""

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
            found = await store.find(FindLogins((b"\x02" * 32, token), 4_999))
            assert found.keys() == {token}
            assert (found[token].id, found[token].name, found[token].role) == (USER, "Ada", "owner")
            assert await store.find(FindLogins((token,), 5_000)) == {}
            assert await store.find(FindLogins((b"\x02" * 32,), 1_000)) == {}
            await store.refused(AddLogin(token, USER, 1_000, 9_000))
            await store.refused(AddLogin(b"\x03" * 32, STRANGER, 1_000, 9_000))
            await store.put(DropLogin(token))
            await store.put(DropLogin(token))  # the wanted state holds already
            assert await store.find(FindLogins((token,), 1_000)) == {}

        self.run(tmp_path, scenario)

    # -- characters -----------------------------------------------------------------------------

    def test_the_gallery_shows_the_version_of_each_character_that_was_saved_last(
        self, tmp_path: Path
    ) -> None:
        async def scenario(store: Store) -> None:
            newer = replace(
                CARD,
                version=uid(12),
                sheet=replace(SHEET, character=uid(12), name="Marfa II"),
                tagline="Warmer",
                created_ms=1_200,
            )
            other = replace(CARD, character=uid(14), version=uid(15), tags=(), created_ms=1_150)
            await store.put(CARD, other, newer)
            await store.again()
            rows = await store.find(FindCharacters(USER))
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
            assert await store.find(FindOwners((uid(99), CHAT))) == {CHAT: USER}
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
