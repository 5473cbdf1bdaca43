"""What is kept of prompts, where, and for whom; with a decoder that notes what lies where."""

import random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.caches import Caches, Held, Placed, common
from tests.fakes.noting_decoder import PROMPT, NotingDecoder

CHARACTER = list(range(100, 140))
"""What all prompts with the character begin with."""

ANN, BOB = UUID(int=1), UUID(int=2)


class House:
    """Caches, and replies as they come and go."""

    def __init__(self, slots: int = 3, shelves: int = 1, *, share: bool = True, most: int = 0) -> None:
        self.decoder = NotingDecoder(slots, shelves)
        self.caches = Caches(self.decoder, share=share, most=most)

    def begin(self, ids: list[int], conversation: int, user: UUID = ANN, longest: int = 0) -> Placed:
        placed = self.caches.begin(ids, UUID(int=conversation), user, longest)
        assert placed is not None
        return placed

    def compute(self, held: Held, ids: list[int]) -> None:
        """The rest of the prompt, and a token of the reply."""
        rest = ids[len(held.ids) :]
        self.decoder.prefill(held.place, np.array(rest, np.float32)[:, None])
        self.caches.computed(held, rest)
        self.decoder.decode([held.place], np.array([[7]], np.float32))

    def reply(self, ids: list[int], conversation: int, user: UUID = ANN) -> Placed:
        """A whole reply, with one token."""
        placed = self.begin(ids, conversation, user)
        self.compute(placed.held, ids)
        self.caches.end(placed.held)
        self.check()
        return placed

    def check(self) -> None:
        """What is believed of each cache is so, and none is believed to hold a token of a reply."""
        for place, held in self.caches.held.items():
            assert held.place == place
            noted = self.decoder.notes[place]
            assert noted[: len(held.ids)] == [(token, PROMPT) for token in held.ids]
            assert held.live or len(noted) == len(held.ids) > 0
        for place in set(range(self.decoder.slots + self.decoder.shelves)) - self.caches.held.keys():
            assert not self.decoder.notes[place]

    def places(self) -> dict[int, int]:
        """Conversation → place."""
        return {held.conversation.int: held.place for held in self.caches.held.values()}


def prompt(number: int, length: int = 30) -> list[int]:
    """One that begins with the character, and goes on as no other does."""
    return [*CHARACTER, *range(1000 * number, 1000 * number + length)]


def test_a_conversation_goes_on_in_place_where_it_was() -> None:
    house = House()
    house.reply(prompt(1), 1)
    placed = house.begin([*prompt(1), 8, 9, 10], 1)
    assert (placed.reused, placed.cloned, placed.evicted) == (70, 0, 0)
    assert house.decoder.cloned == 0
    house.check()


def test_the_reply_itself_is_never_part_of_what_is_kept() -> None:
    house = House()
    house.reply(prompt(1), 1)
    placed = house.begin([*prompt(1), 7, 8, 9], 1)  # 7 is the very token of the reply
    assert placed.reused == 70
    assert house.decoder.filled(placed.held.place) == 70


def test_two_tokens_are_always_left_to_compute() -> None:
    house = House()
    house.reply(prompt(1), 1)
    assert house.begin(prompt(1), 1).reused == 68


def test_another_conversation_begins_with_a_copy_of_what_both_have_and_nothing_past_it() -> None:
    house = House()
    house.reply(prompt(1), 1)
    placed = house.begin(prompt(2), 2, BOB)
    assert (placed.reused, placed.cloned) == (0, 40)
    assert house.decoder.ids(placed.held.place) == CHARACTER
    assert house.places() == {1: 0, 2: 1}
    house.check()


def test_a_copy_is_made_of_a_reply_under_way_too() -> None:
    house = House()
    first = house.begin(prompt(1), 1)
    house.compute(first.held, prompt(1))
    second = house.begin(prompt(2), 2)
    assert second.cloned == 40
    assert house.decoder.filled(first.held.place) == 71


def test_two_that_begin_at_once_compute_what_they_share_once() -> None:
    house = House()
    first, second = house.begin(prompt(1), 1), house.begin(prompt(2), 2)
    assert second.cloned == 0
    house.compute(first.held, prompt(1))
    assert house.caches.catch_up(second.held, prompt(2)) == 40
    assert house.caches.catch_up(second.held, prompt(2)) == 0
    assert second.held.ids == CHARACTER
    house.check()


