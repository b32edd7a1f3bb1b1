"""Buying: the cart, the review, the confirmation, the address."""

from __future__ import annotations

from bot.screens import cart as screens
from bot.screens import held as held_screens
from bot.shopper.window import show_product
from bot.visit import Visit
from core.errors import Refusal
from core.ids import OrderId, PersonId, ProductId, QuoteId, SellerId
from core.payments import choices
from core.ports import UnitOfWork
from core.shop import browse, carting, checkout, visitors
from core.shop.browse import OrderView
from core.shop.context import Shop


async def cart(visit: Visit) -> None:
    """The cart."""
    view = await visit.look(browse.cart_view, visit.who)
    await visit.show(screens.cart(visit.t, view, visit.shop.rates, visit.person.currency, visit.today))


async def add(visit: Visit, product_id: str) -> None:
    """One more into the cart, from wherever the card is."""
    held, product = await visit.do(carting.put_in, ProductId(product_id))
    count = held.quantity(product.id)
    await visit.toast(visit.t.plain("In your cart: {n} × {title}", n=count, title=product.title))
    if visit.is_private:
        await show_product(visit, product.id)


async def change(visit: Visit, product_id: str, quantity: str, version: str) -> None:
    """Another quantity."""
    await visit.do(carting.set_quantity, ProductId(product_id), int(quantity), int(version))
    await cart(visit)


async def empty(visit: Visit, version: str) -> None:
    """Nothing left in it."""
    await visit.do(carting.empty, int(version))
    await cart(visit)


async def buy_now(visit: Visit, product_id: str) -> None:
    """Straight to the review of one piece."""
    await show_review(visit, await visit.do(checkout.draft_one, ProductId(product_id)))


async def check_out(visit: Visit, seller_id: str) -> None:
    """To the review of what the cart holds of one seller."""
    await show_review(visit, await visit.do(checkout.draft_cart, SellerId(seller_id)))


async def review(visit: Visit, order_id: str) -> None:
    """The review again, at today's price."""
    await show_review(visit, await visit.do(checkout.review, OrderId(order_id)))


async def quantity(visit: Visit, order_id: str, count: str, _quote: str) -> None:
    """Another quantity of the one thing that is bought now."""
    await show_review(visit, await visit.do(checkout.review, OrderId(order_id), quantity=int(count)))


async def methods(visit: Visit, order_id: str) -> None:
    """How to pay, and what it costs by each way."""
    offers = await visit.look(checkout.method_offers, visit.shop, visit.who, OrderId(order_id))
    await visit.show(screens.methods(visit.t, order_id, offers))


async def choose_method(visit: Visit, order_id: str, method: str) -> None:
    """Pay this way."""
    await show_review(visit, await visit.do(checkout.review, OrderId(order_id), method=method))


async def show_review(visit: Visit, view: OrderView) -> None:
    """A draft to check and confirm, with what may be chosen about it."""
    if view.order.address is None:
        await ask_address(visit, view.order.id)
        return
    await visit.show(screens.review(visit.t, view, visit.shop, visit.person))


async def ask_address(visit: Visit, order_id: str) -> None:
    """Where should it go?"""
    await visit.note(visitors.ask, "address", order=order_id)
    await visit.say(screens.ask_address(visit.t))


async def hear_address(visit: Visit, text: str, order: str = "") -> None:
    """The answer to it."""
    view = await visit.do(_take_address, text, order)
    if isinstance(view, Refusal):
        raise view
    if view is not None:
        await show_review(visit, view)
        return
    await visit.tell(visit.t("Thank you, your address is kept for your next orders."))


def _take_address(uow: UnitOfWork, shop: Shop, who: PersonId, text: str, order: str) -> OrderView | Refusal | None:
    """Keep the address and review the order it was asked for, if any. A refused review does not lose the address."""
    visitors.give_address(uow, shop, who, text)
    visitors.stop_asking(uow, shop, who)
    try:
        return checkout.review(uow, shop, who, OrderId(order)) if order else None
    except Refusal as refusal:
        return refusal


async def confirm(visit: Visit, order_id: str, quote_id: str) -> None:
    """Place the order. The payment card comes from the outbox, so that no crash can lose it."""
    shown = visit.shown.message_id if visit.shown is not None else None
    order = await visit.do(checkout.place, OrderId(order_id), QuoteId(quote_id), shown=shown)
    await visit.toast(visit.t.plain("Order {order} is placed. Here comes your payment code.", order=order.id))
    if shown is not None and order.card_message is None:  # the code has yet to be asked for
        await visit.house.speaker.strip(visit.who, shown)
    for what in await visit.look(choices.held_for, visit.shop, visit.who):
        if order.id in {other.id for other in what.others}:
            await visit.say(held_screens.offered(visit.t, what.receipt, order.id))


async def drop(visit: Visit, order_id: str) -> None:
    """Leave a draft."""
    await visit.do(checkout.leave, OrderId(order_id))
    await visit.toast(visit.t.plain("Left. Nothing was ordered."))
    await cart(visit)
