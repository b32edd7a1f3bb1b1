"""A shopper's orders: look at them, see the code again, cancel, confirm receipt."""

from __future__ import annotations

from bot.screens import cart as cart_screens
from bot.screens import orders as screens
from bot.visit import Visit
from bot.words import Word
from core.ids import OrderId, PersonId
from core.ports import UnitOfWork
from core.shop import browse, checkout, receiving
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState

PAGE = 6

# A draft is a page of the checkout, not yet an order to its shopper.
PLACED = tuple(state for state in OrderState if state is not OrderState.DRAFT)


async def own_orders(visit: Visit, page: str = "0") -> None:
    """What I bought."""
    first = max(0, int(page)) * PAGE
    found = await visit.look(_orders, visit.who, first)
    await visit.show(
        screens.order_list(visit.t, found[:PAGE], Word("Your orders"), "os", first // PAGE, len(found) > PAGE)
    )


def _orders(uow: UnitOfWork, who: PersonId, offset: int) -> list[Order]:
    return uow.orders.find(shopper=who, state=PLACED, limit=PAGE + 1, offset=offset)


async def order(visit: Visit, order_id: str) -> None:
    """One order."""
    view = await visit.look(browse.order_view, OrderId(order_id), visit.who, admin=visit.is_admin)
    await visit.say(screens.order(visit.t, view, visit.who, visit.shop.clock.now(), admin=visit.is_admin))


async def code_again(visit: Visit, order_id: str) -> None:
    """The payment card once more, at the bottom of the chat."""
    await visit.do(_send_again, OrderId(order_id))


def _send_again(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> None:
    view = browse.order_view(uow, order_id, who)
    if view.order.state is OrderState.PLACED and view.order.shopper == who:
        tell(uow, shop.clock.now(), who, "payment_card", order_id, again=shop.ids.new(6))


async def cancel(visit: Visit, order_id: str) -> None:
    """Not any more. The payment card is retired by its notice."""
    order = await visit.do(checkout.cancel, OrderId(order_id))
    await visit.toast(visit.t.plain("Order {order} is cancelled.", order=order.id))


async def other_ways(visit: Visit, order_id: str) -> None:
    """The first way did not work: which others there are, and what the order costs by them."""
    offers = await visit.look(checkout.other_ways, visit.shop, visit.who, OrderId(order_id))
    await visit.show(cart_screens.methods(visit.t, order_id, offers, choose="po", back="ov"))


async def pay_otherwise(visit: Visit, order_id: str, method: str) -> None:
    """Pay this way instead. The payment card comes from the outbox."""
    order = await visit.do(checkout.pay_otherwise, OrderId(order_id), method)
    await visit.toast(visit.t.plain("Here comes the new payment code of order {order}.", order=order.id))


async def received(visit: Visit, order_id: str) -> None:
    """It has arrived: the rest goes to the seller."""
    view = await visit.do(receiving.confirm_receipt, OrderId(order_id))
    await visit.show(screens.thanks(visit.t, view))
