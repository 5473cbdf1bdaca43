"""How much time lies between two moments, in words: "3 hours". Pure.

The words and their bounds are those of moment.js, which cards are written for.
"""

from datetime import datetime, tzinfo

FORMATS = (
    "%d %B %Y %H:%M",  # {{date}} {{time}}
    "%d %B %Y",
    "%B %d, %Y %I:%M %p",  # the same in SillyTavern
    "%B %d, %Y",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d",
)
MONTHS_A_DAY = 4_800 / 146_097  # 400 years have so many
BOUNDS = (
    (60, 45, "a minute", "minutes"),
    (3_600, 22, "an hour", "hours"),
    (86_400, 26, "a day", "days"),
    (86_400 / MONTHS_A_DAY, 11, "a month", "months"),
)
"""Seconds of one, from how many on the next larger counts, and its words."""


def moment_of(text: str, zone: tzinfo | None) -> datetime | None:
    """A date, or a date and a time; in `zone` where it does not say. None where it is none."""
    found = iso(text.strip())
    for format_ in FORMATS:
        found = found or written(text.strip(), format_)
    return found.replace(tzinfo=zone) if found is not None and found.tzinfo is None else found


def iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def written(text: str, format_: str) -> datetime | None:
    try:
        return datetime.strptime(text, format_)  # noqa: DTZ007 - the caller has the zone
    except ValueError:
        return None


def span(first: datetime, second: datetime) -> str:
    """Whichever of them is later."""
    seconds = abs((first - second).total_seconds())
    if whole(seconds) < 45:
        return "a few seconds"
    for size, most, one, many in BOUNDS:
        count = whole(seconds / size)
        if count <= 1:
            return one
        if count < most:
            return f"{count} {many}"
    years = whole(seconds / 86_400 * MONTHS_A_DAY / 12)
    return "a year" if years <= 1 else f"{years} years"


def whole(number: float) -> int:
    """The nearest; halves go up."""
    return int(number + 0.5)
