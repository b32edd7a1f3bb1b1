"""The days after the payment: to ship, to confirm receipt; what happens when they pass, and who is reminded before.

They end things by our own decision only: a refund, a release. Both sides were told the day beforehand.
"""

from __future__ import annotations

from datetime import timedelta

from core.payments.disputes.complaints import anything_due as complaints_due
from core.payments.escrow import release_rest
from core.payments.receipts import ReceiptState
from core.payments.refunds import give_back
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState

REMIND_SELLER = timedelta(days=1)
REMIND_SHOPPER = timedelta(days=2)


def release_due(uow: UnitOfWork, shop: Shop, limit: int = 50) -> list[Order]:
    """Shipped orders whose buyer said nothing in time count as received: the rest goes to the seller, both are told."""
    now, done = shop.clock.now(), []
    for found in uow.orders.find(
        state=OrderState.SHIPPED, frozen="", before={"release_at": now}, newest=False, limit=limit
    ):
        order = uow.orders.save(uow.orders.lock(found.id).move(OrderState.RECEIVED))
        seller = uow.sellers.need(order.seller)
        release_rest(uow, shop, order, seller)
        for who in (order.shopper, seller.person):
            tell(uow, now, who, "auto_released", order.id)
        done.append(order)
    return done


def refund_unshipped(uow: UnitOfWork, shop: Shop, limit: int = 50) -> list[Order]:
    """Paid orders that were not shipped in time are refunded whole; both sides are told."""
    now, done = shop.clock.now(), []
    for found in uow.orders.find(state=OrderState.PAID, frozen="", before={"ship_by": now}, newest=False, limit=limit):
        order = uow.orders.lock(found.id)
        give_back(uow, shop, order, reason="unshipped")
        for who in (order.shopper, uow.sellers.need(order.seller).person):
            tell(uow, now, who, "not_shipped", order.id)
        done.append(order)
    return done


def anything_due(uow: UnitOfWork, shop: Shop) -> bool:
    """Whether one of these verbs, or core.payments.choices.decide_due, has something to look at. For the ticker."""
    now = shop.clock.now()
    return bool(
        uow.orders.count(state=OrderState.PAID, frozen="", before={"ship_by": now + REMIND_SELLER})
        or uow.orders.count(state=OrderState.SHIPPED, frozen="", before={"release_at": now + REMIND_SHOPPER})
        or uow.receipts.count(state=ReceiptState.HELD, before={"decide_by": now})
        or complaints_due(uow, shop)
    )


def remind(uow: UnitOfWork, shop: Shop) -> int:
    """Tell sellers of parcels that must leave soon, and shoppers of receipts to confirm, each once. How many."""
    now = shop.clock.now()
    to_ship = uow.orders.find(
        state=OrderState.PAID, frozen="", since={"ship_by": now}, before={"ship_by": now + REMIND_SELLER}, limit=500
    )
    for order in to_ship:
        tell(uow, now, uow.sellers.need(order.seller).person, "ship_soon", order.id)
    to_confirm = uow.orders.find(
        state=OrderState.SHIPPED,
        frozen="",
        since={"release_at": now},
        before={"release_at": now + REMIND_SHOPPER},
        limit=500,
    )
    for order in to_confirm:
        tell(uow, now, order.shopper, "confirm_soon", order.id)
    return len(to_ship) + len(to_confirm)
