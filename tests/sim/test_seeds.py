"""The simulator over a fixed set of seeds; each seed that once showed a bug is kept by name."""

import pytest

from tests.sim.controls import CONTROLS
from tests.sim.queue_controls import QUEUE_CONTROLS
from tests.sim.run import caught, violations_of

FIXED_SEEDS = 600
BATCH = 50

# A change of weather or scenario may change what a seed does; tests/actors hold each rule by itself.
NAMED_SEEDS = {
    "a greeting that overtakes a newer one": 43,
    "a lease whose commit was never answered": 1,
    "a reply that ended while its session was restarted": 4559,
    "a socket that reloads in the middle of a snapshot": 555,
    "an ended reply whose last commit was not answered": 1339,
    "a late greeting from before the link's restart": 33186,
    "a day that a clock came back to after a restart": 1368,
    "a request for a title that comes again when its try is over": 4208,
    "a title that was given while the answer to it was lost": 2543,
    "a message of thoughts alone that is continued after a seam": 5773,
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, FIXED_SEEDS, BATCH))
def test_every_reply_is_whole_once_and_in_order(first: int) -> None:
    found = {seed: violations for seed in range(first, first + BATCH) if (violations := violations_of(seed))}
    assert found == {}


@pytest.mark.parametrize("name", NAMED_SEEDS)
def test_a_bug_that_was_found_stays_mended(name: str) -> None:
    assert violations_of(NAMED_SEEDS[name]) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [*CONTROLS, *QUEUE_CONTROLS])
def test_a_planted_bug_is_caught(name: str) -> None:
    assert caught(name)
