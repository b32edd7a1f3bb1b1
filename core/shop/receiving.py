"""The goods have arrived: the buyer says so, and the seller is paid the rest."""

from __future__ import annotations

from dataclasses import replace

from core.errors import Gone
from core.ids import OrderId, PersonId
from core.payments.escrow import release_rest
from core.ports import UnitOfWork
from core.shop.browse import OrderView, order_view
from core.shop.context import Shop
from core.shop.orders import OrderState


def confirm_receipt(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> OrderView:
    """The shopper has the goods. Raises Gone, OrderMoved."""
    order = uow.orders.lock(order_id)
    if order.shopper != who:
        raise Gone
    order = uow.orders.save(order.move(OrderState.RECEIVED))
    release_rest(uow, shop, order, uow.sellers.need(order.seller))
    person = uow.people.lock(who)
    received = person.received + 1
    uow.people.save(replace(person, received=received, tier=shop.policy.tier(received)))
    return order_view(uow, order_id, who)
