"""A group of SillyTavern: groups/<id>.json says who is in it and which files its chats are. Pure."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from actors.conversation.formats.chat import clean
from actors.messages.group import Group, Member, TurnTaking
from actors.settings import SessionSettings
from web.moving.loose_json import Fields, dict_in, number_in, text_in, texts_in
from web.moving.settings_file import about_of

NATURAL, LIST, MANUAL = range(3)
WAYS: dict[int, TurnTaking] = {NATURAL: "talkativeness", LIST: "order", MANUAL: "hand"}
ANY_ORDER: TurnTaking = "order"
APART = 0


class GroupFound(Struct, frozen=True):
    """`members` and `muted`: files of cards. `about`: name of a chat's file without its ending → what an
    older program keeps here of it, and newer ones in the chat itself."""

    name: str
    members: tuple[str, ...]
    muted: frozenset[str]
    strategy: int
    joined: bool
    chats: tuple[str, ...]
    about: dict[str, Fields]


def group_found(fields: Fields, file: str) -> GroupFound:
    """`file`: its name without the ending."""
    current = text_in(fields, "chat_id")
    past = dict_in(fields, "past_metadata")
    about = {clean(name): about_of(dict_in(past, name)) for name in past}
    if current and dict_in(fields, "chat_metadata"):
        about[current] = about_of(dict_in(fields, "chat_metadata"))
    chats = texts_in(fields, "chats")
    return GroupFound(
        name=text_in(fields, "name").strip() or file,
        members=tuple(dict.fromkeys(texts_in(fields, "members"))),
        muted=frozenset(texts_in(fields, "disabled_members")),
        strategy=number_in(fields, "activation_strategy", NATURAL),
        joined=number_in(fields, "generation_mode", APART) != APART,
        chats=chats if not current or current in chats else (*chats, current),
        about=about,
    )


def group_of_found(
    found: GroupFound,
    cast: Sequence[tuple[str, Member]],
    spoken: Sequence[Member],
    settings: SessionSettings,
) -> Group:
    """`cast`: file of a card → who is in the group, in their order. Who has `spoken` and is in it no more is
    kept as one who left, and so is whoever is one too many."""
    members: dict[UUID, Member] = {}
    for file, member in cast:
        here = replace(member, muted=file in found.muted, left=len(members) >= settings.group_members)
        members.setdefault(member.version, here)
    for member in spoken:
        members.setdefault(member.version, replace(member, left=True))
    present = sum(not member.left for member in members.values())
    in_turn = min(present, settings.group_round) if found.strategy == LIST else 1
    return Group(tuple(members.values()), WAYS.get(found.strategy, ANY_ORDER), max(1, in_turn), found.joined)


def chat_owner(groups: Mapping[str, GroupFound], chat: str) -> str | None:
    """The group of a chat, by the name of the chat's file without its ending."""
    return next((name for name, group in groups.items() if chat in group.chats), None)
