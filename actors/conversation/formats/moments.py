"""Moments: the times that chat files are written with, of which SillyTavern alone has had four."""

import re
from datetime import UTC, datetime

MINUTE_MS = 60_000
LATEST_MS = 253_402_300_799_000  # the end of the year 9999

AT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})\s*@\s*(\d{1,2})h\s*(\d{1,2})m(?:\s*(\d{1,2})s)?(?:\s*(\d{1,3})ms)?",
    re.ASCII,
)
MONTH_FIRST = re.compile(
    r"([A-Za-z]{3,9})\.? (\d{1,2}), (\d{4}) (\d{1,2}):(\d{2})\s*([ap]m)?", re.ASCII | re.IGNORECASE
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def moment_ms(value: object) -> int:
    """Milliseconds since 1970, taken as UTC where the zone is not said; 0 where it is no time."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int | float):
        return number_ms(value)
    if not isinstance(value, str):
        return 0
    text = value.strip()
    if text.isdecimal() and text.isascii() and len(text) < 20:
        return number_ms(int(text))
    try:
        return read_ms(text)
    except (ValueError, OverflowError):
        return 0


def number_ms(value: float) -> int:
    return int(value) if 0 <= value <= LATEST_MS else 0  # false for NaN too


def read_ms(text: str) -> int:
    if found := AT.fullmatch(text):
        year, month, day, hour, minute, second, ms = (int(part or 0) for part in found.groups())
        return since_1970(datetime(year, month, day, hour, minute, second, ms * 1_000, UTC))
    if found := MONTH_FIRST.fullmatch(text):
        name, day, year, hour, minute, half = found.groups()
        month = MONTHS.index(name[:3].lower()) + 1
        of_day = int(hour) if half is None else int(hour) % 12 + 12 * (half.lower() == "pm")
        return since_1970(datetime(int(year), month, int(day), of_day, int(minute), tzinfo=UTC))
    read = datetime.fromisoformat(text)
    return since_1970(read if read.tzinfo else read.replace(tzinfo=UTC))


def since_1970(moment: datetime) -> int:
    return max(0, round(moment.timestamp() * 1_000))


def iso(at_ms: int) -> str:
    """As JavaScript writes it, which every version of SillyTavern reads."""
    moment = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1_000:03d}Z"
