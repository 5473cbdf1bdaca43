from hypothesis import given
from hypothesis import strategies as st

from actors.intensity import Backoff, Intensity, Park, Restart

TIMES = st.lists(st.floats(0, 20), max_size=40)


def test_restarts_within_the_limit_wait_twice_as_long_each_time() -> None:
    intensity = Intensity(limit=4, period_s=10, backoff=Backoff(first_s=0.1, longest_s=0.5))
    waits = [intensity.restarted(now) for now in (0, 1, 2, 3)]
    assert waits == [Restart(0.1), Restart(0.2), Restart(0.4), Restart(0.5)]


def test_one_restart_more_than_the_limit_in_the_period_parks() -> None:
    intensity = Intensity(limit=2, period_s=10)
    assert isinstance(intensity.restarted(0), Restart)
    assert isinstance(intensity.restarted(5), Restart)
    assert intensity.restarted(9.9) == Park(3)


def test_restarts_that_are_older_than_the_period_no_longer_count() -> None:
    intensity = Intensity(limit=1, period_s=10)
    assert isinstance(intensity.restarted(0), Restart)
    assert isinstance(intensity.restarted(10.1), Restart)
    assert isinstance(intensity.restarted(20), Park)


def test_a_limit_of_zero_parks_at_the_first_restart() -> None:
    assert Intensity(limit=0, period_s=10).restarted(0) == Park(1)


@given(st.floats(0, 1, exclude_max=True))
def test_jitter_shortens_the_wait_by_at_most_half(jitter: float) -> None:
    restart = Intensity(limit=3, period_s=1, backoff=Backoff(first_s=0.2)).restarted(0, jitter)
    assert isinstance(restart, Restart)
    assert 0.1 <= restart.after_s <= 0.2


@given(st.integers(0, 6), st.floats(0.1, 10), TIMES)
def test_it_parks_exactly_when_more_than_the_limit_fall_within_the_period(
    limit: int, period: float, steps: list[float]
) -> None:
    intensity = Intensity(limit, period)
    times: list[float] = []
    now = 0.0
    for step in steps:
        now += step
        times.append(now)
        recent = sum(now - then <= period for then in times)
        assert isinstance(intensity.restarted(now), Park) == (recent > limit)
