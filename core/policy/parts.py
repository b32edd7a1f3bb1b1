"""The parts of the policy that are plain tables: what a shopkeeper may set, with its unit and its bounds."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, get_type_hints

from core.money import Asset, BadAmount, Money, parse_amount

T = TypeVar("T")


class BadPolicy(ValueError):
    """The policy file is wrong; the message says where and what to write instead."""


def whole(least: int, most: int, default: int) -> Any:
    """A whole number from `least` to `most`."""
    return dataclasses.field(default=default, metadata={"bounds": (least, most)})


def span(unit: str, least: int, most: int, default: int) -> Any:
    """A time of whole `unit`s (minutes, hours, days), written in the file as `<name>_<unit>`."""
    return dataclasses.field(default=timedelta(**{unit: default}), metadata={"unit": unit, "bounds": (least, most)})


def choice(*words: str) -> Any:
    """One of these words; the first is the default."""
    return dataclasses.field(default=words[0], metadata={"words": words})


def numbers(*default: int, least: int, most: int) -> Any:
    """Some whole numbers, each from `least` to `most`."""
    return dataclasses.field(default=default, metadata={"bounds": (least, most)})


def amount(default: str) -> Any:
    """An amount in the policy's currency."""
    return dataclasses.field(default=None, metadata={"amount": default})


@dataclass(frozen=True, slots=True)
class Fx:
    """Rates: how old, how much on top, and how far the shop may be exposed."""

    max_age: int = whole(0, 260, 3)  # business days
    # At 100 % a seller settled in another currency would be owed nothing.
    spread_bp: int = whole(0, 5_000, 100)
    gap_bp: int = whole(1, 5_000, 200)  # two sources that part further are both refused
    recheck_bp: int = whole(1, 10_000, 300)  # mid may have moved so far between the quote and the capture
    selection_bp: int = whole(0, 10_000, 2_000)  # how much of the lock's option price a buyer is charged
    cap: Money = amount("20000.00")  # one quote's most, at mid
    exposure: Money = amount("50000.00")  # an open position past it alarms; a quote that would pass it is refused
    hedge_days: int = whole(1, 30, 2)  # business days that a position may stay open: what its buffer is for


@dataclass(frozen=True, slots=True)
class Holding:
    """Money that fits no order: how long its owner may choose, and what happens when they do not."""

    decide: timedelta = span("days", 1, 365, 7)
    default: str = choice("refund", "keep")
    short_ok_minor: int = whole(0, 100, 0)  # minor units that may be missing and are let pass (pnl:rounding)


@dataclass(frozen=True, slots=True)
class Operations:
    """Commands in doubt: when an operator must look."""

    park: timedelta = span("hours", 1, 24 * 60, 48)
    ask: timedelta = span("seconds", 1, 86_400, 60)  # between two questions to a channel, doubled each time


@dataclass(frozen=True, slots=True)
class Settlement:
    """Payouts to sellers: how often, from how much on."""

    schedule: str = choice("weekly", "daily", "monthly")
    least: Money = amount("20.00")


@dataclass(frozen=True, slots=True)
class Disputes:
    """Disputes: how long each side may speak, and what may be disputed."""

    respond: timedelta = span("days", 1, 90, 7)
    complain: timedelta = span("days", 1, 365, 30)  # after shipment
    silent: str = choice("shopper", "admin")  # who decides a complaint that its seller left unanswered