def test_a_few_tokens_that_every_prompt_has_are_computed_and_not_copied() -> None:
    house = House()
    house.reply([*range(15), *range(100, 130)], 1)
    assert house.begin([*range(15), *range(200, 230)], 2).cloned == 0


def test_without_sharing_only_prompts_of_one_user_serve_each_other() -> None:
    house = House(share=False)
    house.reply(prompt(1), 1, ANN)
    assert house.begin(prompt(2), 2, BOB).cloned == 0
    assert house.begin(prompt(3), 3, ANN).cloned == 40
    house = House(share=False)
    house.reply(prompt(1), 1, ANN)
    assert house.begin([*prompt(1), 8, 9], 1, BOB).cloned == 0  # nor under another's conversation


def test_what_must_leave_a_slot_goes_to_a_shelf_and_comes_back_as_a_copy() -> None:
    house = House(slots=1, shelves=2)
    house.reply(prompt(1), 1)
    house.reply(list(range(5000, 5050)), 2)
    house.reply(list(range(6000, 6050)), 3)
    assert house.places() == {3: 0, 1: 1, 2: 2}
    placed = house.reply([*prompt(1), 8, 9], 1)
    assert (placed.reused, placed.cloned) == (0, 70)
    assert placed.evicted == 1  # one of the others: its own was about to be copied


def test_a_spent_cache_of_the_same_conversation_is_dropped() -> None:
    house = House(slots=2, shelves=1)
    house.reply(prompt(1), 1)
    first = house.begin(list(range(5000, 5050)), 2)
    second = house.begin(list(range(6000, 6050)), 3)  # 1 goes to the shelf
    house.compute(first.held, list(range(5000, 5050)))
    house.compute(second.held, list(range(6000, 6050)))
    assert house.places() == {1: 2, 2: 1, 3: 0}
    house.caches.end(first.held)
    house.begin([*prompt(1), 8, 9], 1)
    assert house.places() == {1: 1, 3: 0}
    house.check()


def test_what_is_worth_least_is_given_up_first() -> None:
    house = House(slots=3, shelves=0)
    house.reply(list(range(1000, 1100)), 1)
    house.reply(list(range(2000, 2020)), 2)  # short
    house.reply(list(range(3000, 3100)), 3)
    assert house.begin(list(range(4000, 4050)), 4).evicted == 1
    assert house.places() == {1: 0, 4: 1, 3: 2}
    worth = {held.conversation.int: house.caches.worth(held) for held in house.caches.held.values()}
    assert worth[3] == pytest.approx(100 / 2)
    assert worth[1] == pytest.approx(100 / 4)


def test_a_beginning_that_many_share_is_worth_more() -> None:
    house = House(slots=2, shelves=0)
    house.reply(prompt(1), 1)
    for conversation in (2, 3):
        house.reply(prompt(conversation), conversation)
    assert 1 in house.places()
    assert max(held.hits for held in house.caches.held.values()) == 2


def test_a_reply_under_way_is_never_given_up() -> None:
    house = House(slots=2, shelves=0)
    live = house.begin(prompt(1), 1)
    house.compute(live.held, prompt(1))
    for conversation in range(2, 6):
        house.reply(list(range(1000 * conversation, 1000 * conversation + 90)), conversation)
        assert house.decoder.ids(live.held.place) == [*prompt(1), 7]


def test_a_kept_cache_can_be_made_ready_for_what_will_come() -> None:
    house = House()
    held = house.reply(prompt(1), 1).held
    assert house.caches.begin_again(held, [*prompt(1)[:60], 5, 6, 7]) == 60
    house.check()
    assert house.caches.begin_again(held, [*prompt(1)[:60], 5]) == -1  # one alone cannot be computed
    house.begin([*prompt(1)[:60], 5, 6], 1)
    assert house.caches.begin_again(held, [*prompt(1)[:60], 5, 6, 7]) == -1  # a reply has it


def test_a_reply_that_had_computed_nothing_leaves_nothing() -> None:
    house = House()
    house.caches.end(house.begin(prompt(1), 1).held)
    assert house.caches.held == {}


def test_a_reply_waits_where_the_others_leave_too_little_memory() -> None:
    house = House(most=300)
    first = house.begin(prompt(1), 1, longest=200)
    assert house.caches.begin(prompt(2), UUID(int=2), ANN, 101) is None
    house.begin(prompt(3), 3, longest=100)
    house.caches.end(first.held)
    assert house.begin(prompt(2), 2, longest=200).evicted == 0


