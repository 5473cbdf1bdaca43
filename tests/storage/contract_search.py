"""What the storage finds, on every database that has an index of words."""

import asyncio
import time
from itertools import repeat
from pathlib import Path
from uuid import UUID

from msgspec.structs import replace

from actors.messages.accounts import AddAccount
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    DropConversation,
    MarkMessage,
    MoveHead,
    PurgeRemoved,
    RenameConversation,
)
from actors.messages.filing import FileConversation, FindMatches, Matches, RemoveConversation
from actors.messages.replies import EndGeneration
from tests.storage.contract_groups import GLEBS_CARD
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    CHAT,
    CONVERSATION,
    GENERATION,
    HELLO,
    ROOT,
    STRANGER,
    USER,
    Store,
    begin,
    begin_reply,
    reply,
    said,
    uid,
)

THEIRS, THEIR_ROOT = uid(70), uid(71)
DEADLINE_S = 30.0


async def settled(store: Store, user: UUID = USER) -> None:
    """Waits until the index has everything."""
    async with asyncio.timeout(DEADLINE_S):
        for pause_s in repeat(0.01):
            if not (await store.find(FindMatches(user, "x"))).waiting:
                return
            await asyncio.sleep(pause_s)


async def search(store: Store, text: str, user: UUID = USER, conversation: UUID | None = None) -> Matches:
    await settled(store, user)
    return await store.find(FindMatches(user, text, conversation))


async def found(store: Store, text: str) -> list[UUID]:
    """The messages, newest first."""
    return [m.message for c in (await search(store, text)).conversations for m in c.matches]


async def tell(store: Store, *bodies: str) -> None:
    """A conversation of these messages: uid(100), uid(101) …"""
    await begin(store)
    parent = HELLO
    for number, body in enumerate(bodies, start=100):
        await store.put(AddMessage(said(number, parent, body=body)))
        parent = uid(number)


