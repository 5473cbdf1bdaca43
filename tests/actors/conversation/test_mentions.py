"""Who is named in a text."""

import pytest

from actors.conversation.mentions import mentioned
from actors.messages.group import Member
from tests.actors.kit import uid

VESNA = Member(uid(1), "Vesna of the Woods", nickname="Ves")
KEEPER = Member(uid(2), "The Keeper")
ANNA = Member(uid(3), "Анна Лесная")
GLEB = Member(uid(4), "Глеб")
TABLE = (VESNA, KEEPER, ANNA, GLEB)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Vesna, pass the jam.", [VESNA]),
        ("ask VES about it", [VESNA]),
        ("the keeper and Vesna", [KEEPER, VESNA]),
        ("In the woods it is dark.", [VESNA]),  # a word of her name
        ("Of course, the tea.", []),  # particles and small words are nobody's name
        ("Vest, keepers", []),  # parts of words neither
        ("Анне и Глебу налей чаю", [ANNA, GLEB]),
        ("Спроси у Анны, с Глебом она не говорит", [ANNA, GLEB]),
        ("Она с Анной", [ANNA]),
        ("Хлеб на столе", []),
        ("", []),
    ],
)
def test_names_nicknames_and_words_of_names_count_in_the_order_of_the_text(
    text: str, named: list[Member]
) -> None:
    assert mentioned(text, TABLE) == [member.version for member in named]


def test_a_word_that_two_members_share_names_neither() -> None:
    mother, son = Member(uid(1), "Marfa Orlov"), Member(uid(2), "Gleb Orlov")
    assert mentioned("Orlov, come here!", (mother, son)) == []
    assert mentioned("Gleb Orlov, come here!", (mother, son)) == [son.version]


def test_a_name_may_hold_any_character() -> None:
    odd = Member(uid(1), "C-3P0 (v.2) [*]")
    assert mentioned("Well, C-3P0 (v.2) [*] knows.", (odd,)) == [odd.version]
    assert mentioned("anything", (Member(uid(2), "   "),)) == []
