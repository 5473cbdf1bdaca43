"""What the storage finds besides messages and titles, on every database that has an index of words."""

from pathlib import Path
from uuid import UUID

import msgspec
from msgspec.structs import replace

from actors.character.card import Card, Lorebook, LoreEntry
from actors.messages.accounts import AddAccount
from actors.messages.choices import AuthorsNote, Choices, Persona
from actors.messages.choosing import PutPersona, RemovePersona, SetChoices
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    DropConversation,
    DropSummary,
    MarkMessage,
    PutSummary,
    SetSummarise,
    StoredSummary,
)
from actors.messages.filing import (
    AddFolder,
    ChangeFolder,
    DropFolder,
    FileConversation,
    FindMatches,
    MatchedThing,
    RemoveConversation,
)
from actors.messages.library import ChooseVersion, RemoveCharacter, ShareCharacter
from actors.messages.lore import BookSheet
from actors.messages.lorebooks import RemoveLorebook, SaveLorebook
from tests.storage.contract_search import search
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    ACCOUNT,
    CARD,
    CHARACTER,
    CHAT,
    CONVERSATION,
    HELLO,
    SHEET,
    STRANGER,
    USER,
    VERSION,
    Store,
    begin,
    said,
    uid,
)

MIRA = Persona(uid(60), "Mira", "A smuggler with a lantern.", created_ms=5_000)
FOLDER, BOOK, NEWER = uid(61), uid(62), uid(12)
SUMMARY = StoredSummary(CHAT, HELLO, "Они пили чай на маяке.", "model", 5_000)
NOTE = AuthorsNote("It keeps raining on the harbour.")
DEEP_CARD = Card(
    name="Marfa",
    nickname="Marfusha",
    creator_notes="Drawn after a woodcut.",
    group_only_greetings=("You two again?",),
    book=Lorebook(entries=(LoreEntry(keys=("cellar",), content="Barrels of kvass."),)),
)
WORDS = ("harbour", "lantern", "lighthouse", "orchard", "quarry", "saffron", "tinder", "walnut")


async def things(store: Store, text: str, user: UUID = USER) -> list[MatchedThing]:
    return list((await search(store, text, user)).things)


async def kinds(store: Store, text: str, user: UUID = USER) -> list[tuple[str, UUID]]:
    return [(thing.kind, thing.id) for thing in await things(store, text, user)]


def book(*entries: LoreEntry, version: int = 63, replaces: UUID | None = None) -> SaveLorebook:
    packed = msgspec.msgpack.encode(Lorebook("The coast", "All that lies by the sea.", entries=entries))
    sheet = BookSheet(uid(version), "The coast", packed)
    return SaveLorebook(BOOK, USER, sheet, b"{}", b"\x01" * 32, len(entries), 5_000 + version, replaces)


def entry(number: int, content: str) -> LoreEntry:
    return LoreEntry(keys=(f"key{number}",), content=content, id=number)


