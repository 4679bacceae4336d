"""Hours of the week, as a configuration says them: "mo-fr 22:00-06:00". Pure.

Rules of this file
- Days are mo tu we th fr sa su, one or from-to; a time is HH:MM, 24:00 the end of the day.
- A span that ends at or before its beginning goes on into the next day, which need not be named.
- Local time, summer and winter time as the time zone has it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.timing import SECOND_NS

DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
DAY_MINUTES: Final = 24 * 60
SPAN: Final = re.compile(r"([a-z]{2})(?:-([a-z]{2}))? (\d\d):(\d\d)-(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `stop` (minutes of the day, `stop` not included) on each of `days` (0 is Monday)."""

    days: frozenset[int]
    start: int
    stop: int

    def has(self, day: int, minute: int) -> bool:
        """Return whether it is within on that day of the week at that minute."""
        if self.start < self.stop:
            return day in self.days and self.start <= minute < self.stop
        return (day in self.days and minute >= self.start) or (
            (day - 1) % 7 in self.days and minute < self.stop
        )


@cache
def read(text: str) -> Span:
    """Return the span that `text` says; `ValueError` says what it should look like."""
    found = SPAN.fullmatch(text)
    cure = f'clips.hours: "{text}" will not do; write days and times as in "mo-fr 22:00-06:00"'
    if found is None or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
        raise ValueError(cure)
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    start, stop = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if max(int(found[4]), int(found[6])) > 59 or start >= DAY_MINUTES or stop > DAY_MINUTES:  # noqa: PLR2004
        raise ValueError(cure)
    return Span(frozenset((first + each) % 7 for each in range((last - first) % 7 + 1)), start, stop)


def is_span(text: str) -> str:
    """Return `text` when it is a span; `ValueError` when it is none."""
    read(text)
    return text


def is_time_zone(name: str) -> str:
    """Return `name` when it is a time zone; `ValueError` when it is none."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f'clips.time_zone: "{name}" is no time zone; write one as "Europe/Brussels"'
        ) from None
    return name


def within(spans: Sequence[str], time_zone: str, wall_ns: int) -> bool:
    """Return whether `wall_ns` (since 1970, UTC) is in one of `spans`; always, when there are none."""
    if not spans:
        return True
    local = datetime.fromtimestamp(wall_ns // SECOND_NS, tz=UTC).astimezone(ZoneInfo(time_zone))
    minute = local.hour * 60 + local.minute
    return any(read(text).has(local.weekday(), minute) for text in spans)
