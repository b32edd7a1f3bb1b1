"""Payment cards: the picture with a code, and what becomes of it in the chat once it is paid or must not be paid."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from telegram.error import BadRequest

from bot.pictures.card import PaymentCard, Row
from bot.pictures.card import Receipt as Slip
from bot.screens.screen import Screen
from bot.words import Html
from core.money import Money
from core.payments.operations import Operation
from core.risk.issued import fingerprint
from core.shop.browse import OrderView
from core.shop.context import Method, Shop

if TYPE_CHECKING:
    from bot.notices import Notice


def method_of(shop: Shop, view: OrderView) -> Method:
    """How an order is paid. What was switched off since is told by what its charge said at birth."""
    method = shop.methods.get(view.order.method)
    if method is not None:
        return method
    charge = view.charge
    assert charge is not None, "a placed order has a charge"
    name = charge.channel
    payee, account = charge.body.get("payee", ""), charge.body.get("account", "")
    return Method(name, name.upper(), charge.amount.asset, payee, account, str)


def mark_of(shop: Shop, charge: Operation) -> str:
    """The short mark by which a shopper sees that what was copied is what was shown."""
    return fingerprint(shop, charge.payload)


async def picture(notice: Notice, view: OrderView, title: str, until: datetime) -> PaymentCard:
    """The card of an order's charge, to be paid until a moment."""
    house, t, order, charge = notice.house, notice.t, view.order, view.charge
    assert charge is not None
    method = method_of(house.shop, view)
    products = await house.store.read(lambda uow: [uow.products.get(line.product) for line in order.lines[:1]])
    photo = house.pictures.get(products[0].picture) if products and products[0] else None
    return PaymentCard(
        payload=charge.payload,
        shop=house.shop.name,
        method=method.title,
        title=title,
        amount=t.money(charge.amount),
        items=_items(view),
        hint=t.plain("Scan with your bank’s app · check mark"),
        mark=mark_of(house.shop, charge),
        rows=(
            Row(t.plain("Payee"), method.payee),
            Row(t.plain("Reference"), charge.reference),
            Row(t.plain("Pay by"), t.moment(until), urgent=True),
        ),
        photo=photo,
    )


def _items(view: OrderView) -> str:
    return ", ".join(f"{line.quantity} × {line.title}" for line in view.order.lines)


def slip(notice: Notice, view: OrderView, stamp: str, note: str, amount: Money, *, good: bool) -> Slip:
    """What a payment card turns into: the same facts, and no code."""
    t, order, charge = notice.t, view.order, view.charge
    method = method_of(notice.house.shop, view)
    assert charge is not None
    return Slip(
        shop=notice.house.shop.name,
        method=method.title,
        title=t.plain("Order {order}", order=order.id),
        amount=t.money(amount),
        items=_items(view),
        stamp=stamp,
        note=note,
        rows=(Row(t.plain("Payee"), method.payee), Row(t.plain("Reference"), charge.reference)),
        good=good,
    )


async def retire(notice: Notice, view: OrderView, message_id: int, text: Html) -> None:
    """Take the code out of an old card: it must not be paid any more."""
    t = notice.t
    assert view.charge is not None
    note = t.plain("Please don’t pay this any more.")
    drawing = slip(notice, view, t.plain("NOT PAYABLE"), note, view.charge.amount, good=False)
    await repaint(notice, message_id, Screen(text, drawing=drawing))


async def repaint(notice: Notice, message_id: int, screen: Screen) -> int:
    """Show something else in the place of a card, or below where that is gone; the id of what shows it."""
    try:
        await notice.house.speaker.repaint(notice.to.id, message_id, screen, notice.to.id)
    except BadRequest as fault:
        # Deleted by the person, or painted already by an attempt whose answer was lost.
        if "not modified" not in fault.message:
            return await notice.say(screen)
    return message_id
