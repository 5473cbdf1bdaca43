"""Shelf: the user's lorebooks, and which of them count for a reply. Pure."""

from collections.abc import Iterable
from uuid import UUID

from actors.messages.lore import Attached, Scope

PRECEDENCE: tuple[Scope, ...] = ("conversation", "persona", "character", "user")
"""Whose books are the first to have room: what is nearest to the talk."""


class Shelf:
    """`most_bytes` of books go into one reply: SessionSettings.lore_bytes."""

    def __init__(self, attached: Iterable[Attached], most_bytes: int) -> None:
        self.attached = tuple(attached)
        self.most_bytes = most_bytes

    def in_use(self, conversation: UUID, speaker: UUID, persona: UUID | None) -> tuple[UUID, ...]:
        """Versions, in order of precedence; each once. `speaker` is the version of the character."""
        return tuple(each.version for each in self.chosen(conversation, speaker, persona)[0])

    def chosen(
        self, conversation: UUID, speaker: UUID, persona: UUID | None
    ) -> tuple[list[Attached], list[Attached]]:
        """Those that count, and those for which there is no room."""

        def counts(each: Attached) -> bool:
            match each.scope:
                case "user":
                    return True
                case "character":
                    return speaker in each.versions
                case "persona":
                    return each.target == persona
                case "conversation":
                    return each.target == conversation

        here = [
            each for scope in PRECEDENCE for each in self.attached if each.scope == scope and counts(each)
        ]
        once = {each.book: each for each in reversed(here)}
        taken: list[Attached] = []
        left_out: list[Attached] = []
        room = self.most_bytes
        for each in here:
            if once[each.book] is not each:
                continue
            if each.size > room:
                left_out.append(each)
                continue
            room -= each.size
            taken.append(each)
        return taken, left_out
