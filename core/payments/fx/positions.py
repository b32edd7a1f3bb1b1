"""The proof of invariant 10: the open position is what captures opened less what closed it, and quotes are used once.

Every leg on fx:position has to have its reason: an order's quote, a refund or a lost dispute of it, a payout that was
converted, or a hedge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from core.ids import OrderId
from core.ledger import accounts
from core.ledger.chain import Record
from core.ledger.finding import Finding
from core.ledger.judge import Judge, walk
from core.money import Money, asset
from core.payments.ahead import with_orders
from core.payments.disputes.dispute import DisputeState
from core.payments.fx.locks import counter_of
from core.payments.fx.quote import Quote, QuoteState
from core.payments.pockets import captured, forgiven
from core.payments.refund import RefundState
from core.ports import UnitOfWork
from core.shop.orders import Order

INVARIANT = 10
_PAGE = 500
_TAKEN = (RefundState.FUNDED, RefundState.DONE, RefundState.FAILED)  # FAILED: owed to the payer still


@dataclass(slots=True)
class _Moves:
    """What the entries of one order did to the position."""

    entries: int = 0
    minor: Counter[str] = field(default_factory=Counter)  # currency code → debits less credits


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Findings of invariant 10, by a walk of its own."""
    return walk(uow, Position(uow))


class Position(Judge):
    """Invariant 10: of the journal what no order has brought, then every order. Nothing is held of either."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._told: Counter[str] = Counter()  # what entries of orders have moved, less what those orders account for

    def see(self, record: Record) -> Iterator[Finding]:
        """Judge.see."""
        moved = _moved(record)
        if moved and record.order is not None:
            self._told.update(moved)
        elif moved:
            yield from _outside_orders(self._uow, record.key, moved)

    def end(self) -> Iterator[Finding]:
        """Judge.end."""
        uow, used = self._uow, 0
        for unit, order in with_orders(uow, uow.orders.walk()):
            moves = _moves(uow, order.id)
            self._told.subtract(moves.minor)
            quote = unit.quotes.need(order.quote) if order.quote else None
            if quote is not None and quote.state is QuoteState.USED:
                used += 1
                yield from _used(unit, order, quote, moves)
            elif any(moves.minor.values()):
                yield Finding(
                    INVARIANT, order.id, "the order has moved the open position without a quote that was used"
                )
        if any(self._told.values()):
            yield Finding(INVARIANT, accounts.POSITION, "it was moved for orders that are not there")
        if used != uow.quotes.count(state=QuoteState.USED):
            yield from _strays(uow)
        yield from _locked(uow)


def _moves(uow: UnitOfWork, order: OrderId) -> _Moves:
    moves, legs = _Moves(), Counter[str]()
    for leg in uow.journal.legs_of(order):
        if leg.account == accounts.POSITION:
            moves.minor[leg.amount.asset.code] += leg.amount.minor
            legs[leg.amount.asset.code] += 1
    moves.entries = max(legs.values(), default=0)  # an entry has one leg of it in a currency
    return moves


def _moved(record: Record) -> Counter[str]:
    moves: Counter[str] = Counter()
    for account, minor, code in record.legs:
        if account == accounts.POSITION:
            moves[code] += minor
    return moves


def _used(uow: UnitOfWork, order: Order, quote: Quote, moves: _Moves) -> Iterator[Finding]:
    """An order uses one quote, in time, and moves the position as that quote says."""
    if quote.used_at is not None and quote.used_at > quote.expires_at:
        yield Finding(INVARIANT, quote.id, "the quote was used after its deadline")
    yield from _explained(uow, order, quote, moves)


def _strays(uow: UnitOfWork) -> Iterator[Finding]:
    """Quotes that were used, and not by their orders."""
    for quote in uow.quotes.walk():
        order = uow.orders.get(quote.order) if quote.state is QuoteState.USED else None
        if quote.state is QuoteState.USED and (order is None or order.quote != quote.id):
            yield Finding(INVARIANT, quote.order, "a quote was used that is not its order’s, or a second one of it")


def _explained(uow: UnitOfWork, order: Order, quote: Quote, moves: _Moves) -> Iterator[Finding]:
    """Both sides of the position stand in the quote's proportion, and what is closed of it went back to the buyer."""
    if not quote.is_exchange:
        if any(moves.minor.values()):
            yield Finding(INVARIANT, quote.order, "the order has one currency, and has moved the open position")
        return
    came, owed = -moves.minor[quote.pay.asset.code], moves.minor[quote.counter.asset.code]
    if moves.minor.keys() - {quote.pay.asset.code, quote.counter.asset.code} or not 0 <= came <= quote.pay.minor:
        yield Finding(INVARIANT, quote.order, "the order has moved the open position by more than its quote")
        return
    if abs(owed * quote.pay.minor - came * quote.counter.minor) > moves.entries * quote.pay.minor:
        yield Finding(INVARIANT, quote.order, "the two sides of the order’s position are not at the quote’s rate")
    if came != _wanted(uow, order, quote):
        yield Finding(INVARIANT, quote.order, "the open position of the order is not what was captured less refunded")


