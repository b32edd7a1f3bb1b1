"""The published rules that come with Sampan, and how a file of them is read.

A rule file is TOML that says `format = "sampan-rules/1"`. Each `[[rules]]` names its document, whom it binds, from when
to when, how sure we are of it, to which payments it `applies`, and has `[[rules.lines]]`: one number and what follows
from it. A line may narrow what its rule says (its own document, confidence, binds, effective_from, effective_to).
"""

from __future__ import annotations

import tomllib
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.money import BadAmount, Money, UnknownAsset, asset, parse_amount
from core.policy.areas import spread
from core.policy.parts import BadPolicy, number
from core.policy.rule import CONFIDENCE, FACTS, KINDS, Action, Conditions, Layer, Line, Metric, Op, Rule, Whose

FORMAT = "sampan-rules/1"

W = TypeVar("W", bound=StrEnum)

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
    sources, retrieved = _read_where_and_when(raw, where)
    lines, notes = _lines(raw, where)
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
        sources=sources,
        retrieved=retrieved,
        lines=lines,
        notes=notes,
    )


def _read_where_and_when(raw: dict[str, Any], where: str) -> tuple[tuple[str, ...], date]:
    sources, retrieved = raw.get("sources"), _day(raw, "retrieved", where)
    named = isinstance(sources, list) and sources and all(isinstance(one, str) for one in sources)
    if not named or not retrieved:
        raise BadPolicy(f"{where}: sources names where it was read, and retrieved the day")
    return tuple(raw["sources"]), retrieved


def _lines(raw: dict[str, Any], where: str) -> tuple[tuple[Line, ...], dict[str, str]]:
    """A rule's lines, and what the source says more of them and of the rule."""
    zone = _word(raw, "zone", where)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadPolicy(f"{where}: zone is a time zone such as Asia/Shanghai") from None
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
    return lines, notes


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
