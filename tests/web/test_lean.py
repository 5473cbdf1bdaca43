import re

import pytest

from web.lean import LatePattern, UnusedModule, lean_imports


def test_what_is_left_out_can_be_named_and_not_used() -> None:
    module = UnusedModule("hypercorn.asyncio")
    with pytest.raises(RuntimeError, match=r"hypercorn\.asyncio\.serve is left out"):
        module.serve()


def test_a_late_pattern_finds_what_the_pattern_finds() -> None:
    late = LatePattern(lambda: re.compile("[a-\uffff]+z"))
    assert late.compiled is None
    assert late.search("--abz") is not None
    assert late.search("123") is None


def test_afterwards_patterns_are_what_they_were() -> None:
    with lean_imports():
        assert isinstance(re.compile("[\u00a1-\uffff]"), LatePattern)
        assert isinstance(re.compile("a"), re.Pattern)
    assert isinstance(re.compile("[\u00a1-\uffff]"), re.Pattern)