def _wanted(uow: UnitOfWork, order: Order, quote: Quote) -> int:
    """What the order must have opened: what stays of its payment, and of a shortfall that was let pass as much."""
    paid = captured(uow, order).minor
    back = sum(one.amount.minor for one in uow.refunds.find(order=quote.order, state=_TAKEN, limit=_PAGE))
    lost = uow.disputes.find(order=quote.order, state=DisputeState.LOST, limit=_PAGE)
    back += sum(one.covered.minor for one in lost) + forgiven(uow, order, quote.pay).minor
    stays = max(0, paid - back)
    return stays + (round(Fraction((quote.pay.minor - paid) * stays, paid)) if paid else 0)


def _outside_orders(uow: UnitOfWork, key: str, moves: Counter[str]) -> Iterator[Finding]:
    """A hedge, by its carrying amounts, or a payout that was converted."""
    kind, _, name = key.partition(":")
    if kind == "hedge":
        done = uow.hedges.get(name)
        told = (
            Counter({done.sold.asset.code: done.sold.minor, done.carried.asset.code: -done.carried.minor})
            if done
            else None
        )
        if moves != told:
            yield Finding(INVARIANT, key, "the entry does not move the position as its hedge says")
    elif kind == "payout":
        payout = uow.payouts.get(name.partition(":")[0])
        if payout is None or abs(moves[payout.taken.asset.code]) != payout.taken.minor:
            yield Finding(INVARIANT, key, "the entry does not move the position as its payout says")
    else:
        yield Finding(INVARIANT, key, "the open position was moved by neither an order, a payout nor a hedge")


def _offers(uow: UnitOfWork) -> Iterator[Quote]:
    """The offers that stand: minutes' worth of them, whatever the shop's age."""
    for offset in range(0, uow.quotes.count(state=QuoteState.LOCKED), _PAGE):
        yield from uow.quotes.find(state=QuoteState.LOCKED, newest=False, limit=_PAGE, offset=offset)


def _locked(uow: UnitOfWork) -> Iterator[Finding]:
    """The counters that bound the exposure are the sum of the locked quotes."""
    sums: Counter[str] = Counter()
    for quote in _offers(uow):
        for amount in (quote.pay, -quote.counter) if quote.is_exchange else ():
            sums[amount.asset.code] += amount.minor
    for code in sorted(sums.keys() | {seller.currency.code for seller in uow.sellers.find(limit=_PAGE)}):
        of, counter = asset(code), uow.counters.get(counter_of(asset(code)))
        counted = counter.used if counter else 0
        if counted != sums[code]:
            what = f"{Money(counted, of)} are counted as locked, and the locked quotes say {Money(sums[code], of)}"
            yield Finding(INVARIANT, counter_of(of), what)
