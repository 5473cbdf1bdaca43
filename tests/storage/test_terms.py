"""Terms of the index: the same for ever, for they lie in databases; and the words that they are made of."""

import hashlib
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from storage.search.terms import TermKey, Terms
from storage.search.words import all_words_of, stem_of, words_of

SECRET, USER = bytes(range(32)), UUID(int=7)


def hashed(label: str, text: str, size: int) -> bytes:
    key = hashlib.blake2b(b"samovar-search-1" + USER.bytes, key=SECRET, digest_size=32).digest()
    return hashlib.blake2b(f"{label}{text}".encode(), key=key, digest_size=size).digest()


def test_terms_are_what_they_always_were() -> None:
    key = TermKey(SECRET, USER)
    stems = (hashed("stem", stem_of(word), 5) for word in ("drinking", "чаю", "drinking", "it's"))
    beginnings = ("dri", "drin", "drink", "drinki", "drinkin", "чаю", "it'", "it's")
    prefixes = sorted(hashed("prefix", beginning, 4) for beginning in beginnings)
    assert key.terms("Drinking чаю, DRINKING it’s") == Terms(b"".join(stems), b"".join(prefixes))
    assert key.stem("drink") == hashed("stem", "drink", 5)
    assert key.prefix("dri") == hashed("prefix", "dri", 4)
    assert key.digest("A text.") == hashed("text", "A text.", 16)
    assert key.terms("— …") == Terms(b"", b"")


@given(st.one_of(st.text(), st.text(st.sampled_from("aZ09_'’ -.\u0301éжё漢\u0e01")), st.text("aZ0_' -.\n")))
@example("a'b' 'c _d_ e_f 'g'")
@example("re\u0301sume\u0301 \u0301")
def test_all_words_are_those_that_are_marked_in_a_text(text: str) -> None:
    """ASCII has a quicker way."""
    assert all_words_of(text) == [word.text for word in words_of(text)]
