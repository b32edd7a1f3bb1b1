"""Locks: a quoted rate that is held for one order, from its confirmation to its use or its end.

What is locked is counted by currency while it lasts, so that no quote is locked past the exposure that the policy
allows, however many buyers confirm at once.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import Refusal, sentence
from core.ledger import accounts
from core.money import Asset, Money
from core.payments.fx.desk import NoRate
from core.payments.fx.pricing import cart_digest
from core.payments.fx.quote import Quote, QuoteState
from core.payments.operations import OperationKind
from core.ports import Duplicate, UnitOfWork
from core.risk.holds import Counter
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order


class NoRoom(Refusal):
    """The lock would take a currency past the exposure that the policy allows. Parameter: code."""

    sentence = sentence(
        "The shop cannot take more risk in {code} at the moment, so it cannot hold this rate. "
        "Please choose another way to pay, or try again later."
    )


_UNBOUNDED = -(2**62)


def counter_of(of: Asset) -> str:
    """The counter of what is locked in a currency: minor units that will come in, less those that will be owed."""
    return f"fx.locked|{of.code}"


def locked(uow: UnitOfWork, of: Asset) -> Money:
    """What the locked quotes will bring of a currency (below zero: will have to be paid)."""
    counter = uow.counters.get(counter_of(of))
    return Money(counter.used if counter else 0, of)


def booked(uow: UnitOfWork, of: Asset) -> Money:
    """The open position of a currency: what the shop has beyond what it owes (below zero: owes beyond what it has)."""
    return -uow.journal.balance(accounts.POSITION, of)


def lock(uow: UnitOfWork, shop: Shop, quote: Quote, until: datetime) -> Quote:
    """Hold an offered quote's rate until a moment. Raises NoRoom; IllegalMove for one that is not on offer."""
    _count(uow, quote, 1)
    _need_room(uow, shop, quote, (quote.pay, -quote.counter))
    return uow.quotes.save(replace(quote.move(QuoteState.LOCKED), expires_at=until))


def with_room(uow: UnitOfWork, shop: Shop, quote: Quote) -> Quote:
    """The quote, if it could be locked now. Raises NoRoom. Writes nothing."""
    _need_room(uow, shop, quote, (quote.pay, -quote.counter), to_come=True)
    return quote


def let_go(uow: UnitOfWork, quote: Quote, to: QuoteState) -> Quote:
    """End an offered or locked quote that is not used: EXPIRED or WITHDRAWN. One that has ended stays as it is."""
    if quote.state is QuoteState.LOCKED:
        _count(uow, quote, -1)
    elif quote.state is not QuoteState.OFFERED:
        return quote
    return uow.quotes.save(quote.move(to))


def use(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote, at: datetime | None = None) -> Quote:
    """The capture uses the quote, once. Raises IllegalMove when it is not locked.

    `at` is when the payment was made, by the payer's bank; who books it found it in time. What `recheck` finds wrong
    is told to the admins and does not stop it: by a bank's or a QR's payment the money is here already, the buyer has
    paid what they were promised, and the honest place for a rate that ran away is the shop's own books. The position is
    booked at the quote's mid, so what it costs shows as slippage (pnl:fx) when it is hedged.
    """
    found = recheck(uow, shop, order, quote, at or shop.clock.now())
    used = uow.quotes.save(replace(quote.move(QuoteState.USED), used_at=at))
    _count(uow, quote, -1)
    moved = abs(found.moved_bp) > shop.policy.fx.recheck_bp
    for admin in sorted(shop.admins) if moved or not found.bound else ():
        kind = "rate_moved" if found.bound else "quote_broken"
        slip = {"bp": str(found.moved_bp), "minor": str(found.slip.minor), "code": found.slip.asset.code}
        tell(uow, shop.clock.now(), admin, kind, order.id, **slip)
    return used


@dataclass(frozen=True, slots=True)
class Recheck:
    """What a last look finds: whether what the quote is bound to is unchanged, and what became of its rate."""

    bound: bool
    locked: bool
    in_time: bool
    moved_bp: int  # of the payer's currency in the seller's: below zero, the shop loses
    slip: Money  # what `pay` is worth today beyond what it was worth when priced, in the seller's currency

    def is_good(self, recheck_bp: int) -> bool:
        """Whether a channel may be told to capture."""
        return self.bound and self.locked and self.in_time and abs(self.moved_bp) <= recheck_bp


def recheck(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote, at: datetime) -> Recheck:
    """The last look before a capture, which a rail that is commanded to capture obeys, and `use` only tells.

    Cart, amount, payee and method must be what the quote was made for; the quote locked; the payment in time.
    """
    intent = uow.intents.get(order.intent) if order.intent else None
    charges = uow.operations.find(order=order.id, kind=OperationKind.CHARGE, channel=quote.method)
    payees = {f"{charge.body.get('payee', '')}|{charge.body.get('account', '')}" for charge in charges}
    mid = quote.mid
    with suppress(NoRate):  # a desk that has just lost its source knows of no move
        mid = shop.rates.mid(quote.pay.asset, quote.owed.asset, shop.clock.now().date(), to_sell=False).rate
    return Recheck(
        bound=quote.order == order.id
        and quote.cart == cart_digest(order)
        and quote.method == order.method
        and intent is not None
        and intent.presentment == quote.pay
        and quote.payee in payees,
        locked=quote.state is QuoteState.LOCKED,
        in_time=at <= quote.expires_at,
        moved_bp=round((mid / quote.mid - 1) * 10_000),
        slip=quote.pay.converted(mid, quote.owed.asset) - quote.pay.converted(quote.mid, quote.owed.asset),
    )


def _count(uow: UnitOfWork, quote: Quote, sign: int) -> None:
    if not quote.is_exchange:
        return
    # In the order of their codes: two buyers of opposite pairs must not wait for each other.
    for amount in sorted((quote.pay, -quote.counter), key=lambda one: one.asset):
        key = counter_of(amount.asset)
        if uow.counters.get(key) is None:
            with suppress(Duplicate):
                uow.counters.add(Counter(key, 0, None))
        uow.counters.shift(key, "used", sign * amount.minor, least=_UNBOUNDED)


def _need_room(uow: UnitOfWork, shop: Shop, quote: Quote, adds: tuple[Money, Money], *, to_come: bool = False) -> None:
    """Raises NoRoom. What brings a currency nearer to zero is always welcome."""
    if not quote.is_exchange:
        return
    base, today = shop.policy.currency, shop.clock.now().date()
    for added in adds:
        of = added.asset
        if of == base:  # in its own currency the shop risks nothing; the other side of the pair is judged
            continue
        after = booked(uow, of) + locked(uow, of) + (added if to_come else Money(0, of))
        size = Money(abs(after.minor), of)
        if (
            abs(after.minor) > abs((after - added).minor)
            and shop.rates.worth(size, base, today) > shop.policy.fx.exposure
        ):
            raise NoRoom(code=of)
