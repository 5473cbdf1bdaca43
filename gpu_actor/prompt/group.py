"""What a group adds to a prompt: whose words are whose, and who is to speak. Pure.

A model is given one role for all characters, so each message begins with the name of its speaker, and so does
the reply: the name is put there for it, or, where the model thinks first, taken off when it writes it.

What changes with the speaker is the speaker's card. Where the members' descriptions are joined, all that they
have in common stands first, the same whoever speaks, and what is the speaker's alone comes after the talk: so
the computed prompt of one serves the next. Where they are not, the card stands first, as its author meant it,
and each speaker goes on from the prompt of its own last turn.
"""

from collections.abc import Sequence
from uuid import UUID

from actors.character.macros import Macros, Scene
from actors.messages.generation import Turn, TurnMember

RULES = (
    "This is a conversation of {{user}} with several characters: {{group}}. "
    "Every message begins with the name of whoever speaks."
)
NUDGE = "[Write the next message of {{char}}, and of nobody else.]"


def mark_of(turn: Turn) -> str:
    """What the reply begins with, and is no part of it; "" where the character is alone."""
    name = name_of(turn)
    return f"{name}:" if name and not turn.task else ""


def stops_of(turn: Turn) -> tuple[str, ...]:
    """Where somebody else begins to speak, the reply is over."""
    if not mark_of(turn):
        return ()
    names = dict.fromkeys((turn.user_name, *(member.name for member in turn.members)))
    return tuple(f"\n{name}:" for name in names if name.strip() and name != name_of(turn))


def cache_of(turn: Turn, conversation: UUID) -> UUID:
    """Whose computed prompt a reply goes on from: where the prompts of the speakers begin otherwise, each has
    one of its own, and none is cut back for another's.
    """
    alone = turn.joined or not turn.members
    return conversation if alone else UUID(int=conversation.int ^ turn.character.int)


def name_of(turn: Turn) -> str:
    """How the speaker is called in the group."""
    return next((member.name for member in turn.members if member.character == turn.character), "")


def described(members: Sequence[TurnMember], scene: Scene) -> list[tuple[str, str]]:
    """The name of each member, and what it is like: the same texts, whoever speaks."""
    return [(member.name, text) for member in members if (text := description(member, scene))]


def description(member: TurnMember, scene: Scene) -> str:
    macros = Macros(Scene(char=member.name, user=scene.user, talk=scene.talk, group=scene.group))
    texts = (
        macros.expand(text, f"{name} of {member.name}").strip()
        for name, text in (("description", member.description), ("personality", member.personality))
    )
    written = "\n".join(filter(None, texts))
    return f"About {member.name}:\n{written}" if written else ""
