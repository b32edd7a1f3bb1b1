"""Settlement periods: days, weeks from Monday, months; half-open, in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from core.errors import Refusal, sentence

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_WEEK = re.compile(r"([0-9]{4})-?W([0-9]{2})", re.IGNORECASE)


class BadPeriod(Refusal):
    """Not a day, week or month that a calendar has."""

    sentence = sentence("“{text}” is not a period. Write a month (2026-11), a week (2026-W47) or a day (2026-11-22).")


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on, up to `until` and not including it."""

    since: datetime
    until: datetime


def period_of(schedule: str, at: datetime) -> Period:
    """The period of a schedule ("daily", "weekly", "monthly") that a moment is in."""
    day = at.astimezone(UTC).date()
    if schedule == "daily":
        return _days(day, day + timedelta(days=1))
    if schedule == "weekly":
        monday = day - timedelta(days=day.weekday())
        return _days(monday, monday + timedelta(days=7))
    first = day.replace(day=1)
    return _days(first, (first + timedelta(days=31)).replace(day=1))


def last_period(schedule: str, now: datetime) -> Period:
    """The period that ended last, at the latest now."""
    return period_of(schedule, period_of(schedule, now).since - timedelta(microseconds=1))


def read_period(text: str) -> Period:
    """A period as a person types it: 2026-11, 2026-W47, 2026-11-22. Raises BadPeriod."""
    typed = text.strip()
    try:
        if month := _MONTH.fullmatch(typed):
            return period_of("monthly", _start(date(int(month[1]), int(month[2]), 1)))
        if week := _WEEK.fullmatch(typed):
            return period_of("weekly", _start(date.fromisocalendar(int(week[1]), int(week[2]), 1)))
        return period_of("daily", _start(date.fromisoformat(typed)))
    except (ValueError, OverflowError):
        raise BadPeriod(text=typed[:24]) from None


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _days(since: date, until: date) -> Period:
    return Period(_start(since), _start(until))
