"""Beginning: the first rows of a conversation: itself, its root, and the characters' greetings. Pure."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.conversation.greetings import Greeter
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
    for place in Greeter(conversation, asked, sheets, now).places():
        first = len(greetings)
        greetings += [
            StoredMessage(
                id=world.new_id(),
                conversation=conversation,
                parent=head,
                sibling=number,
                role="assistant",
                body=greeting.text,
                character_version=greeting.character,
                created_ms=now,
            )
            for number, greeting in enumerate(place)
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


def title_of(cast: list[CharacterSheet]) -> str:
    names = ", ".join(sheet.name for sheet in cast[:NAMED])
    return names if len(cast) <= NAMED else f"{names} …"
