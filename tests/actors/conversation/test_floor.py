"""Who speaks next in a group."""

from collections import Counter
from uuid import UUID

from msgspec.structs import replace

from actors.conversation.floor import anybody, followers, next_speaker
from actors.messages.conversations import StoredMessage
from actors.messages.group import Group, Member, TurnTaking
from tests.actors.kit import uid

ANN, BEN, CAT = Member(uid(1), "Ann"), Member(uid(2), "Ben"), Member(uid(3), "Cat")


def table(turns: TurnTaking, *members: Member, rounds: int = 1) -> Group:
    return Group(members or (ANN, BEN, CAT), turns, rounds)


def talk(*said: tuple[Member | None, str]) -> list[StoredMessage]:
    """Messages; of nobody: a person's."""
    return [
        StoredMessage(
            id=uid(100 + number),
            conversation=uid(9),
            parent=uid(99 + number),
            sibling=0,
            role="user" if member is None else "assistant",
            body=text,
            character_version=(member or ANN).version,
            created_ms=0,
        )
        for number, (member, text) in enumerate(said)
    ]


def test_by_order_the_next_one_round_the_table_answers() -> None:
    group = table("order")
    assert next_speaker(group, talk((None, "Cat?")), 1) == ANN.version
    assert next_speaker(group, talk((ANN, "Hi."), (None, "Hm.")), 1) == BEN.version
    assert next_speaker(group, talk((CAT, "Hi."), (None, "Hm.")), 1) == ANN.version


def test_by_order_who_is_muted_or_gone_is_passed_over() -> None:
    group = table("order", ANN, replace(BEN, muted=True), replace(CAT, left=True))
    assert next_speaker(group, talk((ANN, "Hi."), (None, "Hm.")), 1) == ANN.version
    gone = table("order", replace(ANN, left=True), BEN, CAT)  # the one who left spoke last
    assert next_speaker(gone, talk((ANN, "Bye."), (None, "Hm.")), 1) == BEN.version


def test_by_mention_the_one_who_is_named_answers_and_else_the_next_in_order() -> None:
    group = table("mention")
    assert next_speaker(group, talk((ANN, "Hi."), (None, "What does Cat say?")), 1) == CAT.version
    assert next_speaker(group, talk((ANN, "Hi."), (None, "Ben or Cat?")), 1) == BEN.version
    assert next_speaker(group, talk((ANN, "Hi."), (None, "And?")), 1) == BEN.version
    muted = table("mention", ANN, BEN, replace(CAT, muted=True))
    assert next_speaker(muted, talk((ANN, "Hi."), (None, "Cat?")), 1) == BEN.version


def test_in_a_round_a_member_hands_on_by_naming_another_and_each_speaks_once() -> None:
    group = table("mention", rounds=3)
    said = talk((None, "So?"), (ANN, "Ask Cat, not me, Ann."))
    assert next_speaker(group, said, 1) == CAT.version
    said = talk((None, "So?"), (ANN, "Ask Cat."), (CAT, "Ann knows."))
    assert next_speaker(group, said, 1) == BEN.version
    said = talk((None, "So?"), (ANN, "a"), (CAT, "b"), (BEN, "Ann?"))
    assert next_speaker(group, said, 1) is None


def test_who_was_named_by_the_person_still_has_a_turn_after_the_first_answer() -> None:
    group = table("mention")
    said = talk((None, "Cat and Ann, what do you say?"))
    assert next_speaker(group, said, 1) == CAT.version
    assert followers(group, said, most=8) == 1
    assert next_speaker(group, [*said, *talk((CAT, "No."))], 1) == ANN.version


def test_by_talkativeness_the_draw_is_keyed_and_follows_the_weights() -> None:
    group = table("talkativeness", replace(ANN, talkativeness=0.9), replace(BEN, talkativeness=0.1), CAT)
    silent = replace(CAT, talkativeness=0.0)
    said = talk((None, "Well?"))
    assert [next_speaker(group, said, seed) for seed in range(50)] == [
        next_speaker(group, said, seed) for seed in range(50)
    ]
    drawn: Counter[UUID | None] = Counter(
        next_speaker(replace(group, members=(*group.members[:2], silent)), said, seed) for seed in range(1000)
    )
    assert drawn[silent.version] == 0
    assert 850 < drawn[ANN.version] < 950
    assert next_speaker(group, talk((None, "Ben?")), 1) == BEN.version


def test_where_nobody_is_talkative_all_are_drawn_alike() -> None:
    members = [replace(member, talkativeness=0.0) for member in (ANN, BEN, CAT)]
    group = table("talkativeness", *members)
    drawn = {next_speaker(group, talk((None, "Well?")), seed) for seed in range(50)}
    assert drawn == {ANN.version, BEN.version, CAT.version}


def test_by_hand_nobody_answers_of_their_own_accord_but_somebody_can_be_asked() -> None:
    group = table("hand")
    said = talk((BEN, "Hi."), (None, "Ann?"))
    assert next_speaker(group, said, 1) is None
    assert followers(group, said, most=8) == 0
    assert anybody(group, said, 1) == CAT.version


def test_whoever_spoke_last_is_asked_again_only_where_there_is_no_other() -> None:
    assert anybody(table("mention"), talk((ANN, "I am Ann.")), 1) == BEN.version
    assert anybody(table("order", ANN), talk((ANN, "Hi.")), 1) == ANN.version
    assert anybody(table("order", replace(ANN, muted=True)), talk((None, "Hi.")), 1) is None


def test_a_round_is_bounded_by_its_setting_and_by_the_members() -> None:
    said = talk((None, "Well?"))
    assert followers(table("order", rounds=2), said, most=8) == 1
    assert followers(table("order", rounds=8), said, most=8) == 2
    assert followers(table("order", rounds=8), said, most=2) == 1
    assert followers(table("order", replace(ANN, muted=True), replace(BEN, muted=True)), said, most=8) == 0
