"""Screens of an order's life: payment card, receipt, shipment, lists; and of money that did not fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.screens.cart import items, owed_rates, rate_line
from bot.screens.catalogue import flag
from bot.screens.fit import CAPTION, MESSAGE, fitted
from bot.screens.genuine import mark_line
from bot.screens.held import REFUND_STATES
from bot.screens.instalments import pay_keys, plan_lines
from bot.screens.phrase import phrase_line
from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words
from core.money import Money
from core.payments.disputes.monitoring import reason_of, watched_since
from core.payments.operations import IntentState, OperationState
from core.payments.pockets import asked
from core.payments.receipts import ReceiptState
from core.shop.browse import OrderView
from core.shop.context import Method
from core.shop.orders import Order, OrderState

# Marks for the catalogues; the values of core's types are what is stored.
STATES = {
    OrderState.DRAFT: Word("draft"),
    OrderState.PLACED: Word("waits for payment"),
    OrderState.PAID: Word("paid"),
    OrderState.SHIPPED: Word("on its way"),
    OrderState.RECEIVED: Word("received"),
    OrderState.CANCELLED: Word("cancelled"),
    OrderState.EXPIRED: Word("expired"),
    OrderState.REFUNDED: Word("refunded"),
}
RECEIPT_STATES = {ReceiptState.HELD: Word("held"), ReceiptState.SETTLED: Word("booked")}
SYMBOLS = {
    OrderState.DRAFT: "📝",
    OrderState.PLACED: "⏳",
    OrderState.PAID: "✅",
    OrderState.SHIPPED: "🚚",
    OrderState.RECEIVED: "🎁",
    OrderState.CANCELLED: "✖️",
    OrderState.EXPIRED: "⌛",
    OrderState.REFUNDED: "↩️",
}

# What a seller has to do with: paid, and all that follows.
SOLD = (OrderState.PAID, OrderState.SHIPPED, OrderState.RECEIVED, OrderState.REFUNDED)

_COMPLAINED = (OrderState.PAID, OrderState.SHIPPED, OrderState.RECEIVED)

COPY_LIMIT = 256  # characters a copy button takes (Bot API CopyTextButton)


def payment_card(t: Words, view: OrderView, method: Method, now: datetime, mark: str) -> Screen:
    """The caption and buttons beside the picture with the QR code; `mark` is its fingerprint."""
    order, charge = view.order, view.charge
    assert charge is not None and order.deadline is not None, "a placed order has a charge and a deadline"
    text = Html("\n").join(
        [
            t("<b>Pay {amount}</b> with {method}", amount=charge.amount, method=method.title),
            *filter(None, [phrase_line(t, view.shopper)]),
            t("Payee: {payee}", payee=method.payee),
            t("Reference: <code>{reference}</code>", reference=charge.reference),
            t("⏳ {span} left, until {moment}", span=max(order.deadline - now, now - now), moment=order.deadline),
            Html(""),
            t("Scan the picture with your bank’s app, or copy this code into it:"),
            Html("<code>") + charge.payload + Html("</code>"),
            mark_line(t, mark),
        ]
    )
    copy = Key(t.plain("📋 Copy the payment code"), copy=charge.payload) if len(charge.payload) <= COPY_LIMIT else None
    return Screen(
        text,
        rows(
            row(copy),
            row(Key(t.plain("📦 Order {order}", order=order.id), ("ov", order.id))),
            row(Key(t.plain("✖️ Cancel the order"), ("ox", order.id))),
        ),
    )


def receipt(t: Words, view: OrderView, method_title: str, amount: Money) -> Html:
    """What the payment card says once `amount`, the price or the first part of it, is paid."""
    order = view.order
    before = [
        t("✅ <b>Paid: {amount}</b>", amount=amount),
        t("Order {order}, {method}", order=order.id, method=method_title),
    ]
    after = [t("Received on {moment}", moment=order.paid_at)] if order.paid_at else []
    after += [Html(""), t("{seller} has been told and will ship it. I’ll let you know.", seller=view.seller.name)]
    if order.ship_by:
        after.append(t("If it is not shipped by {moment}, your money comes back.", moment=order.ship_by))
    if view.plan and view.plan.left:
        part, left = view.plan.open()[0]
        after.append(t("Next: {amount} on {day}", amount=left, day=part.due_at.date()))
    return fitted(t, before, items(t, order.lines), after, CAPTION)


def ended(t: Words, order: Order) -> Html:
    """What the payment card says when its order ended unpaid."""
    if order.state is OrderState.EXPIRED:
        return t(
            "⌛ <b>Order {order} has expired.</b>\nIt was not paid in time, so the goods are back on the shelf. "
            "Please don’t pay it any more; if you did, the money is held for you.",
            order=order.id,
        )
    return t("✖️ <b>Order {order} is cancelled.</b>\nPlease don’t pay it any more.", order=order.id)


def order(t: Words, view: OrderView, reader: int, now: datetime, *, admin: bool) -> Screen:
    """An order as its shopper, its seller or an admin sees it."""
    one = view.order
    before = [
        t("{symbol} <b>Order {order}</b>: {state}", symbol=SYMBOLS[one.state], order=one.id, state=STATES[one.state]),
        t("Of {moment}", moment=one.created_at),
    ]
    lines = [t("Sold by {seller} {flag}", seller=view.seller.name, flag=flag(view.seller.country))]
    sells = view.seller.person == reader
    if view.quote and not sells:
        lines.append(t("To pay: <b>{amount}</b>", amount=view.quote.pay))
        if view.plan:
            lines += plan_lines(t, view.plan, now)
        elif one.parts > 1:
            lines += [t("In {n} parts; the first is <b>{amount}</b>", n=one.parts, amount=asked(one, view.quote))]
    if view.quote and (sells or admin):
        lines.append(t("For the seller: <b>{amount}</b>", amount=view.quote.owed))
        lines += [rate_line(t, rate) for rate in view.quote.rates] if admin else owed_rates(t, view.quote)
    if view.charge and (admin or one.shopper == reader):
        lines.append(t("Reference: <code>{reference}</code>", reference=view.charge.reference))
    if view.intent and view.intent.state is IntentState.IN_DOUBT and not sells:
        lines.append(t("🔎 The bank is being asked whether the payment went through. Please do not pay again."))
    # A seller learns where to send it once it is paid, and not before.
    if one.address and (one.shopper == reader or (sells and one.paid_at)):
        lines.append(t("Ship to:\n{address}", address=_lines(view)))
    if one.tracking:
        lines.append(t("Tracking number: <code>{tracking}</code>", tracking=one.tracking))
    if admin or one.shopper == reader:
        lines += _money(t, view)
    lines += _deadlines(t, one, admin=admin)
    return Screen(fitted(t, before, items(t, one.lines), lines, MESSAGE), _order_keys(t, view, reader))


def _money(t: Words, view: OrderView) -> list[Html]:
    """What came in for an order, and what went back."""
    lines = []
    for money in view.receipts:
        part = bool(money.held) and money.held < money.amount
        lines.append(
            t("Payment {receipt}: {amount}, {held} of it held", receipt=money.id, amount=money.amount, held=money.held)
            if part
            else t(
                "Payment {receipt}: {amount}, {state}",
                receipt=money.id,
                amount=money.amount,
                state=RECEIPT_STATES[money.state],
            )
        )
    for refund in view.refunds:
        lines.append(
            t(
                "Refund {refund}: {amount}, {state}",
                refund=refund.id,
                amount=refund.amount,
                state=REFUND_STATES[refund.state],
            )
        )
    return lines


def _deadlines(t: Words, one: Order, *, admin: bool) -> list[Html]:
    """What an order's money waits for: a day, or the end of what froze it."""
    lines = []
    if one.state is OrderState.PAID and one.ship_by and not one.frozen:
        lines.append(t("To be shipped by {moment}, else it is refunded", moment=one.ship_by))
    if one.state is OrderState.SHIPPED and one.release_at and not one.frozen:
        lines.append(t("Counts as received on {moment}", moment=one.release_at))
    if one.frozen:
        lines.append(
            t("❄️ Its money is frozen while the shop looks into it")
            if watched_since(one)
            else t("❄️ Its money is frozen until the case is decided")
        )
        if admin and reason_of(one):
            lines.append(t("Frozen by hand: {reason}", reason=reason_of(one)))
    return lines


