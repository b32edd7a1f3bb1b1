"""Limits as holds: what a payment takes of each purse, and gives back when it comes to nothing."""

from __future__ import annotations

from collections import Counter as Sums
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from core.errors import Gone, Refusal
from core.ids import OrderId
from core.ledger.finding import Finding
from core.policy.rule import Line, Metric, Whose
from core.ports import Duplicate, UnitOfWork
from core.risk import windows
from core.risk.deciding import measure
from core.risk.decision import Decision, Facts
from core.risk.holds import Hold, Purse
from core.shop.orders import OrderState


class LimitRefusal(Refusal):
    """A limit said no. `decision` is what was decided and from what; it was not kept, as nothing else was."""

    decision: Decision | None = None


def purse_id(whose: Whose, facts: Facts) -> str:
    """The purse that a line counts in."""
    match whose:
        case Whose.SHOPPER | Whose.LINKED:
            return f"shopper|{facts.shopper}"
        case Whose.SELLER:
            return f"seller|{facts.seller}"
        case Whose.CHANNEL:
            return f"channel|{facts.method}"
        case Whose.SHOP:
            return "shop|"


class Place(NamedTuple):
    """Where a line that sums up counts a payment: in which purse, which window of it, under which tag."""

    line: Line
    purse: str
    window: str
    tag: str


def places(facts: Facts, lines: Iterable[Line], strong: datetime | None) -> list[Place]:
    """The places of those lines that sum up; `strong` is when the shopper proved anything last."""
    return [
        Place(
            line,
            purse_id(line.whose, facts),
            windows.window_of(line, facts.seller),
            windows.tag_of(line, facts.at, strong, facts.order),
        )
        for line in lines
        if line.metric in windows.SUMMED
    ]


def purses(uow: UnitOfWork, where: Iterable[Place]) -> dict[str, Purse]:
    """The purses of these places, locked in one order, so that two payments at once wait for each other."""
    return {name: _locked(uow, name) for name in sorted({place.purse for place in where})}


def _locked(uow: UnitOfWork, name: str) -> Purse:
    try:
        return uow.purses.lock(name)
    except Gone:  # the first payment of this subject
        with suppress(Duplicate):
            return uow.purses.add(Purse(name))
        return uow.purses.lock(name)


def without_ended(uow: UnitOfWork, purse: Purse) -> Purse:
    """The purse without what stayed with orders that are over by now."""
    over = [entry for entry in purse.used if (order := windows.order_in(entry)) and _is_over(uow, order)]
    return replace(purse, used={entry: n for entry, n in purse.used.items() if entry not in over}) if over else purse


_OVER = (OrderState.RECEIVED, OrderState.REFUNDED, OrderState.CANCELLED, OrderState.EXPIRED)


def _is_over(uow: UnitOfWork, order: OrderId) -> bool:
    found = uow.orders.get(order)
    return found is None or found.state in _OVER


def take(uow: UnitOfWork, facts: Facts, where: Iterable[Place], held: Mapping[str, Purse]) -> None:
    """Take a payment's amount from every place its lines count it in. The purses must be those that were locked."""
    proved = facts.known.get("factors", "0") != "0"
    taken: dict[str, dict[str, int]] = {name: {} for name in held}
    for line, purse, window, tag in where:
        if proved and line.metric in (Metric.STRONG, Metric.COUNT):
            continue
        amount = 1 if line.metric is Metric.COUNT else facts.sums.get(measure(line))
        if amount is not None:
            taken[purse][f"{window}|{tag}"] = amount
    for name, entries in taken.items():
        if entries:
            _put(uow, facts, held[name], entries)


def _put(uow: UnitOfWork, facts: Facts, purse: Purse, entries: dict[str, int]) -> None:
    used = windows.cleared(purse.used, facts.at)
    for entry, amount in entries.items():
        used[entry] = used.get(entry, 0) + amount
    uow.purses.save(replace(purse, used=windows.cleared(used, facts.at), at=facts.at))
    hold = Hold(f"{facts.order}|{purse.id}", facts.order, purse.id, entries, released=False, placed_at=facts.at)
    try:
        uow.holds.add(hold)
    except Duplicate:  # the order is paid another way after all
        uow.holds.save(replace(hold, version=uow.holds.need(hold.id).version))


def release(uow: UnitOfWork, order: OrderId) -> None:
    """Give back what an order that came to nothing was holding. A second call gives nothing."""
    for held in sorted(uow.holds.find(order=order, released=False), key=lambda hold: hold.purse):
        purse = uow.purses.lock(held.purse)
        used = dict(purse.used)
        for entry, amount in held.taken.items():
            if entry in used:  # else its window is over
                used[entry] -= amount
                if not used[entry]:
                    del used[entry]
        uow.purses.save(replace(purse, used=used))
        uow.holds.save(replace(held, released=True))


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Invariant 12: what is used of a purse is the sum of what is held of it."""
    kept = {purse.id: purse for purse in uow.purses.walk()}
    rest = {name: Sums(purse.used) for name, purse in kept.items()}
    for hold in uow.holds.walk():
        if hold.released:
            continue
        purse = kept.get(hold.purse)
        if purse is None:
            yield Finding(12, hold.id, f"it is of the purse {hold.purse}, which is not there")
            continue
        for entry, amount in hold.taken.items():
            if entry in purse.used:
                rest[hold.purse][entry] -= amount
            elif not _may_be_gone(uow, purse, entry):
                yield Finding(12, hold.id, f"{amount} of {entry} are held, and nothing of it is used")
    for name, entries in rest.items():
        for entry, amount in entries.items():
            if amount:
                used = kept[name].used[entry]
                yield Finding(12, name, f"{used} of {entry} are used, the holds on it sum to {used - amount}")


def _may_be_gone(uow: UnitOfWork, purse: Purse, entry: str) -> bool:
    """Whether an entry was rightly left out: its window or its order is over, or counts from a later proof by now."""
    if purse.at is not None and windows.is_over(entry, purse.at):
        return True
    order = windows.order_in(entry)
    if order is not None:
        return _is_over(uow, order)
    window, _, tag = entry.rpartition("|")
    return tag[0] == ">" and any(other.rpartition("|")[0] == window and other > entry for other in purse.used)
