"""The decision itself: what the rules say of what is known of a payment. Pure, so that it can be made again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.money import Money
from core.policy.rule import Action, Conditions, Layer, Line, Metric, Op
from core.risk.decision import Facts, Verdict
from core.risk.windows import SUMMED, ends, window_of

_MEASURES = {Metric.UNIT: "unit", Metric.SHIPMENT: "shipment"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided. `line` decided it, of which `used` was used before; None when no line stood in the way."""

    verdict: Verdict
    line: Line | None = None
    factors: int = 0
    used: int = 0
    notes: tuple[str, ...] = ()

    @property
    def left(self) -> Money | None:
        """How much of the line's amount is left."""
        if self.line is None or self.line.amount is None:
            return None
        return Money(max(0, self.line.amount.minor - self.used), self.line.amount.asset)


def measure(line: Line) -> str:
    """The name under which Facts.sums has what a line is compared with."""
    assert line.amount is not None
    return f"{_MEASURES.get(line.metric, 'payment')}|{line.amount.asset.code}"


def concerns(line: Line, facts: Facts) -> bool:
    """Whether a line speaks of such a payment at all."""
    return is_of(line, facts.known) and is_now(line, facts)


def is_of(line: Line, known: Mapping[str, str]) -> bool:
    """Whether a line speaks of payments of which this is known."""
    return _applies(line.applies, known) and _met(line.when, known, line.action)


def is_now(line: Line, facts: Facts) -> bool:
    """Whether a line speaks of the hour of a payment."""
    return line.metric is not Metric.PERIOD or ends(line.metric, line.zone, 0, line.hours, facts.at) is not None


def _applies(conditions: Conditions, known: Mapping[str, str]) -> bool:
    return all(any(word in values for word in known.get(fact, "").split()) for fact, values in conditions)


def _met(conditions: Conditions, known: Mapping[str, str], action: Action) -> bool:
    """What is not known counts as met, so that it never makes a payment safer; for an exemption it is not met."""
    for fact, values in conditions:
        words = known.get(fact, "").split()
        if not words:
            if action is Action.EXEMPT:
                return False
        elif not any(word in values for word in words):
            return False
    return True


def decide(facts: Facts, lines: Iterable[Line], seen: Mapping[str, int]) -> Outcome:
    """The strictest of what the lines say: a refusal, else the most factors, else a free way.

    `seen` says how much of each window (core.risk.windows.window_of) was used before this payment.
    """
    mine = [line for line in lines if concerns(line, facts)]
    notes: list[str] = []
    stops: list[tuple[Line, int]] = []
    asks: list[tuple[Line, int]] = []
    for line in mine:
        if line.action is Action.EXEMPT:
            continue
        used = seen.get(window_of(line, facts.seller), 0) if line.metric in SUMMED else 0
        passed = _passes(line, facts, used)
        if passed is None:
            notes.append(f"{line.id}:unknown")
        elif passed and line.action is Action.NOTE:
            notes.append(f"{line.id}:{line.says}")
        elif passed and line.action is Action.REFUSE:
            stops.append((line, used))
        elif passed:
            exemption = _exemption(line, mine, facts, seen)
            if exemption:
                notes.append(f"{line.id}:exempt {exemption}")
            elif facts.known.get("prepaid") == "yes":
                notes.append(f"{line.id}:paid before")
            else:
                asks.append((line, used))
    notes.sort()
    if stops:
        line, used = min(stops, key=_rank)
        return Outcome(Verdict.REFUSE, line, 0, used, tuple(notes))
    if asks:
        line, used = min(asks, key=lambda one: (-one[0].factors, _rank(one)))
        return Outcome(Verdict.STEP_UP, line, line.factors, used, tuple(notes))
    return Outcome(Verdict.ALLOW, None, 0, 0, tuple(notes))


_LAYERS = {layer: place for place, layer in enumerate(Layer)}


def _rank(stop: tuple[Line, int]) -> tuple[int, bool, str]:
    """Which of several refusals is told: the reader's own limits first, and what no waiting lifts before windows."""
    line, _ = stop
    return _LAYERS[line.layer], line.metric in SUMMED, line.id


def _passes(line: Line, facts: Facts, used: int) -> bool | None:
    """Whether a payment passes a line's number; None when it cannot be compared, for want of a rate."""
    if line.metric is Metric.ALWAYS:
        return True
    if line.metric is Metric.COUNT:
        return used + 1 > line.count
    mine = facts.sums.get(measure(line))
    if mine is None or line.amount is None:
        return None
    total, limit = used + mine, line.amount.minor
    if line.metric is Metric.LEAST:
        return total < limit
    return {Op.OVER: total > limit, Op.FROM: total >= limit, Op.UPTO: total <= limit}[line.op]


def _exemption(asking: Line, mine: Iterable[Line], facts: Facts, seen: Mapping[str, int]) -> str:
    """The exemption of the asking line's own rule that frees this payment; "" for none."""
    groups: dict[str, list[Line]] = {}
    for line in mine:
        if line.action is Action.EXEMPT and line.rule == asking.rule:
            groups.setdefault(line.exempts, []).append(line)
    for name, lines in sorted(groups.items()):
        holds = {line.id: _keeps(line, facts, seen.get(window_of(line, facts.seller), 0)) for line in lines}
        any_of = [holds[line.id] for line in lines if line.combine == "or"]
        if all(holds[line.id] for line in lines if not line.combine) and (not any_of or any(any_of)):
            return name
    return ""


def _keeps(line: Line, facts: Facts, used: int) -> bool:
    """Whether a payment stays within an exempting line's number."""
    if line.metric is Metric.COUNT:
        return used + 1 <= line.count
    mine = facts.sums.get(measure(line))
    return mine is not None and line.amount is not None and used + mine <= line.amount.minor
