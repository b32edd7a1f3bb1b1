"""Escrow: a sale's money is held for the order, and released to the seller in two parts."""

from __future__ import annotations

from core.ledger.journal import credit, debit, entry
from core.money import Money
from core.people import Seller
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order


def escrow_of(order: Order) -> str:
    """The account that holds an order's money."""
    return f"escrow:{order.id}"


def available_to(seller: Seller) -> str:
    """The account of what a seller may be paid out."""
    return f"avail:{seller.id}"


def release_first(uow: UnitOfWork, shop: Shop, order: Order, seller: Seller) -> None:
    """The part that the policy gives this seller before the buyer has confirmed."""
    held = -uow.journal.balance(escrow_of(order), seller.currency)
    _release(uow, shop, order, seller, "first", held.share(shop.policy.escrow[seller.tier].first_bp))


def release_rest(uow: UnitOfWork, shop: Shop, order: Order, seller: Seller) -> None:
    """Whatever is still held, once the buyer has the goods."""
    _release(uow, shop, order, seller, "rest", -uow.journal.balance(escrow_of(order), seller.currency))


def _release(uow: UnitOfWork, shop: Shop, order: Order, seller: Seller, part: str, amount: Money) -> None:
    key = f"release:{order.id}:{part}"
    # Posted already when the policy moved the first part from capture to shipment between the two.
    if not amount or uow.journal.posted(key):
        return
    fee = amount.share(shop.policy.escrow[seller.tier].fee_bp)
    now = shop.clock.now()
    uow.journal.post(
        entry(
            key,
            now,
            "release",
            debit(escrow_of(order), amount),
            credit(available_to(seller), amount - fee),
            credit("rev:fee", fee),
            order=order.id,
        )
    )
    tell(uow, now, seller.person, "settled", order.id, part=part)
