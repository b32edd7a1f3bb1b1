"""Escrow: a sale's money is held for the order, and released to the seller in two parts."""

from __future__ import annotations

from core.errors import Refusal, sentence
from core.ledger import accounts
from core.ledger.journal import credit, debit, entry
from core.money import Money, zero
from core.payments.pockets import next_rest, quote_of, release_key
from core.people import Seller
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order


class Frozen(Refusal):
    """A dispute, or somebody who looks into it, keeps the order's money where it is (Order.frozen)."""

    sentence = sentence("The money of order {order} is frozen until its case is decided.")


def need_thawed(order: Order) -> None:
    """Raises Frozen for an order whose money may leave by no path."""
    if order.frozen:
        raise Frozen(order=order.id)


def in_escrow(uow: UnitOfWork, order: Order) -> Money:
    """What is still held for an order, in the currency that the seller is owed."""
    return -uow.journal.balance(accounts.escrow(order.id), quote_of(uow, order).owed.asset)


def release_first(uow: UnitOfWork, shop: Shop, order: Order, seller: Seller) -> None:
    """The part that the policy gives this seller before the buyer has confirmed. Nothing of a frozen order."""
    if not order.frozen:
        amount = in_escrow(uow, order).share(shop.policy.escrow[seller.tier].first_bp)
        _release(uow, shop, order, seller, "first", amount)


def release_rest(uow: UnitOfWork, shop: Shop, order: Order, seller: Seller) -> None:
    """Whatever is still held, once the buyer has the goods, and what comes back into escrow after. Raises Frozen."""
    need_thawed(order)
    _release(uow, shop, order, seller, next_rest(uow, order), in_escrow(uow, order))


def _release(uow: UnitOfWork, shop: Shop, order: Order, seller: Seller, part: str, amount: Money) -> None:
    """Our fee first, then what the seller owes, then what is kept in reserve; the rest is the seller's to have."""
    key = release_key(order, part)
    # Posted already when the policy moved the first part from capture to shipment between the two.
    if not amount or uow.journal.posted(key):
        return
    rules, now = shop.policy.escrow[seller.tier], shop.clock.now()
    fee = amount.share(rules.fee_bp)
    owes = max(uow.journal.balance(accounts.seller_debt(seller.id), amount.asset), zero(amount.asset))
    netted = min(owes, amount - fee)
    kept = min(amount.share(rules.reserve_bp), amount - fee - netted)
    uow.journal.post(
        entry(
            key,
            now,
            "release",
            debit(accounts.escrow(order.id), amount),
            credit(accounts.FEES, fee),
            credit(accounts.seller_debt(seller.id), netted),
            credit(accounts.reserve(seller.id), kept),
            credit(accounts.available(seller.id), amount - fee - netted - kept),
            order=order.id,
        )
    )
    tell(uow, now, seller.person, "settled", order.id, part=part)
