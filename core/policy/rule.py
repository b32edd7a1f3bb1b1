"""Published rules on payments: what a law, a scheme or a provider says, with where it says so; and who reads them.

A rule file is TOML that says `format = "sampan-rules/1"`. Each `[[rules]]` names its document, whom it binds, from when
to when, how sure we are of it, to which payments it `applies`, and has `[[rules.lines]]`: one number and what follows
from it. A line may narrow what its rule says (its own document, confidence, binds, effective_from, effective_to).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.money import BadAmount, Money, UnknownAsset, asset, parse_amount
from core.policy.areas import spread
from core.policy.parts import BadPolicy, number

FORMAT = "sampan-rules/1"

W = TypeVar("W", bound=StrEnum)
Conditions = tuple[tuple[str, tuple[str, ...]], ...]


class Metric(StrEnum):
    """What a line's number is compared with."""

    PAYMENT = "payment"
    LEAST = "least"  # one payment must be at least so much
    UNIT = "unit"  # the price of one piece
    SHIPMENT = "shipment"  # the goods of one order
    DAY = "day"  # … and this: by the clock of the rule's zone
    PERIOD = "period"  # the hours of a day or night, in the rule's zone
    YEAR = "year"  # the calendar's
    ROLLING = "rolling"  # so many days before now
    OPENING = "opening"  # since the first payment of all
    STRONG = "strong"  # since the last strong authentication: the sum
    COUNT = "count"  # … the number of payments
    STOCK = "stock"  # what is with the shop and not passed on
    ALWAYS = "always"  # no number: it is said of every payment


class Action(StrEnum):
    """What follows when the number is passed (for EXEMPT: when it is not)."""

    REFUSE = "refuse"
    STEP_UP = "step_up"
    EXEMPT = "exempt"  # frees its own rule's step-up
    NOTE = "note"  # a trigger for whom the rule binds, kept with the decision


class Op(StrEnum):
    """How the number is compared."""

    OVER = "over"
    FROM = "from"
    UPTO = "upto"


class Layer(StrEnum):
    """Whose a line is."""

    OWN = "own"  # the shopper's
    SHOP = "shop"
    LAW = "law"  # published: a law's, a scheme's, a provider's


class Whose(StrEnum):
    """Whose payments are summed up."""

    SHOPPER = "shopper"
    LINKED = "linked"  # the shopper's with one seller
    SELLER = "seller"
    CHANNEL = "channel"
    SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Line:
    """One number of a rule, and all that a decision needs of it."""

    id: str  # rule#name
    rule: str
    layer: Layer
    metric: Metric
    action: Action
    amount: Money | None = None
    count: int = 0
    op: Op = Op.OVER
    whose: Whose = Whose.SHOPPER
    counts: str = ""  # lines that sum up the same payments name the same; "" is the rule's own
    zone: str = "UTC"
    days: int = 0  # of ROLLING
    hours: tuple[int, ...] = ()  # of PERIOD: from, to
    factors: int = 0  # of STEP_UP: how many independent ones
    exempts: str = ""  # of EXEMPT: which exemption it is a condition of
    combine: str = ""  # "or": one of these is enough, beside all others of the exemption
    applies: Conditions = ()  # must be known to be so
    when: Conditions = ()  # what is not known counts as so, except for an exemption
    says: str = ""  # the source's own word for what follows
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A published rule: where it stands, and its lines."""

    id: str
    jurisdiction: str
    authority: str
    title: str
    document: str
    binds: str
    kind: str  # limit, sca, aml, customs
    confidence: str
    effective_from: date
    effective_to: date | None
    sources: tuple[str, ...]
    retrieved: date
    lines: tuple[Line, ...]
    notes: dict[str, str]  # line id → what the source says more; "" → of the rule

    def is_in_force(self, day: date) -> bool:
        """Whether it binds on a day of its zone; both its days are included."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


KINDS = ("limit", "sca", "aml", "customs")
CONFIDENCE = ("primary_text_found", "secondary_source_found", "memory_only")
_FACTS = (
    "account area border certificate channel code device enrolled factors fraud funds mcc method night payee payer "
    "provider rating scheme seller seller_tier sca shopper suspicious tier trade visitor wallet"
)
FACTS = frozenset(_FACTS.split())
"""What a condition may ask of a payment: core.risk.knowing says where each is known from."""