def _lines(view: OrderView) -> Html:
    address = view.order.address
    assert address is not None
    return Html("\n").join(
        [Html("<code>") + address.name + "\n" + address.lines + "\n" + address.country + Html("</code>")]
    )


def _order_keys(t: Words, view: OrderView, reader: int) -> tuple[tuple[Key, ...], ...]:
    one = view.order
    mine, sells = one.shopper == reader, view.seller.person == reader
    case = one.frozen.removeprefix("dispute:") if one.frozen.startswith("dispute:") else ""
    waits = one.state is OrderState.SHIPPED and not one.frozen
    return rows(
        row(_pay_key(t, view) if mine else None),
        *(pay_keys(t, view.plan) if mine and view.plan else ()),
        row(
            Key(t.plain("✅ Check and confirm"), ("rv", one.id)) if mine and one.state is OrderState.DRAFT else None,
            Key(t.plain("✖️ Cancel the order"), ("ox", one.id)) if mine and one.state is OrderState.PLACED else None,
            Key(t.plain("🎁 I have received it"), ("or", one.id)) if mine and waits else None,
        ),
        row(_wrong_key(t, one) if mine and one.state in _COMPLAINED and not case else None),
        row(Key(t.plain("✍️ Say what happened"), ("de", case)) if case and (mine or sells) else None),
        row(Key(t.plain("🚚 Mark as shipped"), ("sp", one.id)) if sells and one.state is OrderState.PAID else None),
    )


