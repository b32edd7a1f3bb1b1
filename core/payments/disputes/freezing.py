"""Freezing: while a case about an order is open nothing of the order's money may leave; afterwards it goes its way."""

from __future__ import annotations

from dataclasses import replace

from core.ids import OrderId
from core.payments import pockets
from core.payments.disputes.dispute import UNDECIDED, Dispute
from core.payments.escrow import release_rest
from core.payments.refunds import give_back
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.orders import Order, OrderState

_EVER = 10_000
_FREEZES = "dispute:"


def _freeze_of(uow: UnitOfWork, order: OrderId) -> str:
    """What `Order.frozen` has to say of an order because of its cases; "" when none is open."""
    cases = open_cases(uow, order)
    return f"{_FREEZES}{cases[0].id}" if cases else ""


def freeze(uow: UnitOfWork, order_id: OrderId | None) -> None:
    """Nothing of the order's money may leave any more. What froze it before goes on doing so."""
    if order_id is not None:
        order = uow.orders.lock(order_id)
        if not order.frozen:
            uow.orders.save(replace(order, frozen=_freeze_of(uow, order.id)))


def thaw(uow: UnitOfWork, shop: Shop, order_id: OrderId | None) -> None:
    """A case has ended: the order is free again when no other one is open, and nobody else froze it.

    A seller who could not be expected to ship meanwhile has the policy's days for it again.
    """
    if order_id is None:
        return
    order = uow.orders.lock(order_id)
    if order.frozen.startswith(_FREEZES):
        release_from_freeze(uow, shop, order)


def release_from_freeze(uow: UnitOfWork, shop: Shop, order: Order) -> Order:
    """What froze the order is over: from now on it is frozen by its open cases alone, if there are any.

    What has come back into escrow of an order that nobody will confirm any more is released as its rest was; of one
    that was refunded and whose goods never left, it goes back to the payer as the rest did.
    """
    frozen, ship_by, now = _freeze_of(uow, order.id), order.ship_by, shop.clock.now()
    if not frozen and order.state is OrderState.PAID and ship_by is not None and ship_by <= now:
        ship_by = now + shop.policy.escrow[uow.sellers.need(order.seller).tier].ship
    order = uow.orders.save(replace(order, frozen=frozen, ship_by=ship_by))
    if frozen or order.state not in (OrderState.RECEIVED, OrderState.REFUNDED):
        return order
    if order.state is OrderState.RECEIVED or order.shipped_at is not None:
        release_rest(uow, shop, order, uow.sellers.need(order.seller))
    elif pockets.left(uow, order):
        give_back(uow, shop, order, reason="dispute")
    return order


def open_cases(uow: UnitOfWork, order: OrderId | None) -> list[Dispute]:
    """An order's cases that nobody has decided yet, oldest first."""
    if order is None:
        return []
    return uow.disputes.find(order=order, state=UNDECIDED, newest=False, limit=_EVER)
