"""Limits of one user."""

from actors.messages.queueing import OverLimit
from actors.messages.shares import SPENDING_DAYS, Spending
from actors.queueing.limits import Limits
from actors.settings import QueueSettings
from actors.world import DAY_MS
from tests.actors.kit import uid

ANNA, BORIS = uid(1), uid(2)
NOON = 20_000 * DAY_MS + DAY_MS // 2


def limits(tokens: int = 0) -> Limits:
    made = Limits(QueueSettings(user_tokens_a_day=100, user_waiting=2, user_running=1))
    made.loaded([Spending(ANNA, 20_000, tokens), Spending(BORIS, 19_999, 1_000)], NOON)
    return made


def test_more_may_not_wait_than_allowed() -> None:
    assert limits().refusal(uid(9), ANNA, 1, NOON) is None
    assert limits().refusal(uid(9), ANNA, 2, NOON) == OverLimit(uid(9), "user_waiting", 2)


def test_more_may_not_run_than_allowed() -> None:
    assert limits().may_run(0)
    assert not limits().may_run(1)
    assert Limits(QueueSettings()).may_run(10_000)


def test_tokens_of_today_count_from_before_the_start_and_those_of_yesterday_do_not() -> None:
    over = OverLimit(uid(9), "user_tokens", 100, 20_001 * DAY_MS)
    assert limits(tokens=100).refusal(uid(9), ANNA, 0, NOON) == over
    assert limits(tokens=99).refusal(uid(9), ANNA, 0, NOON) is None
    assert limits(tokens=100).refusal(uid(9), BORIS, 0, NOON) is None


def test_what_is_written_is_added_until_the_day_is_over() -> None:
    made = limits(tokens=90)
    made.spent(ANNA, 10, NOON)
    assert made.refusal(uid(9), ANNA, 0, NOON) is not None
    midnight = 20_001 * DAY_MS
    assert made.refusal(uid(9), ANNA, 0, midnight - 1) is not None
    assert made.refusal(uid(9), ANNA, 0, midnight) is None


def test_without_a_limit_nobody_is_refused() -> None:
    made = Limits(QueueSettings(user_waiting=0))
    made.spent(ANNA, 10**9, NOON)
    assert made.refusal(uid(9), ANNA, 10**6, NOON) is None


def test_a_day_that_the_clock_comes_back_to_is_the_same_day() -> None:
    made = limits(tokens=90)
    made.spent(ANNA, 10, NOON)
    years_on = NOON + 3_000 * DAY_MS
    assert made.refusal(uid(9), ANNA, 0, years_on) is None
    made.spent(ANNA, 5, years_on)
    assert made.refusal(uid(9), ANNA, 0, NOON) is not None


def test_only_some_days_are_remembered() -> None:
    made = limits()
    for day in range(1_000):
        made.spent(ANNA, 1, day * DAY_MS)
    assert list(made.days) == list(range(1_000 - SPENDING_DAYS, 1_000))