def _wrong_key(t: Words, order: Order) -> Key:
    return Key(t.plain("🛟 Something is wrong"), ("dw", order.id))


def _pay_key(t: Words, view: OrderView) -> Key | None:
    """The code again while it can be paid; another way once it is proved that it was not. In doubt, neither."""
    charge, order = view.charge, view.order
    if order.state is not OrderState.PLACED or charge is None:
        return None
    if charge.state is OperationState.ACTION:
        return Key(t.plain("🔁 Show the payment code"), ("oc", order.id))
    if charge.state in (OperationState.REJECTED, OperationState.EXPIRED):
        return Key(t.plain("💳 Pay another way"), ("pw", order.id))
    return None


def order_list(
    t: Words, orders: list[Order], titles: str, action: str, page: int, more: bool, extra: tuple[str, ...] = ()
) -> Screen:
    """A page of orders, one button each. `titles` is a sentence of the catalogue."""
    if not orders:
        return Screen(t("No orders here yet."))
    keys = []
    lines = [t(titles), Html("")]
    for one in orders:
        names = ", ".join(line.title for line in one.lines)
        lines.append(
            t(
                "{symbol} <b>{order}</b> {state} · {titles}",
                symbol=SYMBOLS[one.state],
                order=one.id,
                state=STATES[one.state],
                titles=names[:60],
            )
        )
        keys.append(row(Key(f"{SYMBOLS[one.state]} {one.id} · {names}"[:48], ("ov", one.id))))
    turn = row(
        Key("‹", (action, page - 1, *extra)) if page else None, Key("›", (action, page + 1, *extra)) if more else None
    )
    return Screen(Html("\n").join(lines), rows(*keys, turn))


