"""A seller's statement: what the journal says of their money between two moments. Read from entries, never from memory.

Three accounts make a seller's money: what is available, what is kept in reserve, and what they owe. Of each line
gross − fee = available + reserve − debt, and what was there before plus the lines is what is there after.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from core.ids import OrderId, SellerId
from core.ledger import accounts
from core.ledger.journal import Entry
from core.money import Asset, Money, asset, zero
from core.people import Seller
from core.ports import UnitOfWork


class LineKind(StrEnum):
    """What a line is about."""

    FIRST = "first"  # the part of a sale that comes before the buyer's word
    REST = "rest"
    REFUND = "refund"
    DISPUTE = "dispute"
    NETTED = "netted"  # a debt paid from what is available
    RESERVE = "reserve"  # kept back before, available now
    PAYOUT = "payout"
    RETURNED = "returned"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a seller has and owes, in one currency; as a change, what was added to each."""

    available: Money
    reserve: Money
    debt: Money

    @property
    def total(self) -> Money:
        """What is theirs in all."""
        return self.available + self.reserve - self.debt

    def __add__(self, more: Holdings) -> Holdings:
        return Holdings(self.available + more.available, self.reserve + more.reserve, self.debt + more.debt)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, as far as it touches the seller's money in one currency. gross − fee = change.total."""

    key: str
    at: datetime
    kind: LineKind
    gross: Money
    fee: Money
    change: Holdings
    order: OrderId | None = None
    paid: Money | None = None  # of a sale: what the buyer paid, for the whole order
    rate: Fraction | None = None  # … and how much the seller is owed for one unit of that
    payout: str = ""
    sent: Money | None = None  # of a payout that was converted: what arrives


@dataclass(frozen=True, slots=True)
class Part:
    """One currency of a statement. opening + lines = closing, to the minor unit, in each of the three accounts."""

    of: Asset
    opening: Holdings
    lines: tuple[Line, ...]
    closing: Holdings


@dataclass(frozen=True, slots=True)
class Statement:
    """A seller's money from `since` on and before `until`."""

    seller: Seller
    since: datetime
    until: datetime
    parts: tuple[Part, ...]

    @property
    def has_anything(self) -> bool:
        """Whether something happened, or something was there."""
        return any(part.lines or _any(part) for part in self.parts)


def statement(uow: UnitOfWork, seller_id: SellerId, since: datetime, until: datetime) -> Statement:
    """What happened in a period, in every currency that the seller has, had or owes. Raises Gone."""
    seller = uow.sellers.need(seller_id)
    entries = _entries(uow, seller.id, since)
    currencies = {seller.currency} | {
        asset(code) for name in _names(seller.id) for (account, code) in uow.journal.totals(name) if account == name
    }
    parts = (part_of(uow, seller, of, since, until, entries) for of in sorted(currencies))
    own = seller.currency
    return Statement(seller, since, until, tuple(part for part in parts if part.lines or part.of == own or _any(part)))


def part_of(
    uow: UnitOfWork,
    seller: Seller,
    of: Asset,
    since: datetime,
    until: datetime,
    entries: list[Entry] | None = None,
) -> Part:
    """One currency of it. `entries` are the seller's since `since`, when they are at hand."""
    entries = _entries(uow, seller.id, since) if entries is None else entries
    changes = [(one, _change(one, seller.id, of)) for one in entries]
    within = tuple(
        _line(uow, one, change, of) for one, change in changes if one.at < until and _moves(one, seller.id, of)
    )
    opening = closing = _now(uow, seller.id, of)
    for one, change in changes:
        opening = opening + _negative(change)
        if one.at >= until:
            closing = closing + _negative(change)
    return Part(of, opening, within, closing)


def _names(seller: SellerId) -> tuple[str, str, str]:
    return accounts.available(seller), accounts.reserve(seller), accounts.seller_debt(seller)


def _entries(uow: UnitOfWork, seller: SellerId, since: datetime) -> list[Entry]:
    """Every entry that touches the seller's money, once each, in order of time and arrival."""
    found: dict[str, Entry] = {}
    for name in _names(seller):
        found |= {one.key: one for one in uow.journal.entries_of(name, since)}
    return sorted(found.values(), key=lambda one: one.at)


def _now(uow: UnitOfWork, seller: SellerId, of: Asset) -> Holdings:
    available, reserve, debt = (uow.journal.balance(name, of) for name in _names(seller))
    return Holdings(-available, -reserve, debt)


def _change(one: Entry, seller: SellerId, of: Asset) -> Holdings:
    sums = dict.fromkeys(_names(seller), zero(of))
    for leg in one.legs:
        if leg.account in sums and leg.amount.asset == of:
            sums[leg.account] += leg.amount
    available, reserve, debt = sums.values()
    return Holdings(-available, -reserve, debt)


def _negative(change: Holdings) -> Holdings:
    return Holdings(-change.available, -change.reserve, -change.debt)


def _moves(one: Entry, seller: SellerId, of: Asset) -> bool:
    return any(leg.account in _names(seller) and leg.amount.asset == of for leg in one.legs)


