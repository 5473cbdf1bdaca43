"""Floor: who speaks next in a group, and how many may follow of their own accord. Pure.

Whoever has the floor is stored with the reply, so a draw is made once: every attempt has the same speaker.
"""

from collections.abc import Sequence
from uuid import UUID

from actors.character.draws import draw
from actors.conversation.mentions import mentioned
from actors.messages.conversations import StoredMessage
from actors.messages.group import Group, Member


def next_speaker(group: Group, said: Sequence[StoredMessage], seed: int) -> UUID | None:
    """Who answers the last of the messages `said`, oldest first; None: nobody of their own accord. `seed`
    keys the draw.
    """
    if group.turns == "hand":
        return None
    spoken = speakers_since_person(said)
    waiting = [member for member in willing(group) if member.version not in spoken]
    return chosen(group, waiting, said, seed)


def anybody(group: Group, said: Sequence[StoredMessage], seed: int) -> UUID | None:
    """Who speaks where a person asks that somebody does: the one before only where there is no other."""
    able = willing(group)
    others = [member for member in able if member.version != last_speaker(said)]
    return chosen(group, others or able, said, seed)


def followers(group: Group, said: Sequence[StoredMessage], most: int) -> int:
    """How many may speak after the first who answers: as the round has it, and whoever was named."""
    if group.turns == "hand" or not said:
        return 0
    able = willing(group)
    named = len(mentioned(said[-1].body, able)) if group.turns != "order" else 0
    return max(0, min(max(group.round, named), most, len(able)) - 1)


# -- inside -----------------------------------------------------------------------------------------


def chosen(group: Group, waiting: Sequence[Member], said: Sequence[StoredMessage], seed: int) -> UUID | None:
    if not waiting:
        return None
    if group.turns in ("mention", "talkativeness"):
        named = named_lately(waiting, said)
        if named is not None:
            return named
    if group.turns == "talkativeness":
        return drawn(waiting, seed)
    return next_in_order(group, waiting, last_speaker(said))


def willing(group: Group) -> list[Member]:
    return [member for member in group.present if not member.muted]


def last_speaker(said: Sequence[StoredMessage]) -> UUID | None:
    return next((m.character_version for m in reversed(said) if m.role == "assistant"), None)


def speakers_since_person(said: Sequence[StoredMessage]) -> set[UUID]:
    """Who has spoken since a person did."""
    spoken: set[UUID] = set()
    for message in reversed(said):
        if message.role == "user":
            break
        spoken.add(message.character_version)
    return spoken


def named_lately(waiting: Sequence[Member], said: Sequence[StoredMessage]) -> UUID | None:
    """The first whom the last message names, or the person's message before it."""
    for message in reversed(said):
        others = [member for member in waiting if not spoke(member, message)]
        named = mentioned(message.body, others)
        if named:
            return named[0]
        if message.role == "user":
            break
    return None


def spoke(member: Member, message: StoredMessage) -> bool:
    return message.role == "assistant" and message.character_version == member.version


def drawn(waiting: Sequence[Member], seed: int) -> UUID:
    """By talkativeness; where nobody has any, all alike."""
    weights = [member.talkativeness for member in waiting]
    whole = sum(weights)
    if whole <= 0:
        weights, whole = [1.0] * len(waiting), float(len(waiting))
    left = draw("speaker", seed) * whole
    for member, weight in zip(waiting, weights, strict=True):
        left -= weight
        if left < 0:
            return member.version
    return waiting[-1].version  # the sum was rounded


def next_in_order(group: Group, waiting: Sequence[Member], last: UUID | None) -> UUID:
    """The first of those who wait that comes after the one who spoke last, round the table."""
    places = {member.version: place for place, member in enumerate(group.members)}
    after = places.get(last, -1) if last is not None else -1
    count = len(group.members)
    return min(waiting, key=lambda member: (places[member.version] - after - 1) % count).version
