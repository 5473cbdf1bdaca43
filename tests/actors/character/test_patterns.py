"""Strangers' regular expressions: as JavaScript has them, and never for long."""

import pytest

from actors.character.patterns import LONGEST, Clock


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("samovars?", "two Samovars", True),
        ("^tea$", "tea\nwith milk", False),
        ("/^tea$/m", "tea\nwith milk", True),
        ("/tea/", "Tea", False),  # written so, it has the case that its flags say
        ("/tea/i", "Tea", True),
        ("/a.b/s", "a\nb", True),
        (r"/tea\/coffee/i", "Tea/Coffee", True),
        (r"(?<pot>kettle|urn)s? and \k<pot>", "kettle and kettle", True),
        (r"\bчай\b", "Горячий ЧАЙ с лимоном", True),
        (r"(?<!no )tea", "no tea", False),
        ("/tea", "/tea", True),  # no slash at its end: a bare pattern
        ("[", "[", False),
        ("(", "(", False),
        ("", "anything", True),
        ("x" * (LONGEST + 1), "x" * (LONGEST + 1), False),
    ],
)
def test_patterns_are_found_as_written(pattern: str, text: str, found: bool) -> None:
    assert Clock().search(pattern, text, case_sensitive=False) is found


def test_case_counts_where_it_is_asked_for() -> None:
    assert not Clock().search("tea", "TEA", case_sensitive=True)
    assert Clock().search("tea", "tea", case_sensitive=True)


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "(.*a){25}$"])
def test_a_pattern_that_takes_for_ever_is_stopped_and_matches_nothing(pattern: str) -> None:
    clock = Clock(limit_s=60.0, longest_s=0.02)
    text = "a" * 60 + "!"
    assert not clock.search(pattern, text, case_sensitive=True)
    assert clock.slow == {pattern}
    left_s = clock.left_s
    assert left_s < 60.0
    assert not clock.search(pattern, text, case_sensitive=True)
    assert clock.left_s == left_s, "it was tried again"


def test_time_is_shared() -> None:
    clock = Clock(limit_s=0.0)
    assert not clock.search("tea", "tea", case_sensitive=True)