class SearchThingsContract(OpenedStorage):
    def test_a_summary_is_found_in_its_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(PutSummary(SUMMARY))
            (one,) = await things(store, "маяки ")
            assert (one.kind, one.id, one.conversation, one.beside) == ("summary", HELLO, CHAT, "Evening")
            assert one.pieces == ("Они пили чай на ", "маяке", ".")
            await store.put(PutSummary(replace(SUMMARY, text="They slept.")))
            assert await kinds(store, "маяки ") == []
            assert await kinds(store, "sleep slept ") == []
            assert await kinds(store, "slept ") == [("summary", HELLO)]
            await store.put(DropSummary(CHAT, HELLO))
            assert await kinds(store, "slept ") == []

        self.run(tmp_path, scenario)

    def test_a_summary_of_what_was_removed_is_not_found(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(PutSummary(SUMMARY), MarkMessage(CHAT, HELLO, "alone"))
            assert await kinds(store, "маяки ") == []
            await store.put(MarkMessage(CHAT, HELLO))
            assert await kinds(store, "маяки ") == [("summary", HELLO)]
            await store.put(SetSummarise(CHAT, summarise=False))  # the page shows none then
            assert await kinds(store, "маяки ") == []

        self.run(tmp_path, scenario)

    def test_notes_and_instructions_are_found_where_they_count(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            own = Choices(note=NOTE, system_prompt="Speak of walnuts.")
            await store.put(SetChoices(USER, "conversation", CHAT, own))
            await store.put(
                SetChoices(USER, "character", CHARACTER, Choices(post_history_instructions="Be a quarry."))
            )
            await store.put(SetChoices(USER, "all", USER, Choices(system_prompt="Saffron.")))
            (note,) = await things(store, "harbours ")
            assert (note.kind, note.id, note.conversation, note.beside) == ("note", CHAT, CHAT, "Evening")
            assert note.pieces == ("It keeps raining on the ", "harbour", ".")
            (own_words,) = await things(store, "walnut ")
            assert (own_words.kind, own_words.conversation) == ("instructions", CHAT)
            (hers,) = await things(store, "quarry ")
            assert (hers.kind, hers.id, hers.conversation) == ("instructions", CHARACTER, CHAT)
            assert hers.beside == "Marfa"
            (everywhere,) = await things(store, "saffron ")
            assert (everywhere.id, everywhere.conversation, everywhere.beside) == (USER, CHAT, "")
            await store.put(SetChoices(USER, "conversation", CHAT, Choices()))
            assert await kinds(store, "harbour ") == await kinds(store, "walnut ") == []

        self.run(tmp_path, scenario)

    def test_a_persona_is_found_while_it_is_there(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, PutPersona(MIRA, USER))
            (one,) = await things(store, "mira lantern ")
            assert (one.kind, one.id) == ("persona", MIRA.id)
            assert (one.title, one.pieces) == (("", "Mira", ""), ("A smuggler with a ", "lantern", "."))
            await store.put(RemovePersona(MIRA.id, USER, 9_000))
            assert await kinds(store, "lantern ") == []
            await store.put(RemovePersona(MIRA.id, USER, 0))
            assert await kinds(store, "lantern ") == [("persona", MIRA.id)]

        self.run(tmp_path, scenario)

    def test_folders_and_tags_are_found_with_their_newest_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(AddFolder(FOLDER, USER, "Тихая гавань", 5_000))
            (empty,) = await things(store, "гавани ")
            assert (empty.kind, empty.id, empty.conversation) == ("folder", FOLDER, None)
            await store.put(FileConversation(CHAT, USER, 6_000, folder=FOLDER, tags=("slow burn", "sea")))
            (full,) = await things(store, "гавани ")
            assert full.conversation == CHAT
            (tag,) = await things(store, "burning ")
            assert (tag.kind, tag.id, tag.conversation) == ("tag", CHAT, CHAT)
            assert tag.title == ("slow ", "burn", "")
            assert await kinds(store, "burn sea ") == []  # of two tags
            await store.put(ChangeFolder(FOLDER, USER, "Порт"), FileConversation(CHAT, USER, 7_000, tags=()))
            assert await kinds(store, "гавань ") == await kinds(store, "burn ") == []
            assert await kinds(store, "порт ") == [("folder", FOLDER)]
            await store.put(DropFolder(FOLDER, USER))
            assert await kinds(store, "порт ") == []

        self.run(tmp_path, scenario)

    def test_a_tag_of_many_conversations_is_found_once(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            for number in range(3):
                chat, root = uid(200 + number), uid(300 + number)
                await store.put(
                    AddConversation(replace(CONVERSATION, id=chat, root=root, head=root)),
                    FileConversation(chat, USER, 5_000, tags=("Sea", "tea")[: 1 + number % 2]),
                )
            assert [kind for kind, _ in await kinds(store, "sea ")] == ["tag"]

        self.run(tmp_path, scenario)

    def test_books_and_their_entries_are_found_by_names_keys_and_content(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(
                ACCOUNT,
                book(
                    LoreEntry(keys=("beacon", "маяк"), name="Lighthouse", content="It burns oil."),
                    LoreEntry(keys=("well",), secondary_keys=("bucket",), comment="A dry well"),
                ),
            )
            (whole,) = await things(store, "coast ")
            assert (whole.kind, whole.id, whole.title) == ("lorebook", BOOK, ("The ", "coast", ""))
            (light,) = await things(store, "маяком oil ")
            assert (light.kind, light.id, light.place, light.beside) == ("entry", BOOK, 0, "The coast")
            assert light.title == ("Lighthouse",)
            assert light.pieces[1::2] == ("oil", "маяк")
            (well,) = await things(store, "bucket dry ")
            assert (well.kind, well.place, well.title) == ("entry", 1, ("A ", "dry", " well"))
            await store.put(RemoveLorebook(BOOK, USER, 9_000))
            assert await kinds(store, "oil ") == await kinds(store, "coast ") == []
            await store.put(RemoveLorebook(BOOK, USER, 0))
            assert await kinds(store, "oil ") == [("entry", BOOK)]

        self.run(tmp_path, scenario)

    def test_a_large_book_is_found_as_it_was_saved_last(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            entries = [entry(number, f"{WORDS[number % 8]} w{number}") for number in range(100)]
            await store.put(ACCOUNT, book(*entries))
            assert [one.place for one in await things(store, "w99 ")] == [99]
            changed = [entry(500, "fresh"), *entries[:40], *entries[41:98], entry(98, "mended w98")]
            await store.put(book(*changed, version=64, replaces=uid(63)))
            assert [one.place for one in await things(store, "fresh ")] == [0]
            assert [one.place for one in await things(store, "w39 ")] == [40]
            assert [one.place for one in await things(store, "mended w98 ")] == [98]
            assert await things(store, "w40 ") == await things(store, "w99 ") == []
            result = await search(store, "walnut ")
            assert [one.place for one in result.things] == [8, 16, 24, 32, 40]
            assert result.counts == (("entry", 12),)

        self.run(tmp_path, scenario)

    def test_a_card_is_found_by_all_its_text_and_as_it_is_now(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            deep = replace(CARD, sheet=replace(SHEET, card=msgspec.msgpack.encode(DEEP_CARD)))
            await store.put(ACCOUNT, deep)
            for text in (
                "samovars ",
                "снова ",
                "comforting ",
                "blunt ",
                "woodcut ",
                "marfusha ",
                "two again ",
            ):
                assert await kinds(store, text) == [("character", CHARACTER)], text
            (lore,) = await things(store, "kvass ")
            assert (lore.kind, lore.title, lore.pieces[1]) == ("character", ("Marfa",), "kvass")
            newer = replace(
                *(deep,), version=NEWER, base=VERSION, sheet=replace(SHEET, description="Keeps a quarry.")
            )
            await store.put(newer)
            assert await kinds(store, "samovar ") == await kinds(store, "kvass ") == []
            assert await kinds(store, "quarry ") == [("character", CHARACTER)]
            await store.put(ChooseVersion(CHARACTER, USER, VERSION, NEWER))
            assert await kinds(store, "samovar ") == [("character", CHARACTER)]
            await store.put(RemoveCharacter(CHARACTER, USER, 9_000))
            assert await kinds(store, "samovar ") == []

        self.run(tmp_path, scenario)

    def test_what_is_shared_is_found_by_all_until_it_is_not(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, AddAccount(STRANGER, "Bo", "user", "", 1), CARD)
            assert await kinds(store, "samovar ") == [("character", CHARACTER)]
            assert await kinds(store, "samovar ", STRANGER) == []
            await store.put(ShareCharacter(CHARACTER, USER, shared=True))
            assert await kinds(store, "samovar ") == [("character", CHARACTER)]
            assert await kinds(store, "samovar ", STRANGER) == [("character", CHARACTER)]
            await store.put(ShareCharacter(CHARACTER, USER, shared=False))
            # Before the index knows of it, too.
            assert (await store.find(FindMatches(STRANGER, "samovar "))).things == ()
            assert await kinds(store, "samovar ") == [("character", CHARACTER)]
            assert await kinds(store, "samovar ", STRANGER) == []

        self.run(tmp_path, scenario)

    def test_nobody_finds_things_of_another_user(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(
                AddAccount(STRANGER, "Bo", "user", "", 1),
                PutPersona(MIRA, USER),
                PutSummary(SUMMARY),
                SetChoices(USER, "conversation", CHAT, Choices(note=NOTE)),
                FileConversation(CHAT, USER, 6_000, tags=("orchard",)),
                AddFolder(FOLDER, USER, "Tinder", 5_000),
                book(entry(1, "quarry")),
            )
            for text in ("lantern ", "маяк ", "harbour ", "orchard ", "tinder ", "quarry ", "coast "):
                assert len(await things(store, text)) == 1, text
                assert await things(store, text, STRANGER) == [], text
            within = await store.find(FindMatches(STRANGER, "harbour ", CHAT))
            assert within.things == ()

        self.run(tmp_path, scenario)

    def test_one_conversation_is_asked_for_its_own_things(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(
                SetChoices(USER, "conversation", CHAT, Choices(note=AuthorsNote("lantern"))),
                PutPersona(MIRA, USER),
            )
            found = await search(store, "lantern ", USER, CHAT)
            assert [thing.kind for thing in found.things] == ["note"]

        self.run(tmp_path, scenario)

    def test_things_of_a_removed_conversation_come_and_go_with_it(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(
                PutSummary(SUMMARY),
                SetChoices(USER, "conversation", CHAT, Choices(note=NOTE)),
                FileConversation(CHAT, USER, 6_000, tags=("harbour",)),
            )
            assert len(await things(store, "harbour ")) == 2
            await store.put(RemoveConversation(CHAT, 9_000_000_000_000))
            assert await things(store, "harbour ") == await things(store, "маяк ") == []
            await store.put(RemoveConversation(CHAT, 0))
            assert len(await things(store, "harbour ")) == 2
            await store.put(DropConversation(CHAT))
            assert await things(store, "harbour ") == await things(store, "маяк ") == []

        self.run(tmp_path, scenario)

    def test_hostile_searches_find_nothing_and_harm_nothing(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, CARD)
            for text in (
                '" OR 1=1 --',
                "') | !('",
                "x" * 10_000,
                "\x00 *",
                "NEAR(a b) AND *",
                "' & !'",
                "%_",
            ):
                assert await things(store, text) == [], text
            assert await kinds(store, "samovar -lantern ") == [("character", CHARACTER)]
            assert await kinds(store, "samovar -tea ") == []

        self.run(tmp_path, scenario)

    def test_a_text_without_end_is_taken_in_as_far_as_it_fits(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            long = " ".join(f"u{number:06x}" for number in range(40_000))
            await begin(store)
            await store.put(
                AddMessage(said(100, HELLO, body=long)),
                PutPersona(replace(MIRA, description=long), USER),
            )
            assert await kinds(store, "u000010 ") == [("persona", MIRA.id)]
            assert (await search(store, "u000010 ")).messages == 1

        self.run(tmp_path, scenario)

    def test_things_wait_for_the_index_over_a_restart(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, book(*(entry(number, f"word{number}") for number in range(300))))
            await store.again()
            await store.again()
            assert [one.place for one in await things(store, "word299 ")] == [299]
            assert [one.place for one in await things(store, "word0 ")] == [0]
            assert (await search(store, "key150 ")).counts == ()

        self.run(tmp_path, scenario)
