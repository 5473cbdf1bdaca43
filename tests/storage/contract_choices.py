"""What every storage port does with personas, presets, and what is chosen of them."""

from pathlib import Path

from msgspec.structs import replace

from actors.messages.accounts import AddAccount
from actors.messages.choices import (
    NOBODY,
    AuthorsNote,
    Choices,
    Chosen,
    Persona,
    Preset,
    ReplySettings,
)
from actors.messages.choosing import (
    FindChoices,
    FindChosen,
    FindPersonas,
    FindPresets,
    PutPersona,
    PutPreset,
    RemovePersona,
    RemovePreset,
    SetChoices,
)
from actors.messages.conversations import DropConversation
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import CHARACTER, CHAT, STRANGER, USER, VERSION, Store, begin, uid

MIRA = Persona(uid(60), "Mira", "A smuggler.", "ab" * 32, "cd" * 32, 5_000)
LEV = Persona(uid(61), "Лев", "", created_ms=6_000)
DREAMY = Preset(uid(62), "Dreamy", ReplySettings("creative", temperature=1.2, stop=("\n\n",)), 7_000)
CHOICES = Choices(
    persona=MIRA.id,
    note=AuthorsNote("Rain. 🌧", 2, "user", 3),
    system_prompt="Play.",
    post_history_instructions="",
    own_instructions_win=True,
    replies=ReplySettings(DREAMY.id.hex, max_tokens=100),
)
OTHER = AddAccount(STRANGER, "Ben", "user", "hash", 1_000)


class ChoicesContract(OpenedStorage):
    """Personas, presets and choices."""

    def test_personas_are_kept_changed_removed_and_brought_back(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(PutPersona(LEV, USER), PutPersona(MIRA, USER))
            await store.again()
            assert await store.find(FindPersonas(USER)) == [MIRA, LEV]
            older = replace(MIRA, name="Old Mira", thumb="")
            await store.put(PutPersona(older, USER), RemovePersona(LEV.id, USER, 9_000))
            assert await store.find(FindPersonas(USER)) == [older]
            await store.put(RemovePersona(LEV.id, USER, 0))
            assert await store.find(FindPersonas(USER)) == [older, LEV]

        self.run(tmp_path, scenario)

    def test_presets_are_kept_changed_removed_and_brought_back(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(PutPreset(DREAMY, USER))
            await store.again()
            assert await store.find(FindPresets(USER)) == [DREAMY]
            calmer = replace(DREAMY, name="Calmer", settings=ReplySettings(temperature=0.5))
            await store.put(PutPreset(calmer, USER), RemovePreset(DREAMY.id, USER, 9_000))
            assert await store.find(FindPresets(USER)) == []
            await store.put(RemovePreset(DREAMY.id, USER, 0))
            assert await store.find(FindPresets(USER)) == [calmer]

        self.run(tmp_path, scenario)

    def test_what_is_another_users_is_not_to_be_seen_or_changed(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(OTHER, PutPersona(MIRA, USER), PutPreset(DREAMY, USER))
            assert await store.find(FindPersonas(STRANGER)) == []
            assert await store.find(FindPresets(STRANGER)) == []
            await store.refused(PutPersona(replace(MIRA, name="Mine"), STRANGER))
            await store.refused(RemovePersona(MIRA.id, STRANGER, 9_000))
            await store.refused(PutPreset(replace(DREAMY, name="Mine"), STRANGER))
            await store.refused(RemovePreset(DREAMY.id, STRANGER, 9_000))
            await store.refused(SetChoices(STRANGER, "conversation", CHAT, CHOICES))
            await store.refused(SetChoices(STRANGER, "all", USER, CHOICES))
            await store.put(SetChoices(STRANGER, "all", STRANGER, CHOICES))
            found = await store.find(FindChosen(STRANGER, VERSION))
            assert found == Chosen(everywhere=CHOICES)  # what it names is not there for them

        self.run(tmp_path, scenario)

    def test_three_levels_of_choices_come_with_all_that_they_name(self, tmp_path: Path) -> None:
        by_character = Choices(persona=LEV.id)
        everywhere = Choices(persona=NOBODY, replies=ReplySettings("precise"))

        async def scenario(store: Store) -> None:
            await begin(store)
            assert (await store.session(CHAT)).chosen == Chosen()
            await store.put(
                *(PutPersona(MIRA, USER), PutPersona(LEV, USER), PutPreset(DREAMY, USER)),
                SetChoices(USER, "conversation", CHAT, CHOICES),
                SetChoices(USER, "character", CHARACTER, by_character),
                SetChoices(USER, "all", USER, everywhere),
            )
            await store.again()
            chosen = Chosen(CHOICES, by_character, everywhere, (MIRA, LEV), (DREAMY,))
            assert (await store.session(CHAT)).chosen == chosen
            assert await store.find(FindChosen(USER, VERSION, CHAT)) == chosen
            new = Chosen(Choices(), by_character, everywhere, (LEV,))
            assert await store.find(FindChosen(USER, VERSION)) == new
            assert await store.find(FindChoices(USER, CHARACTER)) == by_character
            assert await store.find(FindChoices(USER, USER)) == everywhere

        self.run(tmp_path, scenario)

    def test_what_was_removed_is_named_in_vain(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(PutPersona(MIRA, USER), PutPreset(DREAMY, USER))
            await store.put(SetChoices(USER, "conversation", CHAT, CHOICES))
            await store.put(RemovePersona(MIRA.id, USER, 9_000), RemovePreset(DREAMY.id, USER, 9_000))
            assert (await store.session(CHAT)).chosen == Chosen(CHOICES)

        self.run(tmp_path, scenario)

    def test_a_later_choice_takes_the_place_of_the_first(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(SetChoices(USER, "character", CHARACTER, CHOICES))
            await store.put(SetChoices(USER, "character", CHARACTER, Choices(system_prompt="Other.")))
            assert await store.find(FindChoices(USER, CHARACTER)) == Choices(system_prompt="Other.")
            await store.put(SetChoices(USER, "character", CHARACTER, Choices()))
            assert await store.find(FindChoices(USER, CHARACTER)) == Choices()
            await store.refused(SetChoices(USER, "character", uid(99), CHOICES))
            await store.refused(SetChoices(USER, "conversation", uid(99), CHOICES))

        self.run(tmp_path, scenario)

    def test_the_choices_of_a_conversation_go_with_it(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(SetChoices(USER, "conversation", CHAT, CHOICES))
            await store.put(DropConversation(CHAT))
            assert await store.find(FindChoices(USER, CHAT)) == Choices()

        self.run(tmp_path, scenario)