def test_kept_caches_make_way_for_replies_the_least_worth_first() -> None:
    house = House(slots=4, shelves=0, most=300)
    house.reply(list(range(1000, 1060)), 1)
    house.reply(list(range(2000, 2090)), 2)
    assert house.begin(list(range(3000, 3050)), 3, longest=180).evicted == 1
    assert 2 in house.places()
    assert house.begin([*range(2000, 2090), 5, 6], 2, longest=110).reused == 90
    house.check()
    assert house.caches.size() <= 300


def test_nothing_is_made_ready_that_memory_has_no_room_for() -> None:
    house = House(most=300)
    held = house.reply(prompt(1), 1).held
    house.begin(list(range(3000, 3050)), 3, longest=220)
    assert house.caches.begin_again(held, [*prompt(1), *range(900, 920)]) == -1
    assert house.caches.begin_again(held, [*prompt(1), *range(900, 910)]) == 70


@given(st.lists(st.integers(0, 3), max_size=40), st.lists(st.integers(0, 3), max_size=40))
def test_what_both_begin_with_is_found(one: list[int], other: list[int]) -> None:
    count = common(one, other)
    assert one[:count] == other[:count]
    assert count in {len(one), len(other)} or one[count] != other[count]


@pytest.mark.parametrize("share", [True, False])
@given(seed=st.integers(0, 10_000), slots=st.integers(1, 4), shelves=st.integers(0, 3))
def test_whatever_comes_every_cache_holds_what_it_is_believed_to_hold(
    share: bool, seed: int, slots: int, shelves: int
) -> None:
    chance = random.Random(seed)
    house = House(slots, shelves, share=share, most=chance.choice([0, 300, 450]))
    live: list[tuple[Held, list[int]]] = []
    ended: list[tuple[Held, list[int]]] = []
    for _ in range(40):
        number = chance.randint(1, 6)
        ids = [
            *prompt(number % 2)[: chance.randint(2, 70)],
            *prompt(10 + number, chance.randint(2, 30))[40:],
        ]
        match chance.choice(["begin", "begin", "end", "compute", "catch up", "again"]):
            case "begin" if len(live) < slots:
                longest = len(ids) + chance.randint(1, 150)
                placed = house.caches.begin(ids, UUID(int=number), chance.choice([ANN, BOB]), longest)
                if placed is None:
                    assert live
                    continue
                assert placed.reused + placed.cloned == len(placed.held.ids) <= len(ids) - 2
                assert placed.held.ids == ids[: len(placed.held.ids)]
                live.append((placed.held, ids))
            case "end" if live:
                ended.append(live.pop(chance.randrange(len(live))))
                house.caches.end(ended[-1][0])
            case "compute" if live:
                held, ids = chance.choice(live)
                if len(held.ids) < len(ids):
                    house.compute(held, ids)
            case "catch up" if live:
                held, ids = chance.choice(live)
                if len(held.ids) < len(ids):
                    house.caches.catch_up(held, ids)
            case "again" if ended:
                held, before = chance.choice(ended)
                wanted = [*before, *range(900, 905)]
                if house.caches.begin_again(held, wanted) >= 0 and chance.random() < 0.8:
                    rest = wanted[len(held.ids) :]
                    house.decoder.prefill(held.place, np.array(rest, np.float32)[:, None])
                    house.caches.computed(held, rest)
            case _:
                pass
        house.check()
        assert house.caches.size() <= house.caches.most
        working = [held for held in house.caches.held.values() if held.live]
        assert {id(held) for held, _ in live} == set(map(id, working))


def test_what_is_about_to_be_cloned_is_not_given_up_for_the_room_it_is_cloned_into() -> None:
    house = House(slots=1, shelves=1)
    house.reply([*CHARACTER, 1, 2], 1)
    house.reply(list(range(500, 750)), 2)  # worth more than the one that it sends to the shelf
    assert house.places() == {1: 1, 2: 0}
    placed = house.begin([*CHARACTER, 8, 9], 3)
    assert (placed.cloned, placed.evicted) == (len(CHARACTER), 1)
    assert house.decoder.ids(placed.held.place) == CHARACTER
    assert house.places() == {1: 1, 3: 0}
    house.check()
