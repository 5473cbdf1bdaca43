"""The words for how much time lies between two moments."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from actors.character.time_spans import moment_of, span

START = datetime(2024, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (44, "a few seconds"),
        (45, "a minute"),
        (89, "a minute"),
        (90, "2 minutes"),
        (44 * MINUTE, "44 minutes"),
        (45 * MINUTE, "an hour"),
        (90 * MINUTE, "2 hours"),
        (21 * HOUR, "21 hours"),
        (22 * HOUR, "a day"),
        (36 * HOUR, "2 days"),
        (25 * DAY, "25 days"),
        (26 * DAY, "a month"),
        (46 * DAY, "2 months"),
        (319 * DAY, "10 months"),
        (320 * DAY, "a year"),
        (548 * DAY, "2 years"),
        (3_653 * DAY, "10 years"),
    ],
)
def test_a_span_is_told_as_moment_js_tells_it(seconds: int, words: str) -> None:
    later = START + timedelta(seconds=seconds)
    assert span(START, later) == span(later, START) == words


@pytest.mark.parametrize(
    "text",
    [
        "2023-11-15 01:13",
        "2023-11-15T01:13:00",
        "2023-11-14T22:13:00Z",
        "15 November 2023 01:13",
        " November 15, 2023 1:13 AM ",
    ],
)
def test_a_moment_is_read_in_the_readers_zone_where_it_does_not_say(text: str) -> None:
    assert moment_of(text, timezone(timedelta(hours=3))) == datetime(2023, 11, 14, 22, 13, tzinfo=UTC)


@pytest.mark.parametrize("text", ["15 November 2023", "November 15, 2023", "2023-11-15", "2023/11/15"])
def test_a_date_is_its_first_moment(text: str) -> None:
    assert moment_of(text, UTC) == datetime(2023, 11, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "99 May 2023", "2023-13-01", "0", "\x00"])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moment_of(text, UTC) is None


def test_the_first_and_the_last_of_all_days_have_a_span() -> None:
    zone = timezone(timedelta(hours=14))
    first, last = moment_of("0001-01-01", zone), moment_of("9999-12-31T23:59:59-12:00", zone)
    assert first is not None
    assert last is not None
    assert span(first, last) == "9999 years"
