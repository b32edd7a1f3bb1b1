"""Rulebooks: all lines in force at a moment, published and the shop's own; kept by digest so that decisions replay."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from core.money import Money, asset
from core.policy import Limit, Policy
from core.policy.parts import Risk
from core.policy.published import published
from core.policy.rule import Action, Layer, Line, Metric, Op, Rule, Whose

CHECK, NOTE, OFF = "check", "note", "off"
STEP_UP, SMALL, COOL, OWN, COUNTED = "shop.step-up", "shop.small", "shop.new-device", "own", "shop.counted"
_SHOPPERS = "shop:shopper"  # what a shopper pays, whoever bounds it
_RAIL_STRONG = "eu.sca.rts#strong"


def digest_of(text: str) -> str:
    """The id of a book by its text."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A book as it is kept: `text` is JSON, `id` the SHA-256 of it in hexadecimal."""

    id: str
    text: str
    first_at: datetime
    version: int = 0


@dataclass(frozen=True, eq=False)
class Book:
    """The lines in force. Another one by every reading: told apart as an object, which is quick."""

    lines: tuple[Line, ...]

    @cached_property
    def text(self) -> str:
        """The lines as JSON: what they say, and nothing of how the program keeps them."""
        return json.dumps([_plain(line) for line in self.lines], ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def id(self) -> str:
        """The digest of the text."""
        return digest_of(self.text)

    @cached_property
    def minds_rail(self) -> bool:
        """Whether strong authentication at the rails of the EU is judged by its own rule."""
        return any(line.id == _RAIL_STRONG and line.action is Action.STEP_UP for line in self.lines)


def book_at(policy: Policy, at: datetime) -> Book:
    """The book of a policy at a moment: each rule counts the days of its own zone."""
    # Zones are whole quarters of an hour apart: within one no day begins.
    quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    return _book(policy.limits, policy.risk, tuple(sorted(policy.rules.items())), quarter)


@lru_cache(maxsize=64)
def _book(limits: tuple[Limit, ...], risk: Risk, effects: tuple[tuple[str, str], ...], at: datetime) -> Book:
    said = dict(effects)
    lines = [line for rule in published() for line in in_force(rule, at, said.get(rule.id, CHECK))]
    return Book(tuple(sorted([*lines, *map(line_of, limits), *risk_lines(risk)], key=lambda line: line.id)))


def in_force(rule: Rule, at: datetime, effect: str = CHECK) -> list[Line]:
    """The lines of a rule that bind at a moment, as far as the shop's policy minds them."""
    if effect == OFF:
        return []
    lines = []
    for line in rule.lines:
        day = at.astimezone(ZoneInfo(line.zone)).date()
        if not rule.is_in_force(day) or (line.since and day < line.since) or (line.until and line.until < day):
            continue
        if effect == CHECK or line.action is Action.NOTE:
            lines.append(line)
        elif line.action is not Action.EXEMPT:
            lines.append(replace(line, action=Action.NOTE, factors=0))
    return lines


_SUBJECT = {"shopper": "tier", "channel": "method", "seller": "seller_tier"}
_WHOSE = {"shopper": Whose.SHOPPER, "channel": Whose.CHANNEL, "seller": Whose.SELLER, "shop": Whose.SHOP}


def line_of(limit: Limit) -> Line:
    """A limit of the shop's policy as a line."""
    fact = _SUBJECT.get(limit.who)
    return Line(
        id=f"shop:{limit.id}",
        rule=f"shop:{limit.id}",
        layer=Layer.SHOP,
        metric=Metric(limit.window),
        action=Action.REFUSE,
        amount=limit.amount,
        whose=_WHOSE[limit.who],
        # A shopper's day is one window whatever their tier: rising in tier does not open a second one.
        counts=f"shop:{limit.who}",
        applies=((fact, (limit.subject,)),) if fact else (),
    )


def risk_lines(risk: Risk) -> list[Line]:
    """What the part [risk] asks: a proof of large payments and of many small ones, and less on a new device."""
    unproved, by_shop = ("factors", ("0",)), (("sca", ("shop",)),)

    def line(rule: str, name: str, metric: Metric, action: Action, amount: Money | None, **more: Any) -> Line:
        return Line(f"{rule}#{name}", rule, Layer.SHOP, metric, action, amount, **more)

    def small(name: str, metric: Metric, amount: Money | None, **more: Any) -> Line:
        return line(SMALL, name, metric, Action.EXEMPT, amount, op=Op.UPTO, exempts="small", applies=by_shop, **more)

    asked = {"factors": 1, "applies": by_shop, "when": (("enrolled", ("yes",)), unproved)}
    new = {"when": (("device", ("new",)),)}
    return [
        line(STEP_UP, "from", Metric.PAYMENT, Action.STEP_UP, risk.step_up, op=Op.FROM, factors=1, when=(unproved,)),
        line(SMALL, "asked", Metric.PAYMENT, Action.STEP_UP, replace(risk.small, minor=0), **asked),
        small("payment", Metric.PAYMENT, risk.small),
        small("sum", Metric.STRONG, risk.small_sum, combine="or"),
        small("count", Metric.COUNT, None, count=risk.small_count, combine="or"),
        line(COOL, "payment", Metric.PAYMENT, Action.REFUSE, risk.cool_payment, **new),
        line(COOL, "day", Metric.DAY, Action.REFUSE, risk.cool_day, counts=_SHOPPERS, **new),
        # Never passed: a day is counted for who bounds theirs later in it, or comes with a new device.
        line(COUNTED, "day", Metric.DAY, Action.NOTE, replace(risk.small, minor=10**17), counts=_SHOPPERS),
    ]


def own_lines(own: dict[str, Money]) -> list[Line]:
    """What shoppers have bounded themselves to: `own` has "payment" and "day"."""
    return [
        Line(f"{OWN}#{name}", OWN, Layer.OWN, Metric(name), Action.REFUSE, amount, counts=_SHOPPERS)
        for name, amount in own.items()
    ]


_PLAIN_DEFAULTS = {
    field.name: field.default for field in dataclasses.fields(Line) if field.default is not dataclasses.MISSING
}


def _plain(line: Line) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for field in dataclasses.fields(Line):
        value = getattr(line, field.name)
        if field.name in _PLAIN_DEFAULTS and value == _PLAIN_DEFAULTS[field.name]:
            continue
        if isinstance(value, Money):
            value = [value.minor, value.asset.code]
        elif isinstance(value, date):
            value = value.isoformat()
        plain[field.name] = value
    return plain


def _read_line(plain: dict[str, Any]) -> Line:
    told = dict(plain)
    for name, kind in (("layer", Layer), ("metric", Metric), ("action", Action), ("op", Op), ("whose", Whose)):
        if name in told:
            told[name] = kind(told[name])
    if "amount" in told:
        minor, code = told["amount"]
        told["amount"] = Money(minor, asset(code))
    for name in ("applies", "when"):
        if name in told:
            told[name] = tuple((fact, tuple(values)) for fact, values in told[name])
    for name in ("since", "until"):
        if name in told:
            told[name] = date.fromisoformat(told[name])
    if "hours" in told:
        told["hours"] = tuple(told["hours"])
    return Line(**told)


def read_book(text: str) -> tuple[Line, ...]:
    """The lines of a kept book."""
    return tuple(_read_line(plain) for plain in json.loads(text))
