"""Small payments: how many more of them go without a confirmation, by what exempts them (core.risk.rulebook)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from core.ids import OrderId, PersonId
from core.money import Money
from core.policy.rule import Action, Line, Metric
from core.ports import UnitOfWork
from core.risk import proofs, windows
from core.risk.deciding import is_of
from core.risk.holds import Purse
from core.risk.knowing import of_method
from core.risk.rulebook import Book, book_at
from core.shop.context import Shop


@dataclass(frozen=True, slots=True)
class Small:
    """Payments of up to `each` go without: `count` more of them, or `left` together, whichever lasts longer."""

    each: Money
    left: Money
    count: int


def small(uow: UnitOfWork, shop: Shop, who: PersonId) -> Small | None:
    """What somebody may still pay without a confirmation, by whichever way to pay; None for who confirms nothing small.

    Each way to pay may count by a rule of its own: what is told is the least of them, so that it is true of all.
    """
    proved, now = proofs.standing(uow, who), shop.clock.now()
    if not proved.enrolled:
        return None
    purse = uow.purses.get(f"shopper|{who}") or Purse("")
    found = [_left(lines, purse, proved.last_strong, now) for lines in _exempting(shop, book_at(shop.policy, now))]
    if not found:
        return None
    return Small(
        each=min((one.each for one in found), key=lambda money: money.minor),
        left=min((one.left for one in found), key=lambda money: money.minor),
        count=min(one.count for one in found),
    )


def _exempting(shop: Shop, book: Book) -> list[dict[Metric, Line]]:
    """The exemptions of small payments by the shop's ways to pay: of each the lines that say how much and how many."""
    known = [of_method(shop, method, minds_rail=book.minds_rail) for method in shop.methods]
    groups: dict[tuple[str, str], dict[Metric, Line]] = defaultdict(dict)
    for line in book.lines:
        if line.action is Action.EXEMPT and any(is_of(line, facts) for facts in known):
            groups[line.rule, line.exempts][line.metric] = line
    return [lines for lines in groups.values() if {Metric.PAYMENT, Metric.STRONG, Metric.COUNT} <= lines.keys()]


def _left(lines: dict[Metric, Line], purse: Purse, strong: datetime | None, now: datetime) -> Small:
    def used(line: Line) -> int:
        tag = windows.tag_of(line, now, strong, OrderId(""))
        return windows.used(purse.used, windows.window_of(line, ""), tag, now)

    each, total, count = lines[Metric.PAYMENT], lines[Metric.STRONG], lines[Metric.COUNT]
    assert each.amount is not None and total.amount is not None
    left = Money(max(0, total.amount.minor - used(total)), total.amount.asset)
    return Small(each.amount, left, max(0, count.count - used(count)))
