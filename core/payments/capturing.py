"""The capture: an order's price is together, from one payment or several, and becomes the sale's money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.ledger import accounts
from core.ledger.journal import Leg, credit, debit, entry
from core.money import Money, zero
from core.payments.applied import Application
from core.payments.escrow import release_first
from core.payments.fx import locks
from core.payments.instalments import books as planbooks
from core.payments.operations import IntentState, OperationKind, OperationState
from core.payments.pockets import bridged, captured, left, markup_account, quote_of
from core.payments.receipts import Receipt
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState

_ENDLESS = 1000
_ENDED = (OperationState.SUCCEEDED, OperationState.REJECTED, OperationState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Share:
    """What one receipt gives to an order. `source` is the account that it lies in until then."""

    receipt: Receipt
    amount: Money
    source: str


def shares(uow: UnitOfWork, shop: Shop, order: Order, price: Money, newest: Share | None = None) -> list[Share]:
    """The payments that together reach the price, oldest first; [] while they do not.

    One that reaches it by itself is enough. What may be missing by the policy counts as there.
    """
    if newest is not None and newest.amount >= price:
        return [replace(newest, amount=price)]
    found = uow.receipts.find(part_of=order.id, newest=False, limit=_ENDLESS)
    parts = [Share(one, one.held, one.account) for one in found if one.held and one.held.asset == price.asset]
    parts += [newest] if newest is not None else []
    together = sum((part.amount for part in parts), zero(price.asset))
    # In parts nothing is let pass: what is missing of one is asked for.
    may_lack = shop.policy.holding.short_ok_minor if order.parts == 1 else 0
    if not parts or together.minor < price.minor - may_lack:
        return []
    taken, open_ = [], price
    for part in parts:
        amount = min(part.amount, open_)
        if amount:
            taken.append(replace(part, amount=amount))
            open_ -= amount
    return taken


def missing(uow: UnitOfWork, order: Order, price: Money) -> Money:
    """What is still to pay of a price, less the parts that are held for it."""
    found = uow.receipts.find(part_of=order.id, limit=_ENDLESS)
    there = sum(one.held.minor for one in found if one.held.asset == price.asset)
    return Money(max(0, price.minor - there), price.asset)


def apply(uow: UnitOfWork, shop: Shop, order: Order, share: Share) -> Receipt:
    """Write down that a share of a receipt pays an order. The books are the caller's."""
    key = f"{share.receipt.id}|{order.id}"
    known = uow.applications.get(key)
    if known is None:
        uow.applications.add(Application(key, share.receipt.id, order.id, share.amount, shop.clock.now()))
    else:
        uow.applications.save(replace(known, amount=known.amount + share.amount))
    receipt = uow.receipts.lock(share.receipt.id)
    return uow.receipts.save(receipt.keeping(receipt.held - share.amount))


def capture(uow: UnitOfWork, shop: Shop, order: Order, paid_by: Sequence[Share], at: datetime | None = None) -> Order:
    """Take the price into escrow: once an order, by the key of its entry. Everybody concerned is told.

    Of an order in parts `paid_by` is the first part; the buyer owes the rest, and the seller is owed all.
    `at` is when the payment that completed the price was made, where its message told that.
    """
    now = shop.clock.now()
    quote, seller = quote_of(uow, order), uow.sellers.need(order.seller)
    in_parts = order.parts > 1
    by = [debit(accounts.buyer_instalment(order.id), quote.pay)] if in_parts else _by_payments(quote.pay, paid_by)
    uow.journal.post(
        entry(
            f"capture:{order.id}",
            now,
            "capture",
            *bridged(
                quote,
                [
                    *by,
                    credit(accounts.escrow(order.id), quote.owed),
                    credit(markup_account(quote), quote.markup),
                ],
            ),
            order=order.id,
        )
    )
    plan = planbooks.begin(uow, shop, order, quote.pay) if in_parts else None
    for share in paid_by:
        if plan is not None:
            plan = planbooks.book(uow, shop, plan, 1, share.receipt.id, share.source, share.amount)
        apply(uow, shop, order, share)
    _end_charges(uow, order, [share.receipt for share in paid_by])
    assert order.intent is not None
    uow.intents.save(replace(uow.intents.lock(order.intent), state=IntentState.CAPTURED))
    locks.use(uow, shop, order, quote, at)
    rules = shop.policy.escrow[seller.tier]
    order = uow.orders.save(replace(order.move(OrderState.PAID), paid_at=now, ship_by=now + rules.ship))
    tell(uow, now, order.shopper, "paid", order.id)
    tell(uow, now, seller.person, "sold", order.id)
    if rules.on_capture:  # told after the sale that it comes from
        release_first(uow, shop, order, seller)
    return order


def _by_payments(price: Money, paid_by: Sequence[Share]) -> list[Leg]:
    paid = sum((share.amount for share in paid_by), zero(price.asset))
    return [*(debit(share.source, share.amount) for share in paid_by), debit(accounts.ROUNDING, price - paid)]


def make_good(uow: UnitOfWork, shop: Shop, order: Order, share: Share) -> bool:
    """Let more money for a captured order fill what was let pass of its price. False when nothing is missing.

    So a short payment and its rest end in the same books, whichever is told first.
    """
    price, paid = quote_of(uow, order).pay, captured(uow, order)
    lacks = price - paid
    if order.parts > 1 or not lacks or left(uow, order) != paid or order.frozen:
        return False
    filled = replace(share, amount=min(share.amount, lacks))
    key = f"made_good:{share.receipt.id}"
    legs = (debit(share.source, filled.amount), credit(accounts.ROUNDING, filled.amount))
    uow.journal.post(entry(key, shop.clock.now(), "made good", *legs, order=order.id))
    apply(uow, shop, order, filled)
    return True


def clean(reference: str) -> str:
    """A reference as the payer's bank may have spaced and cased it, brought to ours."""
    return reference.replace(" ", "").upper()


def _end_charges(uow: UnitOfWork, order: Order, receipts: Sequence[Receipt]) -> None:
    """The charges that brought the money have succeeded; our other offers are taken back."""
    facts = {(one.channel, clean(one.reference)): one.fact for one in receipts}
    for found in uow.operations.find(order=order.id, kind=OperationKind.CHARGE, limit=_ENDLESS):
        charge = uow.operations.lock(found.id)
        fact = facts.get((charge.channel, charge.reference), "")
        if fact and charge.state is not OperationState.SUCCEEDED:
            uow.operations.save(replace(charge.move(OperationState.SUCCEEDED), evidence=fact))
        elif charge.state is OperationState.RESERVED or charge.is_offer:
            uow.operations.save(charge.move(OperationState.EXPIRED))
