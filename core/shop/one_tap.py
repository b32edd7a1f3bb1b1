"""One-tap pay: a known shopper buys one piece by one button, at the price that the button shows and at no other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import Gone, Refusal
from core.ids import OrderId, PersonId, ProductId
from core.money import Money
from core.payments.charging import NoMethod
from core.payments.fx import locks
from core.payments.fx.pricing import make_quote
from core.people import QUICK_OFF, Person
from core.ports import UnitOfWork
from core.shop.browse import OrderView, order_view
from core.shop.catalogue import Product
from core.shop.checkout import new_order, place, put_down
from core.shop.context import Method, Shop
from core.shop.orders import OrderMoved, OrderState

BOUGHT = (OrderState.PAID, OrderState.SHIPPED, OrderState.RECEIVED)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the button says. `order` is the name its order will have: a second tap finds that name taken."""

    order: OrderId
    method: Method
    pay: Money


def way(uow: UnitOfWork, shop: Shop, person: Person) -> Method | None:
    """How a shopper pays by one tap; None for who cannot: not known by a paid order, no address, or switched off."""
    name = person.quick or person.method
    if name == QUICK_OFF or name not in shop.methods or person.address is None:
        return None
    known = person.received or uow.orders.find(shopper=person.id, state=BOUGHT, limit=1)
    return shop.methods[name] if known else None


def offer(uow: UnitOfWork, shop: Shop, person: Person, product: Product) -> Offer | None:
    """The button for one piece of a product, if there is one. Stores nothing."""
    method = way(uow, shop, person)
    if method is None:
        return None
    try:
        order = new_order(uow, shop, person.id, [(product, 1)], method=method.name)
        owed = uow.sellers.need(order.seller).owed_in(method.currency)
        quote = make_quote(shop, order=order, method=method, settled_in=owed, now=shop.clock.now())
        locks.with_room(uow, shop, quote)
    except Refusal:  # sold out, one's own, no rate: the ordinary way says why
        return None
    return Offer(order.id, method, quote.pay)


def buy_at_once(
    uow: UnitOfWork, shop: Shop, who: PersonId, product_id: ProductId, order_id: OrderId, method: str, minor: int
) -> OrderView:
    """Draft and place one piece in this transaction; judged, limited and stepped up like any other payment.

    `minor` is the price on the button, in the method's currency. Where it is another by now, or the shopper may no
    longer buy by one tap, the order stays a draft to be reviewed. Raises OrderMoved for a second tap, and what
    `draft_one` and `place` raise.
    """
    view = put_aside(uow, shop, who, product_id, order_id, method)
    assert view.quote is not None
    if way(uow, shop, uow.people.need(who)) is None or view.order.method != method or view.quote.pay.minor != minor:
        return view
    place(uow, shop, who, order_id, view.quote.id)
    return order_view(uow, order_id, who)


def put_aside(
    uow: UnitOfWork, shop: Shop, who: PersonId, product_id: ProductId, order_id: OrderId, method: str
) -> OrderView:
    """The draft alone, to be confirmed in the ordinary way. Raises OrderMoved when the button was used before, Gone."""
    known = uow.orders.get(order_id)
    if known is not None and known.shopper != who:
        raise Gone
    if known is not None:
        raise OrderMoved(order=known.id, state=known.state.value)
    product = uow.products.need(product_id)
    return put_down(uow, shop, new_order(uow, shop, who, [(product, 1)], name=order_id, method=method))


def choose(uow: UnitOfWork, shop: Shop, who: PersonId, quick: str) -> Person:
    """Pay by one tap with a method, with the last order's (""), or never (QUICK_OFF). Raises NoMethod."""
    if quick and quick != QUICK_OFF and quick not in shop.methods:
        raise NoMethod
    return uow.people.save(replace(uow.people.lock(who), quick=quick))
