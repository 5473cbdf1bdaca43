"""What every storage port does with what people did to messages that are stored already."""

from pathlib import Path

from msgspec.structs import replace

from actors.conversation.formats.chat_rows import chat_of
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    DropConversation,
    FindChat,
    FindConversations,
    MarkMessage,
    MoveHead,
    PurgeRemoved,
    ReviseMessage,
    StoredMessage,
)
from actors.messages.replies import AddGeneration, EndGeneration, LeaseGeneration
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    BOOT,
    CHAT,
    CONVERSATION,
    FIRST,
    GENERATION,
    HELLO,
    KEY,
    ROOT,
    USER,
    Store,
    begin,
    begin_reply,
    generation,
    said,
    uid,
)


async def message(store: Store, number: int = 30) -> StoredMessage:
    state = await store.session(CHAT)
    return next(one for one in state.messages if one.id == uid(number))


class MarkContract(OpenedStorage):
    """Marks, revisions, purges, and what came of impersonations."""

    def test_a_message_is_removed_and_bookmarked_and_all_of_it_stays_readable(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(MarkMessage(CHAT, HELLO, "branch", "The storm"))
            await store.again()
            found = await message(store)
            assert (found.removed, found.bookmark, found.body) == ("branch", "The storm", "Hello.")
            await store.put(MarkMessage(CHAT, HELLO, "alone"))
            assert ((await message(store)).removed, (await message(store)).bookmark) == ("alone", "")
            await store.put(MarkMessage(CHAT, HELLO))
            assert (await message(store)).removed == ""

        self.run(tmp_path, scenario)

    def test_the_newest_words_of_a_message_hold_and_their_request_is_known(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(ReviseMessage(uid(50), CHAT, HELLO, "Good day.", 5_000, uid(60)))
            await store.put(ReviseMessage(uid(51), CHAT, HELLO, "Good night.", 4_000, uid(61)))
            await store.again()
            found = await message(store)
            assert (found.body, found.revised, found.request_key) == ("Good night.", True, KEY)
            keys = dict((await store.session(CHAT)).request_keys)
            assert (keys[uid(60)], keys[uid(61)]) == (uid(50), uid(51))
            assert [row.last_line for row in await store.find(FindConversations(USER))] == ["Good night."]

        self.run(tmp_path, scenario)

    def test_a_chat_that_goes_out_says_what_the_conversation_says_now(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            alone, branch = said(41, HELLO, body="Alone."), said(42, HELLO, 1, body="Branch.")
            await store.put(
                *(AddMessage(alone), AddMessage(said(43, alone.id, body="Held."))),
                *(
                    AddMessage(branch),
                    AddMessage(said(44, branch.id, body="Below.")),
                    MoveHead(CHAT, uid(43)),
                ),
                *(MarkMessage(CHAT, alone.id, "alone"), MarkMessage(CHAT, branch.id, "branch")),
                ReviseMessage(uid(50), CHAT, HELLO, "Good day.", 5_000),
            )
            found = await store.find(FindChat(CHAT, USER))
            chat = chat_of(found.conversation, found.messages, dict(found.names))
            assert [(one.text, one.parent) for one in chat.messages] == [("Good day.", -1), ("Held.", 0)]
            assert chat.head == 1

        self.run(tmp_path, scenario)

    def test_what_is_marked_or_revised_must_be_of_the_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.refused(MarkMessage(CHAT, uid(99), "alone"))
            await store.refused(MarkMessage(uid(98), HELLO, "alone"))
            await store.refused(ReviseMessage(uid(50), CHAT, uid(99), "Good day.", 5_000))

        self.run(tmp_path, scenario)

    def test_a_purge_takes_whole_branches_and_the_words_of_what_holds_others(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            held, branch = said(41, HELLO, body="Held."), said(42, HELLO, 1, body="Gone.")
            await store.put(
                *(AddMessage(held), AddMessage(said(43, held.id)), AddMessage(branch)),
                *(AddMessage(said(44, branch.id)), MoveHead(CHAT, uid(43))),
                *(MarkMessage(CHAT, held.id, "alone", "Here"), MarkMessage(CHAT, branch.id, "branch")),
                ReviseMessage(uid(50), CHAT, held.id, "Held, again.", 5_000),
            )
            await store.refused(PurgeRemoved(CHAT, (branch.id,)))  # its child would hang nowhere
            await store.refused(PurgeRemoved(CHAT, (uid(43),)))  # it is shown
            await store.put(PurgeRemoved(CHAT, (branch.id, uid(44)), (held.id,)))
            await store.again()
            left = {one.id: one for one in (await store.session(CHAT)).messages}
            assert set(left) == {ROOT, HELLO, held.id, uid(43)}
            empty = left[held.id]
            assert (empty.body, empty.removed, empty.bookmark, empty.revised) == ("", "alone", "", False)

        self.run(tmp_path, scenario)

    def test_marks_and_revisions_go_with_their_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(MarkMessage(CHAT, HELLO, "alone", "Here"))
            await store.put(ReviseMessage(uid(50), CHAT, HELLO, "Good day.", 5_000))
            await store.put(DropConversation(CHAT))
            await store.put(AddConversation(CONVERSATION), FIRST)
            assert ((await message(store)).removed, (await message(store)).revised) == ("", False)

        self.run(tmp_path, scenario)

    def test_what_came_of_an_impersonation_is_kept_with_its_generation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            assert (await store.session(CHAT)).suggestion is None
            await store.put(EndGeneration(GENERATION, "failed", "failed", None))
            assert (await store.session(CHAT)).suggestion is None
            asked = generation(70, request_key=uid(71), kind="impersonate", continues="I", hint="Be kind.")
            await store.put(AddGeneration(replace(asked, created_ms=6_000)))
            live = (await store.session(CHAT)).live
            assert live is not None
            assert (live.kind, live.hint, live.made) == ("impersonate", "Be kind.", "")
            await store.put(LeaseGeneration(asked.id, 1, "box", BOOT))
            await store.put(EndGeneration(asked.id, "done", "stop", None, made="I come in."))
            await store.again()
            state = await store.session(CHAT)
            assert state.live is None
            assert state.suggestion is not None
            assert (state.suggestion.id, state.suggestion.made) == (asked.id, "I come in.")
            assert (state.suggestion.parent, state.suggestion.continues) == (HELLO, "I")

        self.run(tmp_path, scenario)