def _any(part: Part) -> bool:
    return any((part.opening.available, part.opening.reserve, part.opening.debt))


def _line(uow: UnitOfWork, one: Entry, change: Holdings, of: Asset) -> Line:
    kind = _kind(one, change)
    fee = zero(of)
    if one.order is not None:
        fee -= sum(
            (leg.amount for leg in one.legs if leg.account == accounts.FEES and leg.amount.asset == of), zero(of)
        )
    paid, rate = _sale(uow, one, of) if kind in (LineKind.FIRST, LineKind.REST) else (None, None)
    payout = one.key.split(":")[1] if kind in (LineKind.PAYOUT, LineKind.RETURNED) else ""
    return Line(
        key=one.key,
        at=one.at,
        kind=kind,
        gross=change.total + fee,
        fee=fee,
        change=change,
        order=one.order,
        paid=paid,
        rate=rate,
        payout=payout,
        sent=_sent(one, payout, of) if kind is LineKind.PAYOUT else None,
    )


def _kind(one: Entry, change: Holdings) -> LineKind:
    """By the entry's key, and where that says nothing by what it does."""
    what, *more = one.key.split(":")
    if what == "release":
        return LineKind.FIRST if more[-1:] == ["first"] else LineKind.REST
    if what == "payout":
        return LineKind.RETURNED if change.available.minor > 0 else LineKind.PAYOUT
    known = {"reserve": LineKind.RESERVE, "debt": LineKind.NETTED, "refund": LineKind.REFUND}
    known["reduced"] = LineKind.REFUND  # of what its buyer had not yet paid: to the seller it is all the same
    if what in known:
        return known[what]
    if what in ("dispute", "chargeback"):
        return LineKind.DISPUTE
    return LineKind.OTHER


def _sale(uow: UnitOfWork, one: Entry, of: Asset) -> tuple[Money | None, Fraction | None]:
    order = uow.orders.get(one.order) if one.order else None
    quote = uow.quotes.get(order.quote) if order and order.quote else None
    if quote is None:
        return None, None
    if quote.pay.asset == of or not quote.pay:
        return quote.pay, None
    return quote.pay, Fraction(quote.owed.decimal) / Fraction(quote.pay.decimal)


def _sent(one: Entry, payout: str, of: Asset) -> Money | None:
    """What a payout became on its way, where that is another currency."""
    account = accounts.transit(payout)
    return next((-leg.amount for leg in one.legs if leg.account == account and leg.amount.asset != of), None)


# What a payout is made of


@dataclass(frozen=True, slots=True)
class Sum:
    """How a payout came about: carried + each of these = taken + left, to the minor unit."""

    carried: Money  # from before, less what was paid out of it since
    sales: Money
    fees: Money  # to be taken off
    reserved: Money  # to be taken off
    freed: Money
    refunds: Money  # negative: disputes and other movements are in it too
    netted: Money  # to be taken off
    taken: Money
    left: Money  # not paid out now: what came in since the period's end is not in it

    @property
    def adds_up(self) -> bool:
        """Whether it does."""
        came = self.carried + self.sales - self.fees - self.reserved + self.freed + self.refunds - self.netted
        return came == self.taken + self.left


def sum_of(uow: UnitOfWork, payout_id: str) -> Sum:
    """The sums behind a payout, from the journal. Raises Gone."""
    payout = uow.payouts.need(payout_id)
    seller, of = uow.sellers.need(payout.seller), payout.taken.asset
    part = part_of(uow, seller, of, payout.since, payout.until)
    sales = [one for one in part.lines if one.kind in (LineKind.FIRST, LineKind.REST)]
    moved = [one for one in part.lines if one.kind in (LineKind.PAYOUT, LineKind.RETURNED)]
    others = [one for one in part.lines if one.kind in (LineKind.REFUND, LineKind.DISPUTE, LineKind.OTHER)]
    netted = [one for one in part.lines if one.kind is LineKind.NETTED]
    former, own = (netting_key(seller, of, moment) for moment in (payout.since, payout.until))
    now = -_change(uow.journal.entry(own), seller.id, of).debt if uow.journal.posted(own) else zero(of)
    return Sum(
        carried=part.opening.available
        + _added(of, (one.change.available for one in moved))
        + _added(of, (one.change.available for one in netted if one.key == former)),
        sales=_added(of, (one.gross for one in sales)),
        fees=_added(of, (one.fee for one in sales)),
        reserved=_added(of, (one.change.reserve for one in sales)),
        freed=_added(of, (one.change.available for one in part.lines if one.kind is LineKind.RESERVE)),
        refunds=_added(of, (one.change.available for one in others)),
        netted=now - _added(of, (one.change.debt for one in (*sales, *netted) if one.key != former)),
        taken=payout.taken,
        left=part.closing.available - now - payout.taken,
    )


def netting_key(seller: Seller, of: Asset, until: datetime) -> str:
    """The entry that nets a debt just before the payout of the period that ends then (see batches)."""
    return f"debt:{seller.id}:{of}:{until:%Y-%m-%d}"


def _added(of: Asset, amounts: Iterable[Money]) -> Money:
    return sum(amounts, zero(of))
