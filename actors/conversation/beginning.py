"""Beginning: the first rows of a conversation: itself, its root, and the character's greetings. Pure."""

from uuid import UUID

import msgspec
from msgspec import Struct

from actors.character.macros import expand_names
from actors.character.sheet import card_of
from actors.messages.archive import AddConversation, AddMessage, StoredConversation, StoredMessage, Write
from actors.messages.chat import StartConversation
from actors.messages.generation import CharacterSheet
from actors.world import World


class Beginning(Struct, frozen=True):
    """A conversation whose head is the greeting that was chosen; the others are swipes beside it."""

    conversation: StoredConversation
    greetings: tuple[StoredMessage, ...]

    def writes(self) -> tuple[Write, ...]:
        begun = msgspec.structs.replace(self.conversation, head=self.conversation.root)
        greetings = (
            AddMessage(greeting, greeting.id == self.conversation.head) for greeting in self.greetings
        )
        return (AddConversation(begun), *greetings)


def beginning(conversation: UUID, asked: StartConversation, sheet: CharacterSheet, world: World) -> Beginning:
    """What `asked` begins under the id `conversation`."""
    root = world.new_id()
    now = world.utc_ms()
    char = card_of(sheet).nickname or sheet.name
    texts = [text for text in (sheet.first_mes, *sheet.alternate_greetings) if text.strip()]
    greetings = tuple(
        StoredMessage(
            id=world.new_id(),
            conversation=conversation,
            parent=root,
            sibling=number,
            role="assistant",
            body=expand_names(text, char, asked.user_name),
            character_version=asked.character_version,
            created_ms=now,
        )
        for number, text in enumerate(texts)
    )
    chosen = asked.greeting if 0 <= asked.greeting < len(greetings) else 0
    row = StoredConversation(
        id=conversation,
        user=asked.user,
        character_version=asked.character_version,
        title=asked.title or sheet.name,
        root=root,
        head=greetings[chosen].id if greetings else root,
        created_ms=now,
        user_name=asked.user_name,
    )
    return Beginning(row, greetings)