@dataclass(frozen=True, slots=True)
class Instalments:
    """Paying in parts, at no cost to the buyer."""

    counts: tuple[int, ...] = numbers(3, 4, least=2, most=12)
    interval: timedelta = span("days", 1, 92, 30)
    grace: timedelta = span("days", 0, 60, 7)  # after a part's day, until the plan counts as broken
    remind: timedelta = span("days", 0, 30, 3)  # before a part's day
    least: Money = amount("60.00")
    most: Money = amount("1500.00")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Bank statements and settlement reports against what the shop believes is on its way."""

    settle_days: int = whole(0, 60, 3)  # business days; what has no line after them is an exception
    notified: str = choice("waits", "clears")  # a camt.054: the camt.053 is awaited, or it is the last word itself


@dataclass(frozen=True, slots=True)
class Risk:
    """Proofs that it is the shopper, and new devices."""

    step_up: Money = amount("150.00")  # a payment of so much and more is always confirmed with a factor
    # Who has enrolled a factor is asked for it below that, too, but for small payments: few, or little together, since
    # they proved it last.
    small: Money = amount("30.00")
    small_sum: Money = amount("100.00")
    small_count: int = whole(0, 1000, 5)
    cool_payment: Money = amount("50.00")  # on a new device at most so much at once
    cool_day: Money = amount("150.00")  # … and in a day
    cool: timedelta = span("hours", 0, 24 * 30, 24)  # a device that is younger has lower limits
    raise_after: timedelta = span("hours", 0, 24 * 30, 24)  # a shopper's own limit rises so long after they said so
    fresh_most: Money = amount("500.00")  # what a factor enrolled less than `cool` ago may confirm at most
    pin_least: int = whole(4, 8, 4)  # digits of a payment PIN; 8 at most
    guess_tries: int = whole(1, 10, 3)  # wrong guesses in a row until the first lock
    guess_most: int = whole(3, 100, 10)  # … until only a recovery helps
    lock: timedelta = span("minutes", 1, 1440, 5)  # the first lock, doubled with each further wrong guess, up to a day
    proof: timedelta = span("minutes", 1, 60, 10)  # to answer a step-up, and to use what it proved
    code: timedelta = span("minutes", 1, 30, 5)  # how long a code that was sent is good
    code_sends: int = whole(1, 10, 3)  # codes sent for one step-up
    code_day: int = whole(1, 1000, 12)  # … and to one person in 24 hours
    codes: int = whole(1, 10_000, 30)  # pictures and texts of codes that one person may have judged in an hour
    recover: timedelta = span("hours", 1, 24 * 30, 48)  # a recovery takes so long, and can be cancelled meanwhile


def read_part(kind: type[T], raw: Any, where: str, of: Asset) -> T:
    """A part from its table; what the table leaves out has its default. Raises BadPolicy naming the faulty entry."""
    if not isinstance(raw, dict):
        raise BadPolicy(f"the part [{where}] is missing")
    hints, values, known = get_type_hints(kind), {}, set()
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        unit = field.metadata.get("unit")
        name = f"{field.name}_{unit}" if unit else field.name
        known.add(name)
        if name in raw or "amount" in field.metadata:
            given = raw.get(name, field.metadata.get("amount"))
            values[field.name] = _value(given, hints[field.name], dict(field.metadata), f"{where}.{name}", of)
    if unknown := set(raw) - known:
        raise BadPolicy(f"{where}.{min(unknown)}: the entries here are {', '.join(sorted(known))}")
    return kind(**values)


def _value(value: Any, hint: Any, meta: dict[str, Any], where: str, of: Asset) -> Any:
    if hint is Money:
        return money(value, where, of)
    if words := meta.get("words"):
        if value not in words:
            raise BadPolicy(f"{where} is one of {', '.join(words)}")
        return value
    least, most = meta["bounds"]
    if hint not in (int, timedelta):
        if not isinstance(value, list) or not value:
            raise BadPolicy(f"{where} is a list of whole numbers")
        return tuple(number(one, where, least, most) for one in value)
    count = number(value, where, least, most)
    return timedelta(**{meta["unit"]: count}) if hint is timedelta else count


def number(value: Any, where: str, least: int, most: int) -> int:
    """A whole number within its bounds. Raises BadPolicy."""
    if type(value) is not int or not least <= value <= most:
        raise BadPolicy(f"{where} must be a whole number from {least} to {most}")
    return value


def money(value: Any, where: str, of: Asset) -> Money:
    """A positive amount, written as text or number. Raises BadPolicy."""
    try:
        return parse_amount(str(value if value is not None else ""), of)
    except BadAmount:
        raise BadPolicy(f'{where} is a positive amount of {of}, such as "500.00"') from None
