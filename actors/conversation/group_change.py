"""Group change: from what a person wants a group to be to the group, or why not. Pure.

An importer of groups has the same way in: a wish, and the sheets of its members.
"""

from collections.abc import Container, Mapping
from uuid import UUID

import msgspec

from actors.character.card_options import card_options
from actors.character.sheet import card_of
from actors.messages.chat import ProblemCode
from actors.messages.generation import CharacterSheet
from actors.messages.group import TALKATIVENESS, Group, GroupWish, Member, MemberWish
from actors.settings import SessionSettings


def wish_refusal(wish: GroupWish, settings: SessionSettings) -> tuple[ProblemCode, str] | None:
    """Why there can be no such group, or None."""
    versions = [member.version for member in wish.members]
    if not versions:
        return "bad_request", "A conversation needs a character."
    if len(versions) > settings.group_members:
        return "bad_request", f"A group has at most {settings.group_members} characters."
    if len(set(versions)) < len(versions):
        return "bad_request", "A character can be in a group only once."
    if not 1 <= wish.round <= settings.group_round:
        return "bad_request", f"From 1 to {settings.group_round} members may answer a message."
    talkativeness = [member.talkativeness for member in wish.members if member.talkativeness is not None]
    if not all(0 <= value <= 1 for value in talkativeness):
        return "bad_request", "Talkativeness is a number from 0 to 1."
    return None


def group_of(
    wish: GroupWish,
    sheets: Mapping[UUID, CharacterSheet],
    before: Group | None = None,
    spoken: Container[UUID] = (),
) -> Group:
    """`sheets` are those that `unknown` names. Whoever has `spoken` is kept, as one who left."""
    members = [member_of(wished, sheets, before) for wished in wish.members]
    now = {member.version for member in members}
    gone = [
        msgspec.structs.replace(member, left=True)
        for member in (before.members if before is not None else ())
        if member.version not in now and member.version in spoken
    ]
    return Group((*members, *gone), wish.turns, wish.round, wish.joined)


def unknown(wish: GroupWish, before: Group | None) -> list[UUID]:
    """The versions whose sheets `group_of` needs: names are those of the sheet, talkativeness may be."""
    return [
        wished.version
        for wished in wish.members
        if before is None or before.member(wished.version) is None or wished.talkativeness is None
    ]


def member_of(wished: MemberWish, sheets: Mapping[UUID, CharacterSheet], before: Group | None) -> Member:
    sheet = sheets.get(wished.version)
    if sheet is not None:
        member = member_by(sheet)
    else:
        known = before.member(wished.version) if before is not None else None
        if known is None:
            raise KeyError(wished.version)
        member = msgspec.structs.replace(known, left=False)
    chosen = member.talkativeness if wished.talkativeness is None else wished.talkativeness
    return msgspec.structs.replace(member, muted=wished.muted, talkativeness=chosen)


def member_by(sheet: CharacterSheet) -> Member:
    """A member as its card has it."""
    card = card_of(sheet)
    talkativeness = card_options(card).talkativeness
    return Member(
        version=sheet.character,
        name=sheet.name,
        nickname=card.nickname,
        talkativeness=TALKATIVENESS if talkativeness is None else talkativeness,
    )
