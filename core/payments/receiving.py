"""Money that comes in: each fact once, applied to its order or held for its owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.ids import PersonId
from core.ledger.journal import Leg, credit, debit, entry
from core.money import Money
from core.payments import locks
from core.payments.escrow import escrow_of, release_first
from core.payments.operations import (
    IntentState,
    Misfit,
    Operation,
    OperationKind,
    OperationState,
    Receipt,
    ReceiptState,
)
from core.payments.quote import Quote
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState


@dataclass(frozen=True, slots=True)
class Fact:
    """One incoming payment as a channel's own message tells it.

    `id` is the channel's name of the payment (endToEndId, AcctSvcrRef), the same in every message about it.
    """

    channel: str
    id: str
    reference: str
    amount: Money
    at: datetime  # when the payer's bank took the order
    debtor_account: str = ""
    debtor_name: str = ""

    def __repr__(self) -> str:
        return f"Fact({self.channel}, {self.amount})"


_OPEN = (OperationState.DISPATCHED, OperationState.ACTION, OperationState.PENDING, OperationState.UNKNOWN)


def take_in(uow: UnitOfWork, shop: Shop, fact: Fact) -> Receipt:
    """Book a payment. The same fact again, in whichever message, changes nothing and returns the first receipt."""
    known = uow.receipts.find(channel=fact.channel, fact=fact.id, limit=1)
    if known:
        return known[0]
    reference = fact.reference.replace(" ", "").upper()
    charges = uow.operations.find(channel=fact.channel, kind=OperationKind.CHARGE, reference=reference, limit=1)
    if not charges:
        return _hold(uow, shop, fact, Misfit.UNKNOWN_REFERENCE, None)
    order = uow.orders.lock(charges[0].order)
    charge = uow.operations.lock(charges[0].id)
    misfit = _misfit(fact, charge, order)
    if misfit is Misfit.NONE:
        return _apply(uow, shop, fact, charge, order)
    ended = order.state is not OrderState.PLACED and charge.state is not OperationState.SUCCEEDED
    if misfit is Misfit.LATE and ended and fact.amount == charge.amount:
        charge = uow.operations.save(replace(charge.move(OperationState.SUCCEEDED), evidence=fact.id))
    return _hold(uow, shop, fact, misfit, order)


def _misfit(fact: Fact, charge: Operation, order: Order) -> Misfit:
    """What the fact itself says is asked before what happened so far, so that messages in any order end alike."""
    in_time = charge.expires_at is None or fact.at <= charge.expires_at
    if not in_time or (order.paid_at is None and order.state is not OrderState.PLACED):
        return Misfit.LATE
    if fact.amount != charge.amount:
        return Misfit.WRONG_AMOUNT
    if order.paid_at is not None:
        return Misfit.DOUBLE
    return Misfit.NONE if charge.state in _OPEN else Misfit.LATE


def _apply(uow: UnitOfWork, shop: Shop, fact: Fact, charge: Operation, order: Order) -> Receipt:
    now = shop.clock.now()
    intent = uow.intents.lock(charge.intent) if charge.intent else None
    quote = uow.quotes.lock(order.quote) if order.quote else None
    assert intent is not None and quote is not None, "a placed order has an intent and a quote"
    uow.operations.save(replace(charge.move(OperationState.SUCCEEDED), evidence=fact.id))
    uow.intents.save(replace(intent, state=IntentState.CAPTURED))
    locks.use(uow, shop, order, quote, fact.at)
    order = uow.orders.save(replace(order.move(OrderState.PAID), paid_at=now))
    uow.journal.post(
        entry(f"capture:{order.id}", now, "capture", *_capture_legs(charge.channel, order, quote), order=order.id)
    )
    seller = uow.sellers.need(order.seller)
    tell(uow, now, order.shopper, "paid", order.id)
    tell(uow, now, seller.person, "sold", order.id)
    if shop.policy.escrow[seller.tier].on_capture:  # told after the sale that it comes from
        release_first(uow, shop, order, seller)
    return uow.receipts.add(_receipt(shop, fact, ReceiptState.APPLIED, Misfit.NONE, escrow_of(order), order))


def _capture_legs(channel: str, order: Order, quote: Quote) -> tuple[Leg, ...]:
    pay, owed = quote.pay, quote.owed
    if pay.asset == owed.asset:
        bridge: tuple[Leg, ...] = ()
    else:
        bridge = (credit("fx:position", pay), debit("fx:position", owed + quote.markup))
    # At equal rates rounding can leave a unit either way: that is nobody's markup.
    yielded = "rev:fx_markup" if quote.markup.minor > 0 else "pnl:rounding"
    return (
        debit(f"clearing:{channel}", pay),
        *bridge,
        credit(escrow_of(order), owed),
        credit(yielded, quote.markup),
    )


def _receipt(shop: Shop, fact: Fact, state: ReceiptState, misfit: Misfit, account: str, order: Order | None) -> Receipt:
    return Receipt(
        id=shop.ids.new(8),
        channel=fact.channel,
        fact=fact.id,
        reference=fact.reference[:64],
        amount=fact.amount,
        received_at=shop.clock.now(),
        state=state,
        misfit=misfit,
        account=account,
        order=order.id if order else None,
        payer=order.shopper if order else None,
        debtor_account=fact.debtor_account,
        debtor_name=fact.debtor_name,
    )


def _hold(uow: UnitOfWork, shop: Shop, fact: Fact, misfit: Misfit, order: Order | None) -> Receipt:
    """Keep money that fits no order as it is, and tell its owner and the admins. It can be refunded."""
    now = shop.clock.now()
    owed_back = misfit is Misfit.DOUBLE and order is not None
    account = f"refund_payable:{order.shopper}" if owed_back and order else f"unapplied:{fact.channel}"
    receipt = uow.receipts.add(_receipt(shop, fact, ReceiptState.HELD, misfit, account, order))
    uow.journal.post(
        entry(
            f"held:{receipt.id}",
            now,
            "held",
            debit(f"clearing:{fact.channel}", fact.amount),
            credit(account, fact.amount),
            order=order.id if order else None,
        )
    )
    for listener in _listeners(shop, order):
        tell(uow, now, listener, "held", receipt.id)
    return receipt


def _listeners(shop: Shop, order: Order | None) -> list[PersonId]:
    return [*([order.shopper] if order else []), *sorted(shop.admins - ({order.shopper} if order else set()))]
