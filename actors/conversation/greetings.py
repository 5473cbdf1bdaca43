"""Greetings: what a character says first, in words that stay: its macros become what they become when the
conversation begins, so that its reader and the model are told the same. Pure.

Chance is keyed by the conversation and the greeting, and the clock is that of the beginning.
"""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.character.card import Card
from actors.character.card_options import card_prompts
from actors.character.macros import Macros, Scene, Use
from actors.character.sheet import card_of
from actors.conversation.chosen import persona_of
from actors.conversation.group_change import member_by
from actors.messages.chat import StartConversation
from actors.messages.generation import CharacterSheet


class Greeting(Struct, frozen=True):
    character: UUID  # the version of whom it is
    text: str


class Greeter:
    """One conversation's, which begins at `now_ms`."""

    def __init__(
        self, conversation: UUID, asked: StartConversation, sheets: Mapping[UUID, CharacterSheet], now_ms: int
    ) -> None:
        self.conversation = conversation
        self.asked = asked
        self.sheets = sheets
        self.now_ms = now_ms
        self.persona = persona_of(asked.chosen)

    def places(self) -> list[list[Greeting]]:
        """The greetings, the versions of each place together: in a group all at the first, by one member
        after another, or else a place for each member.
        """
        group = self.asked.group
        if group is None:
            found = [self.of(self.sheets[self.asked.character_version])]
            return [place for place in found if place]
        of_members = [self.of(self.sheets[member.version]) for member in group.members]
        of_members = [place for place in of_members if place]
        if self.asked.all_greet:
            return of_members
        return [[greeting for place in of_members for greeting in place]] if of_members else []

    def of(self, sheet: CharacterSheet) -> list[Greeting]:
        """Those of the character, in the order in which a person is offered them; the ones for groups alone
        come first there (card V3).
        """
        card = card_of(sheet)
        texts = (sheet.first_mes, *sheet.alternate_greetings)
        texts = (*card.group_only_greetings, *texts) if self.asked.group is not None else texts
        scene = self.scene(sheet, card)
        return [
            Greeting(sheet.character, said(text, scene, f"greeting {number} of {sheet.character.hex}"))
            for number, text in enumerate(texts)
            if text.strip()
        ]

    def scene(self, sheet: CharacterSheet, card: Card) -> Scene:
        """What macros can name before anything is said."""
        persona, members = self.persona, self.asked.group.members if self.asked.group is not None else ()
        called = {member.version: member_by(self.sheets[member.version]).called for member in members}
        scene = Scene(
            char=card.nickname or sheet.name,
            user=persona.name if persona is not None else self.asked.user_name,
            talk=self.conversation.hex,
            notes=card.creator_notes,
            version=card.character_version,
            group=tuple(called.values()),
            muted=tuple(called[member.version] for member in members if member.muted),
            now_ms=self.now_ms,
            utc_offset_min=self.asked.utc_offset_min,
            idle_ms=0,
        )
        texts = {
            **card_prompts(card),
            "description": card.description,
            "personality": card.personality,
            "scenario": card.scenario,
            "persona": persona.description if persona is not None else "",
            "examples": card.mes_example,
            "greeting": sheet.first_mes,
        }
        written = {
            name: Macros(scene).expand(text, name, original="").strip() for name, text in texts.items()
        }
        return msgspec.structs.replace(scene, **written)


def said(text: str, scene: Scene, place: str) -> str:
    """Each greeting alone: only one of them is where the talk goes on."""
    return Macros(scene).expand(text, place, steady=True, use=Use.KEEP)
