"""One-tap pay: the button on a product's page that is a review and a confirmation in one; and /quickpay."""

from __future__ import annotations

from bot.screens import one_tap as screens
from bot.shopper import buying
from bot.shopper.window import show_product
from bot.visit import Visit
from core.ids import OrderId, ProductId
from core.people import QUICK_OFF
from core.risk.judging import StepUpNeeded
from core.shop import one_tap
from core.shop.orders import OrderState


async def pay(visit: Visit, product_id: str, order_id: str, minor: str, method: str) -> None:
    """Place the order at the price on the button; where that is another by now, review it; where it must, step up."""
    product, order = ProductId(product_id), OrderId(order_id)
    try:
        view = await visit.do(one_tap.buy_at_once, product, order, method, int(minor))
    except StepUpNeeded:
        # Nothing was kept. The draft goes the ordinary way from here: its confirmation leads through the step-up.
        view = await visit.note(one_tap.put_aside, product, order, method)
        assert view.quote is not None
        visit.origin = {"press": f"ok {view.order.id} {view.quote.id}"}
        await buying.confirm(visit, view.order.id, view.quote.id)
        return
    if view.order.state is OrderState.DRAFT:
        await visit.toast(visit.t.plain("This has changed since. Please check it and confirm."))
        await buying.show_review(visit, view)
        return
    await visit.toast(visit.t.plain("Order {order} is placed. Here comes your payment code.", order=order))
    await show_product(visit, product, at_once=False)


async def quickpay(visit: Visit, *_: str) -> None:
    """/quickpay: on, off, and by which method."""
    await visit.show(screens.quickpay(visit.t, visit.person, visit.shop.methods))


async def choose(visit: Visit, how: str) -> None:
    """From now on like this: a method, "last" for the last order's, or off."""
    quick = "" if how == "last" else how
    visit.person = await visit.do(one_tap.choose, quick)
    off, on = visit.t.plain("One-tap pay is off."), visit.t.plain("One-tap pay is on.")
    await visit.toast(off if quick == QUICK_OFF else on)
    await quickpay(visit)
