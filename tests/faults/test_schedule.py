"""The schedule and the figures of recovery."""

from array import array
from collections import Counter

from tests.faults.checker import Reply
from tests.faults.recovery import Happened, percentile, waits
from tests.faults.schedule import Fault, faults


def test_the_same_seed_is_the_same_schedule() -> None:
    assert list(faults(7, 50)) == list(faults(7, 50))
    assert list(faults(7, 50)) != list(faults(8, 50))


def test_every_process_has_its_share_of_the_kills() -> None:
    kills = Counter(fault.process for fault in faults(1, 1000) if fault.kind == "kill")
    assert kills.total() == 1000
    assert len(kills) == 6
    assert min(kills.values()) >= 100


def test_every_other_fault_comes_too() -> None:
    kinds = Counter(fault.kind for fault in faults(1, 1000))
    assert set(kinds) == {"kill", "stall", "reset", "half-open", "black hole", "delay", "throttle"}
    assert min(kinds.values()) > 25


def killed(number: int, process: str, came: int, gone: int | None = None) -> Happened:
    fault = Fault(number, "kill", process, 0.0, 0.0, waits=True, pause_s=0.0)  # pyright: ignore[reportArgumentType]
    return Happened(fault, came * 1_000_000, (came if gone is None else gone) * 1_000_000)


def reply(*times_ms: int) -> Reply:
    return Reply("r", "c", "", "", times=array("q", [at * 1_000_000 for at in times_ms]))


def test_a_wait_lasts_from_the_fault_to_the_next_token() -> None:
    found, hit = waits([reply(100, 200, 950, 1000)], [killed(0, "web", 250)])
    assert [wait.ms for wait in found] == [700]
    assert hit == {0}


def test_a_fault_counts_from_its_going() -> None:
    found, _ = waits([reply(100, 900)], [killed(0, "link", 200, 700)])
    assert [wait.ms for wait in found] == [200]


def test_tokens_that_come_while_a_fault_lasts_are_no_recovery_from_it() -> None:
    found, hit = waits([reply(100, 300, 900)], [killed(0, "link", 200, 700)])
    assert [wait.ms for wait in found] == [200]
    assert hit == {0}


def test_of_two_faults_in_one_gap_the_later_one_counts() -> None:
    found, hit = waits([reply(100, 900)], [killed(0, "web", 200), killed(1, "link", 600)])
    assert [(wait.ms, wait.number) for wait in found] == [(300, 1)]
    assert hit == {0, 1}


def test_faults_outside_of_a_stream_and_of_the_health_process_hit_nothing() -> None:
    happened = [killed(0, "web", 50), killed(1, "health", 150), killed(2, "web", 950)]
    found, hit = waits([reply(100, 900)], happened)
    assert (found, hit) == ([], set())


def test_a_percentile_is_the_nearest_rank() -> None:
    values = [float(value) for value in range(1, 201)]
    assert percentile(values, 0.5) == 100
    assert percentile(values, 0.99) == 198
    assert percentile([], 0.99) == 0
