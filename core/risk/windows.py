"""Windows: over which payments a limit sums up, and how an entry of a purse is named so that it says when it ends.

A window is `<who counts>|<metric>|<unit>`; an entry is `<window>|<tag>`, where the tag is `@` and the moment it ends,
`>` and the strong authentication it counts from, `=` and the order it stays with, or `-` for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.ids import OrderId
from core.policy.rule import Line, Metric, Whose

SUMMED = frozenset(Metric) - {Metric.PAYMENT, Metric.LEAST, Metric.UNIT, Metric.SHIPMENT, Metric.ALWAYS}


def window_of(line: Line, seller: str) -> str:
    """The window that a line looks at. Lines that look at the same one count every payment once."""
    family = line.counts or line.rule
    if line.whose is Whose.LINKED:
        family = f"{family}:{seller}"
    unit = line.amount.asset.code if line.amount else "n"
    return f"{family}|{line.metric}{line.days or ''}|{unit}"


def ends(metric: Metric, zone: str, days: int, hours: tuple[int, ...], at: datetime) -> datetime | None:
    """When what is taken at a moment no longer counts. None: by no clock, or the moment is outside of a PERIOD."""
    # Zones differ by whole quarters of an hour, and change at such: all moments of a quarter have one answer.
    quarter = at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)
    return _ends(metric, zone, days, hours, quarter)


@lru_cache(maxsize=4096)
def _ends(metric: Metric, zone: str, days: int, hours: tuple[int, ...], at: datetime) -> datetime | None:
    local = at.astimezone(ZoneInfo(zone))
    if metric is Metric.DAY:
        return _midnight(local + timedelta(days=1))
    if metric is Metric.ROLLING:
        return _midnight(local + timedelta(days=days))
    if metric is Metric.YEAR:
        return local.replace(year=local.year + 1, month=1, day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(
            UTC
        )
    if metric is Metric.PERIOD and is_within(hours, local.hour):
        start, stop = hours
        tomorrow = start > stop and local.hour >= start
        day = (local + timedelta(days=1)).date() if tomorrow else local.date()
        return datetime.combine(day, time(stop), local.tzinfo).astimezone(UTC)
    return None


def _midnight(local: datetime) -> datetime:
    return datetime.combine(local.date(), time(), local.tzinfo).astimezone(UTC)


def is_within(hours: tuple[int, ...], hour: int) -> bool:
    """Whether an hour lies in a period, which may pass midnight."""
    start, stop = hours
    return start <= hour < stop if start <= stop else hour >= start or hour < stop


def tag_of(line: Line, at: datetime, strong: datetime | None, order: OrderId) -> str:
    """The tag of what a payment takes of a line's window now."""
    if line.metric in (Metric.STRONG, Metric.COUNT):
        return f">{strong.astimezone(UTC).isoformat() if strong else ''}"
    if line.metric is Metric.STOCK:
        return f"={order}"
    end = ends(line.metric, line.zone, line.days, line.hours, at)
    return _until(end) if end else "-"


@lru_cache(maxsize=1024)
def _until(end: datetime) -> str:
    return f"@{end.isoformat()}"


def used(entries: Mapping[str, int], window: str, tag: str, at: datetime) -> int:
    """How much of a window is used. An entry of another authentication, or that has ended, no longer counts."""
    start, total = f"{window}|", 0
    for entry, minor in entries.items():
        if entry.startswith(start) and (tag[0] not in ">" or entry == start + tag) and not is_over(entry, at):
            total += minor
    return total


def is_over(entry: str, at: datetime) -> bool:
    """Whether an entry has ended by the clock."""
    tag = entry.rpartition("|")[2]
    return tag[0] == "@" and datetime.fromisoformat(tag[1:]) <= at


def order_in(entry: str) -> OrderId | None:
    """The order that an entry stays with, until that order is over."""
    tag = entry.rpartition("|")[2]
    return OrderId(tag[1:]) if tag[0] == "=" else None


def renewal(entries: Mapping[str, int], window: str, at: datetime) -> datetime | None:
    """When the first of what is used of a window no longer counts; None by no clock."""
    start = f"{window}|@"
    moments = [datetime.fromisoformat(entry.rpartition("@")[2]) for entry in entries if entry.startswith(start)]
    return min((moment for moment in moments if moment > at), default=None)


def cleared(entries: Mapping[str, int], at: datetime) -> dict[str, int]:
    """The entries that still count: without those that ended, or that count from an older authentication."""
    newest: dict[str, str] = {}
    for entry in entries:
        window, _, tag = entry.rpartition("|")
        if tag[0] == ">":
            newest[window] = max(newest.get(window, ""), tag)
    return {
        entry: minor
        for entry, minor in entries.items()
        if not is_over(entry, at) and ((parts := entry.rpartition("|"))[2][0] != ">" or newest[parts[0]] == parts[2])
    }
