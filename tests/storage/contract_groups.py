"""What every storage port does with groups."""

from pathlib import Path

from msgspec.structs import replace

from actors.messages.conversations import (
    AddConversation,
    DropConversation,
    FindConversation,
    FindConversations,
    MemberFace,
    SetGroup,
)
from actors.messages.group import Group, Member
from actors.messages.replies import AddGeneration
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import (
    ACCOUNT,
    CARD,
    CHAT,
    CONVERSATION,
    FIRST,
    USER,
    VERSION,
    Store,
    begin,
    generation,
    uid,
)

MARFA = Member(VERSION, "Marfa")
GLEB = Member(uid(13), "Gleb", nickname="Глебушка", talkativeness=0.9)
GLEBS_CARD = replace(
    CARD,
    character=uid(12),
    version=GLEB.version,
    sheet=replace(CARD.sheet, character=GLEB.version, name="Gleb"),
    content_hash=b"\x08" * 32,
    thumb="cd" * 32,
)
PAIR = Group((MARFA, GLEB), turns="talkativeness", round=2, joined=True)


class GroupContract(OpenedStorage):
    """Members, and whose a reply is."""

    def test_a_conversation_of_one_character_has_no_group(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            assert (await store.session(CHAT)).conversation.group is None
            (listed,) = await store.find(FindConversations(USER))
            assert listed.members == ()

        self.run(tmp_path, scenario)

    def test_a_group_is_kept_as_it_began_and_as_it_was_changed(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await store.put(ACCOUNT, CARD, GLEBS_CARD, AddConversation(replace(CONVERSATION, group=PAIR)))
            await store.again()
            assert (await store.session(CHAT)).conversation.group == PAIR
            (listed,) = await store.find(FindConversations(USER))
            faces = (MemberFace(VERSION, "Marfa", "ab" * 32), MemberFace(GLEB.version, "Gleb", "cd" * 32))
            assert listed.members == faces
            assert (await store.find(FindConversation(CHAT))).group == PAIR

            changed = replace(PAIR, members=(replace(MARFA, left=True), replace(GLEB, muted=True)), round=1)
            await store.put(SetGroup(CHAT, changed))
            assert (await store.session(CHAT)).conversation.group == changed
            (listed,) = await store.find(FindConversations(USER))
            assert listed.members == (replace(faces[0], left=True), faces[1])

        self.run(tmp_path, scenario)

    def test_a_conversation_may_become_a_group_and_goes_with_it(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(GLEBS_CARD, SetGroup(CHAT, PAIR))
            assert (await store.session(CHAT)).conversation.group == PAIR
            await store.put(DropConversation(CHAT))
            await store.put(AddConversation(CONVERSATION), FIRST)
            assert (await store.session(CHAT)).conversation.group is None

        self.run(tmp_path, scenario)

    def test_a_member_must_be_known(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.refused(SetGroup(CHAT, PAIR))
            await store.refused(SetGroup(uid(99), Group((MARFA,))))
            stranger = replace(CONVERSATION, id=uid(25), root=uid(26), head=uid(26), group=PAIR)
            await store.refused(AddConversation(stranger))
            assert (await store.session(CHAT)).conversation.group is None

        self.run(tmp_path, scenario)

    def test_a_reply_under_way_keeps_its_speaker_and_its_round(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin(store)
            await store.put(GLEBS_CARD, AddGeneration(generation(speaker=GLEB.version, round_left=3)))
            await store.again()
            live = (await store.session(CHAT)).live
            assert live is not None
            assert (live.speaker, live.round_left) == (GLEB.version, 3)

        self.run(tmp_path, scenario)