class SearchContract(OpenedStorage):
    def test_words_are_found_in_all_their_forms_in_both_languages(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await tell(store, "Налей мне чаю, пожалуйста.", "She was BREWING tea.", "Ёлки зелёные: café.")
            assert await found(store, "чай ") == [uid(100)]
            assert await found(store, "Чаем ") == [uid(100)]
            assert await found(store, "brew ") == [uid(101)]
            assert await found(store, "brewed teas ") == [uid(101)]
            assert await found(store, "елка ") == [uid(102)]
            assert await found(store, "cafe ") == [uid(102)]
            assert await found(store, "coffee ") == []
            assert await found(store, "чай brewing ") == []

        self.run(tmp_path, scenario)

    def test_what_readers_do_not_see_is_no_passage(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await tell(store, "A green door.{{hidden_key: dragon gate}}{{// of wood}} It opens.", "dragon")
            (chat,) = (await search(store, "door ")).conversations
            assert [match.pieces for match in chat.matches] == [("A green ", "door", ". It opens.")]
            assert await found(store, "dragon ") == [uid(101)]

        self.run(tmp_path, scenario)

    def test_a_match_names_who_said_it(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(
                GLEBS_CARD,
                AddMessage(replace(said(100, HELLO, body="tea one"), role="user")),
                AddMessage(replace(said(101, uid(100), body="tea two"), role="user", name="Mira")),
                AddMessage(replace(said(102, uid(101), body="tea three"), role="assistant")),
                AddMessage(
                    replace(
                        said(103, uid(102), body="tea four"),
                        role="assistant",
                        character_version=GLEBS_CARD.version,
                    )
                ),
                AddMessage(replace(said(104, uid(103), body="tea five"), role="assistant", name="Imported")),
            )
            (chat,) = (await search(store, "tea ", conversation=CHAT)).conversations
            assert {m.message: m.speaker for m in chat.matches} == {
                uid(100): "",
                uid(101): "Mira",
                uid(102): "Marfa",
                uid(103): "Gleb",
                uid(104): "Imported",
            }

        self.run(tmp_path, scenario)

    def test_phrases_exclusions_and_the_word_being_typed(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await tell(
                store, "black tea with lemon", "tea, black as night", "green tea; самоварчик", "東京の茶"
            )
            assert await found(store, '"black tea"') == [uid(100)]
            assert await found(store, "«black tea»") == [uid(100)]
            assert await found(store, "“black tea”") == [uid(100)]
            assert await found(store, "black tea ") == [uid(101), uid(100)]
            assert await found(store, "tea -black ") == [uid(102)]
            assert await found(store, 'tea -"black tea"') == [uid(102), uid(101)]
            assert await found(store, "lem") == [uid(100)]
            assert await found(store, "lem ") == []
            assert await found(store, "самова") == [uid(102)]
            assert await found(store, "самоварчик") == [uid(102)]
            assert await found(store, "самоварищ") == []  # begins alike for as long as the index knows
            assert await found(store, "東京") == [uid(103)]
            assert await found(store, "京東") == []
            assert await found(store, "-tea ") == []
            assert await found(store, ' "" - ') == []

        self.run(tmp_path, scenario)

    def test_a_match_shows_the_passage_and_its_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            long = "Nothing here. " * 40 + "The *kettle*\nsings, the kettles sing. " + "Quiet. " * 60
            await tell(store, long)
            result = await search(store, "kettle ")
            (one,) = result.conversations
            (match,) = one.matches
            assert (one.id, one.count, one.character_name) == (CHAT, 1, "Marfa")
            assert one.title == ("Evening",)
            assert (match.message, match.role, match.created_ms) == (uid(100), "user", 2_100)
            assert match.pieces[1::2] == ("kettle", "kettles")
            assert match.pieces[0].endswith("The *")
            assert match.pieces[2] == "* sings, the "
            assert match.pieces[0][0] == match.pieces[-1][-1] == "…"
            assert sum(map(len, match.pieces)) < 300

        self.run(tmp_path, scenario)

    def test_titles_are_found_as_they_are_now(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            (one,) = (await search(store, "evenings ")).conversations
            assert (one.title, one.count, one.matches) == (("", "Evening", ""), 0, ())
            await store.put(RenameConversation(CHAT, "Утро у самовара"))
            assert (await search(store, "evening ")).conversations == ()
            (one,) = (await search(store, "самовары ")).conversations
            assert one.title == ("Утро у ", "самовара", "")

        self.run(tmp_path, scenario)

    def test_a_reply_is_found_when_it_is_done(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(
                EndGeneration(GENERATION, "done", "stop", reply("Tea is ready.", thoughts="sugar"))
            )
            assert await found(store, "ready ") == [uid(31)]
            assert await found(store, "sugar ") == []  # thoughts are no part of what was said

        self.run(tmp_path, scenario)

    def test_nobody_finds_what_is_another_users(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await tell(store, "our secret")
            theirs = replace(CONVERSATION, id=THEIRS, user=STRANGER, root=THEIR_ROOT, head=THEIR_ROOT)
            told = replace(said(80, THEIR_ROOT, body="my secret"), conversation=THEIRS)
            await store.put(
                AddAccount(STRANGER, "Bo", "user", "", 1), AddConversation(theirs), AddMessage(told)
            )
            (mine,) = (await search(store, "secret ")).conversations
            assert mine.id == CHAT
            (other,) = (await search(store, "secret ", STRANGER)).conversations
            assert other.id == THEIRS
            assert (await search(store, "secret ", STRANGER, CHAT)).conversations == ()

        self.run(tmp_path, scenario)

    def test_removed_conversations_are_not_found_and_archived_ones_are(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await tell(store, "lemon")
            await store.put(FileConversation(CHAT, USER, 5, archived=True))
            (one,) = (await search(store, "lemon ")).conversations
            assert one.archived
            await store.put(RemoveConversation(CHAT, time.time_ns() // 1_000_000))
            assert (await search(store, "lemon ")).conversations == ()
            await store.put(RemoveConversation(CHAT, 0))
            assert await found(store, "lemon ") == [uid(100)]
            await store.put(DropConversation(CHAT))
            assert (await search(store, "lemon ")).messages == 0

        self.run(tmp_path, scenario)

    def test_removed_messages_are_not_found_until_they_are_back(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await tell(store, "first lemon", "second lemon", "third lemon")
            await store.put(MarkMessage(CHAT, uid(101), "alone"))
            assert await found(store, "lemon ") == [uid(102), uid(100)]
            await store.put(MarkMessage(CHAT, uid(101), "branch"))
            result = await search(store, "lemon ")
            assert (result.messages, [one.count for one in result.conversations]) == (1, [1])
            assert await found(store, "third ") == []
            await store.put(MarkMessage(CHAT, uid(101)))
            assert await found(store, "lemon ") == [uid(102), uid(101), uid(100)]

        self.run(tmp_path, scenario)

    def test_what_is_purged_leaves_the_index(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await tell(store, "first lemon", "second lemon", "third lemon")
            await settled(store)
            await store.put(
                *(MoveHead(CHAT, uid(100)), MarkMessage(CHAT, uid(102), "branch")),
                PurgeRemoved(CHAT, (uid(102),), (uid(101),)),
            )
            await store.put(MarkMessage(CHAT, uid(101)))
            result = await search(store, "lemon ")
            assert (result.messages, await found(store, "lemon ")) == (1, [uid(100)])

        self.run(tmp_path, scenario)

    def test_one_conversation_shows_more_of_its_matches(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await tell(store, *["tea"] * 5)
            (few,) = (await search(store, "tea")).conversations
            assert (few.count, [m.message for m in few.matches]) == (5, [uid(104), uid(103), uid(102)])
            (all_of_them,) = (await search(store, "tea", USER, CHAT)).conversations
            assert len(all_of_them.matches) == 5

        self.run(tmp_path, scenario)

    def test_the_index_goes_on_where_a_start_finds_it(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(*(AddMessage(said(n, ROOT, n, body=f"word{n} tea")) for n in range(100, 200)))
            await store.again()
            await store.again()
            assert (await search(store, "tea ")).messages == 100
            assert await found(store, "word150 ") == [uid(150)]

        self.run(tmp_path, scenario)