_RULE = {"id", "jurisdiction", "authority", "title", "document", "binds", "kind", "confidence", "confidence_note"}
_RULE |= {"effective_from", "effective_to", "sources", "note", "retrieved", "zone", "applies", "lines"}
_LINE = {"name", "metric", "action", "amount", "currency", "count", "years", "op", "who", "counts", "days", "hours"}
_LINE |= {"factors", "exempts", "combine", "when", "says", "text"}
_LINE |= {"document", "binds", "confidence", "effective_from", "effective_to"}


def _word(raw: dict[str, Any], key: str, where: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadPolicy(f"{where}: {key} is missing")
    return value


def _one_of(kind: type[W], value: object, where: str) -> W:
    try:
        return kind(str(value))
    except ValueError:
        raise BadPolicy(f"{where} is one of {', '.join(kind)}") from None


def _choice(raw: dict[str, Any], key: str, words: tuple[str, ...], where: str) -> str:
    if raw.get(key) not in words:
        raise BadPolicy(f"{where}: {key} is one of {', '.join(words)}")
    return str(raw[key])


def _day(raw: dict[str, Any], key: str, where: str) -> date | None:
    value = raw.get(key)
    if value is not None and type(value) is not date:
        raise BadPolicy(f"{where}: {key} is a day such as 2026-11-22, without quotes")
    return value


def _conditions(raw: Any, where: str) -> Conditions:
    if not isinstance(raw, dict):
        raise BadPolicy(f'{where} is a table such as {{ channel = ["BR"] }}')
    if unknown := set(raw) - FACTS:
        raise BadPolicy(f"{where}: {min(unknown)} is no fact of a payment; there are {', '.join(sorted(FACTS))}")
    for fact, values in raw.items():
        if not isinstance(values, list) or not values or not all(isinstance(one, str) and one for one in values):
            raise BadPolicy(f"{where}.{fact} is a list of words")
    return tuple((fact, tuple(sorted(spread(values)))) for fact, values in sorted(raw.items()))


def _number_of(raw: dict[str, Any], metric: Metric, where: str) -> tuple[Money | None, int]:
    """The amount or count of a line. Raises BadPolicy when there is not exactly what its metric needs."""
    if metric is Metric.ALWAYS:
        if "amount" in raw or "count" in raw:
            raise BadPolicy(f"{where}: metric always has no number to compare with")
        return None, 0
    if metric is Metric.COUNT:
        return None, number(raw.get("count"), f"{where}: count", 0, 10**6)
    try:
        of = asset(str(raw.get("currency", "")))
        text = str(raw.get("amount", ""))
        if text == "0":
            return Money(0, of), 0
        return parse_amount(text, of), 0
    except UnknownAsset:
        raise BadPolicy(f'{where}: currency is a code such as "EUR"') from None
    except BadAmount:
        raise BadPolicy(f'{where}: amount is a number in quotes, such as "1000" or "0"') from None


def _line(raw: dict[str, Any], rule: dict[str, Any], zone: str, applies: Conditions) -> Line:
    name = _word(raw, "name", f"rule {rule['id']}, a line")
    where = f"rule {rule['id']}, line {name}"
    if unknown := set(raw) - _LINE:
        raise BadPolicy(f"{where}: there is no entry {min(unknown)}")
    metric = _one_of(Metric, raw.get("metric"), f"{where}: metric")
    action = _one_of(Action, raw.get("action"), f"{where}: action")
    money, count = _number_of(raw, metric, where)
    hours = raw.get("hours", [])
    if (metric is Metric.PERIOD) != (
        isinstance(hours, list) and len(hours) == 2 and all(type(hour) is int and 0 <= hour < 24 for hour in hours)
    ):
        raise BadPolicy(f"{where}: metric period, and no other, has hours such as [20, 6]")
    if "confidence" in raw:
        _choice(raw, "confidence", CONFIDENCE, where)
    if action is Action.EXEMPT and not raw.get("exempts"):
        raise BadPolicy(f"{where}: an exempting line names its exemption in `exempts`")
    return Line(
        id=f"{rule['id']}#{name}",
        rule=rule["id"],
        layer=Layer.LAW,
        metric=metric,
        action=action,
        amount=money,
        count=count,
        op=_one_of(Op, raw.get("op", "upto" if action is Action.EXEMPT else "over"), f"{where}: op"),
        whose=_one_of(Whose, raw.get("who", "shopper"), f"{where}: who"),
        counts=str(raw.get("counts", "")),
        zone=zone,
        days=number(raw.get("days"), f"{where}: days", 1, 3660) if metric is Metric.ROLLING else 0,
        hours=tuple(hours),
        factors=number(raw.get("factors"), f"{where}: factors", 1, 2) if action is Action.STEP_UP else 0,
        exempts=str(raw.get("exempts", "")),
        combine=_choice({"combine": raw.get("combine", "")}, "combine", ("", "or"), where),
        applies=applies,
        when=_conditions(raw.get("when", {}), f"{where}: when"),
        says=str(raw.get("says", action)),
        since=_day(raw, "effective_from", where),
        until=_day(raw, "effective_to", where),
    )


def _rule(raw: Any) -> Rule:
    if not isinstance(raw, dict):
        raise BadPolicy("each rule begins with [[rules]]")
    where = f"rule {_word(raw, 'id', 'a rule')}"
    if unknown := set(raw) - _RULE:
        raise BadPolicy(f"{where}: there is no entry {min(unknown)}")
    since, until = _day(raw, "effective_from", where), _day(raw, "effective_to", where)
    if since is None or (until is not None and until < since):
        raise BadPolicy(f"{where}: effective_from is a day, and effective_to a later one or left out")
    zone = _word(raw, "zone", where)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadPolicy(f"{where}: zone is a time zone such as Asia/Shanghai") from None
    sources, retrieved = raw.get("sources"), _day(raw, "retrieved", where)
    if (
        not isinstance(sources, list)
        or not sources
        or not all(isinstance(one, str) for one in sources)
        or not retrieved
    ):
        raise BadPolicy(f"{where}: sources names where it was read, and retrieved the day")
    rows = raw.get("lines")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadPolicy(f"{where}: each of its lines begins with [[rules.lines]]")
    applies = _conditions(raw.get("applies"), f"{where}: applies")
    if not applies:
        raise BadPolicy(f"{where}: applies says to which payments; a rule for every payment is the shop's own limit")
    lines = tuple(_line(row, raw, zone, applies) for row in rows)
    if len({line.id for line in lines}) < len(lines):
        raise BadPolicy(f"{where}: two lines have one name")
    notes = {f"{raw['id']}#{row['name']}": str(row["text"]) for row in rows if row.get("text")}
    notes[""] = " ".join(str(raw[key]) for key in ("note", "confidence_note") if raw.get(key))
    return Rule(
        id=raw["id"],
        jurisdiction=_word(raw, "jurisdiction", where),
        authority=_word(raw, "authority", where),
        title=_word(raw, "title", where),
        document=_word(raw, "document", where),
        binds=_word(raw, "binds", where),
        kind=_choice(raw, "kind", KINDS, where),
        confidence=_choice(raw, "confidence", CONFIDENCE, where),
        effective_from=since,
        effective_to=until,
        sources=tuple(sources),
        retrieved=retrieved,
        lines=lines,
        notes=notes,
    )


def read_rules(text: str) -> tuple[Rule, ...]:
    """The rules in a TOML text. Raises BadPolicy that says which rule and line is wrong and what to write instead."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadPolicy(f"not TOML: {fault}") from None
    if raw.get("format") != FORMAT:
        raise BadPolicy(f'the file must say format = "{FORMAT}"')
    if unknown := set(raw) - {"format", "rules"}:
        raise BadPolicy(f"there is no entry {min(unknown)} beside format and [[rules]]")
    rules = tuple(_rule(row) for row in raw.get("rules", []))
    _need_unique(rules)
    return rules


def _need_unique(rules: tuple[Rule, ...]) -> None:
    ids = [rule.id for rule in rules]
    if twice := next((id for place, id in enumerate(ids) if id in ids[:place]), None):
        raise BadPolicy(f"rule {twice} is there twice")


@cache
def published() -> tuple[Rule, ...]:
    """The rules that come with Sampan, by id."""
    folder = files("core").joinpath("policy", "rules")
    texts = [file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".toml")]
    rules = tuple(sorted((rule for text in texts for rule in read_rules(text)), key=lambda rule: rule.id))
    _need_unique(rules)
    return rules


@cache
def published_by_id() -> dict[str, Rule]:
    """The same, by id."""
    return {rule.id: rule for rule in published()}
