"""The proof of invariant 10: the open position is what captures opened less what closed it, and quotes are used once.

Every leg on fx:position has to have its reason: an order's quote, a refund or a lost dispute of it, a payout that was
converted, or a hedge.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.ledger import accounts
from core.ledger.chain import Record
from core.ledger.finding import Finding
from core.money import Money, asset
from core.payments.dispute import DisputeState
from core.payments.locks import counter_of
from core.payments.pockets import forgiven
from core.payments.quote import Quote, QuoteState
from core.payments.refund import RefundState
from core.ports import UnitOfWork

INVARIANT = 10
_PAGE = 1_000
_TAKEN = (RefundState.FUNDED, RefundState.DONE, RefundState.FAILED)  # FAILED: owed to the payer still


@dataclass(slots=True)
class _Moves:
    """What the entries of one order did to the position."""

    entries: int = 0
    minor: Counter[str] = field(default_factory=Counter)  # currency code → debits less credits


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Findings of invariant 10. One walk through the journal, one through the quotes."""
    orders: defaultdict[str, _Moves] = defaultdict(_Moves)
    strays: list[Finding] = []
    for record in uow.journal.walk():
        moves = _moved(record)
        if moves and record.order is not None:
            orders[record.order].entries += 1
            orders[record.order].minor.update(moves)
        elif moves:
            strays.extend(_outside_orders(uow, record.key, moves))
    yield from strays
    users: set[str] = set()
    for quote in _quotes(uow, QuoteState.USED):
        if quote.order in users:
            yield Finding(INVARIANT, quote.order, "two quotes of one order have been used")
        users.add(quote.order)
        if quote.used_at is not None and quote.used_at > quote.expires_at:
            yield Finding(INVARIANT, quote.id, "the quote was used after its deadline")
        yield from _explained(uow, quote, orders.pop(quote.order, _Moves()))
    for order, left in orders.items():
        if any(left.minor.values()):
            yield Finding(INVARIANT, order, "the order has moved the open position without a quote that was used")
    yield from _locked(uow)


def _moved(record: Record) -> Counter[str]:
    moves: Counter[str] = Counter()
    for account, minor, code in record.legs:
        if account == accounts.POSITION:
            moves[code] += minor
    return moves


def _quotes(uow: UnitOfWork, state: QuoteState) -> Iterator[Quote]:
    for offset in range(0, uow.quotes.count(state=state), _PAGE):
        yield from uow.quotes.find(state=state, newest=False, limit=_PAGE, offset=offset)


def _explained(uow: UnitOfWork, quote: Quote, moves: _Moves) -> Iterator[Finding]:
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
    back = 0
    if came != quote.pay.minor:
        back = sum(one.amount.minor for one in uow.refunds.find(order=quote.order, state=_TAKEN, limit=_PAGE))
        lost = uow.disputes.find(order=quote.order, state=DisputeState.LOST, limit=_PAGE)
        back += forgiven(uow, uow.orders.need(quote.order), quote.pay).minor
        back = min(quote.pay.minor, back + sum(one.covered.minor for one in lost))
    if came != quote.pay.minor - back:
        yield Finding(INVARIANT, quote.order, "the open position of the order is not what was captured less refunded")


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


def _locked(uow: UnitOfWork) -> Iterator[Finding]:
    """The counters that bound the exposure are the sum of the locked quotes."""
    sums: Counter[str] = Counter()
    for quote in _quotes(uow, QuoteState.LOCKED):
        for amount in (quote.pay, -quote.counter) if quote.is_exchange else ():
            sums[amount.asset.code] += amount.minor
    for code in sorted(sums.keys() | {seller.currency.code for seller in uow.sellers.find(limit=_PAGE)}):
        of, counter = asset(code), uow.counters.get(counter_of(asset(code)))
        counted = counter.used if counter else 0
        if counted != sums[code]:
            what = f"{Money(counted, of)} are counted as locked, and the locked quotes say {Money(sums[code], of)}"
            yield Finding(INVARIANT, counter_of(of), what)
