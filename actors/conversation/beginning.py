"""Beginning: the first rows of a conversation: itself, its root, and the characters' greetings. Pure."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.character.macros import expand_names
from actors.character.sheet import card_of
from actors.conversation.chosen import persona_of
from actors.conversation.group_change import group_of
from actors.messages.archive import Write
from actors.messages.chat import StartConversation
from actors.messages.choices import Choices
from actors.messages.choosing import SetChoices
from actors.messages.conversations import AddConversation, AddMessage, StoredConversation, StoredMessage
from actors.messages.generation import CharacterSheet
from actors.world import World

NAMED = 3
"""Members whose names make the title of a group that was given none."""


class Beginning(Struct, frozen=True):
    """A conversation whose head is the greeting that was chosen; the others are swipes beside it."""

    conversation: StoredConversation
    greetings: tuple[StoredMessage, ...]
    choices: Choices = Choices()

    def writes(self) -> tuple[Write, ...]:
        begun = msgspec.structs.replace(self.conversation, head=self.conversation.root)
        greetings = (
            AddMessage(greeting, greeting.id == self.conversation.head) for greeting in self.greetings
        )
        made = self.choices
        chosen = SetChoices(begun.user, "conversation", begun.id, made) if made != Choices() else None
        return (AddConversation(begun), *greetings, *([chosen] if chosen is not None else []))


def beginning(
    conversation: UUID, asked: StartConversation, sheets: Mapping[UUID, CharacterSheet], world: World
) -> Beginning:
    """What `asked` begins under the id `conversation`; `sheets` are those of its characters."""
    root = world.new_id()
    now = world.utc_ms()
    cast = list(sheets.values())
    greetings: list[StoredMessage] = []
    head = root
    for place in places(asked, sheets):
        first = len(greetings)
        greetings += [
            StoredMessage(
                id=world.new_id(),
                conversation=conversation,
                parent=head,
                sibling=number,
                role="assistant",
                body=text,
                character_version=speaker,
                created_ms=now,
            )
            for number, (speaker, text) in enumerate(place)
        ]
        chosen = asked.greeting if head == root and 0 <= asked.greeting < len(place) else 0
        head = greetings[first + chosen].id
    row = StoredConversation(
        id=conversation,
        user=asked.user,
        character_version=asked.character_version,
        title=asked.title or title_of(cast),
        root=root,
        head=head,
        created_ms=now,
        user_name=asked.user_name,
        group=group_of(asked.group, sheets) if asked.group is not None else None,
        titled_by="person" if asked.title else "",
    )
    return Beginning(row, tuple(greetings), asked.chosen.conversation)


Greeting = tuple[UUID, str]


def places(asked: StartConversation, sheets: Mapping[UUID, CharacterSheet]) -> list[list[Greeting]]:
    """The greetings, the versions of each place together: in a group all at the first, by one member after
    another, or else a place for each member.
    """
    persona = persona_of(asked.chosen)
    name = persona.name if persona is not None else asked.user_name
    if asked.group is None:
        found = [greetings_of(sheets[asked.character_version], name, grouped=False)]
        return [place for place in found if place]
    of_members = [greetings_of(sheets[member.version], name, grouped=True) for member in asked.group.members]
    of_members = [place for place in of_members if place]
    if asked.all_greet:
        return of_members
    return [[greeting for place in of_members for greeting in place]] if of_members else []


def greetings_of(sheet: CharacterSheet, user_name: str, *, grouped: bool) -> list[Greeting]:
    """Those of the character, in the order in which a person is offered them; the ones for groups alone come
    first there (card V3).
    """
    card = card_of(sheet)
    texts = (sheet.first_mes, *sheet.alternate_greetings)
    texts = (*card.group_only_greetings, *texts) if grouped else texts
    char = card.nickname or sheet.name
    return [(sheet.character, expand_names(text, char, user_name)) for text in texts if text.strip()]


def title_of(cast: list[CharacterSheet]) -> str:
    names = ", ".join(sheet.name for sheet in cast[:NAMED])
    return names if len(cast) <= NAMED else f"{names} …"