def shipped(t: Words, view: OrderView) -> Screen:
    """The parcel is on its way."""
    return Screen(
        t(
            "🚚 <b>Order {order} is on its way.</b>\nTracking number: <code>{tracking}</code>\n\n"
            "When you have it in your hands, please tell me: then the rest is paid to {seller}. "
            "If I hear nothing, it counts as received on {moment}.",
            order=view.order.id,
            tracking=view.order.tracking,
            seller=view.seller.name,
            moment=view.order.release_at or view.order.created_at,
        ),
        rows(
            row(Key(t.plain("🎁 I have received it"), ("or", view.order.id))),
            row(_wrong_key(t, view.order)),
        ),
    )


@dataclass(frozen=True, slots=True)
class Release:
    """What one release brought a seller; gross = fee + reserve + debt paid off + net."""

    gross: Money
    fee: Money
    kept: Money  # in reserve
    owed: Money  # paid off a debt
    net: Money
    left: Money  # still in escrow


def settled(t: Words, view: OrderView, part: str, release: Release, fee_bp: int) -> Screen:
    """What a release brought the seller, with fee and rate; it adds up to the minor unit."""
    quote = view.quote
    assert quote is not None
    headline = (
        t("💶 <b>First part settled: {net}</b>", net=release.net)
        if part == "first"
        else t("💶 <b>Settled: {net}</b>", net=release.net)
    )
    lines = [
        headline,
        t("Order {order}: {owed} for you in all", order=view.order.id, owed=quote.owed),
        t("Released now: {gross}", gross=release.gross),
        t("Fee ({percent}): −{fee}", percent=Html(t.percent(fee_bp)), fee=release.fee),
    ]
    if release.owed:
        lines.append(t("Paid off what you owed the shop: −{amount}", amount=release.owed))
    if release.kept:
        lines.append(t("Kept in reserve for refunds: −{amount}", amount=release.kept))
    lines.append(t("Added to your balance: <b>{net}</b>", net=release.net))
    if quote.rates:
        lines.append(t("The buyer paid {paid}.", paid=quote.pay))
        lines += owed_rates(t, quote)
    if release.left:
        lines.append(t("Held until the buyer confirms receipt: {left}", left=release.left))
    return Screen(
        Html("\n").join(lines), rows(row(Key(t.plain("📦 Order {order}", order=view.order.id), ("ov", view.order.id))))
    )


def sold(t: Words, view: OrderView) -> Screen:
    """A seller's order has been paid: what to send where."""
    assert view.quote is not None
    before = [t("🎉 <b>Sold! Order {order} is paid.</b>", order=view.order.id)]
    after = [
        t("For you, before the fee: <b>{amount}</b>", amount=view.quote.owed),
        t("Ship to:\n{address}", address=_lines(view)),
    ]
    if view.order.ship_by:
        after.append(
            t("Please ship it by {moment}; after that it is refunded to the buyer.", moment=view.order.ship_by)
        )
    text = fitted(t, before, items(t, view.order.lines), after, MESSAGE)
    return Screen(text, rows(row(Key(t.plain("🚚 Mark as shipped"), ("sp", view.order.id)))))


def thanks(t: Words, view: OrderView) -> Screen:
    """Receipt confirmed."""
    return Screen(
        t(
            "🎁 <b>Thank you!</b> Order {order} is complete and {seller} has been paid. Enjoy it!",
            order=view.order.id,
            seller=view.seller.name,
        ),
        rows(row(Key(t.plain("🛍 See what is for sale"), ("sh", 0)))),
    )


def frozen(t: Words, order: Order) -> Html:
    """To an admin who has frozen an order by hand."""
    return t("❄️ The money of order {order} stays where it is, until /thaw lets it go.", order=order.id)


def thawed(t: Words, order: Order) -> Html:
    """To an admin who has let it go: what a case freezes stays so."""
    if order.frozen:
        return t("Your freeze of order {order} is lifted; an open case still keeps its money.", order=order.id)
    return t("✅ The money of order {order} can move again.", order=order.id)
