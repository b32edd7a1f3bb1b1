"""Screens of money that did not fit: why it is held, what its owner may do with it until when, and its way back."""

from __future__ import annotations

from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words
from core.ids import OrderId
from core.money import Money
from core.payments.choices import Choices
from core.payments.receipts import Misfit, Receipt
from core.payments.refund import Refund, RefundState
from core.shop.browse import OrderView
from core.shop.orders import Order

MISFITS = {
    Misfit.LATE: Word("It came after the order had ended."),
    Misfit.SHORT: Word("It is less than the order costs."),
    Misfit.OVER: Word("It is more than the order cost; the order is paid."),
    Misfit.DOUBLE: Word("The order was paid already."),
    Misfit.WRONG_CURRENCY: Word("It is not in the currency of the order."),
    Misfit.UNKNOWN_REFERENCE: Word("Its reference belongs to no order."),
    Misfit.OUT_OF_STOCK: Word("It came after the order had ended, and the goods are sold out."),
    Misfit.SETTLEMENT: Word("It is no payment, but a channel’s settlement."),
    Misfit.NONE: Word("It fits no order."),
}
REFUND_STATES = {
    RefundState.REQUESTED: Word("asked for"),
    RefundState.SCREENED: Word("asked for"),
    RefundState.FUNDED: Word("on its way back"),
    RefundState.DONE: Word("sent back"),
    RefundState.FAILED: Word("waits for another account"),
}


def held(t: Words, what: Choices, default: str, *, admin: bool) -> Screen:
    """Money came that fits no order as it is. It is safe, and it can go back, or pay what its owner chooses."""
    money = what.receipt
    lines = [t("💰 <b>{amount} is held.</b>", amount=money.held), t(MISFITS[money.misfit])]
    if money.order:
        lines.append(t("It named order {order}.", order=money.order))
    if admin:
        lines += _for_the_admin(t, money)
    else:
        lines += _for_the_owner(t, what, default)
    back = Key(t.plain("↩️ Send it back"), ("hr", money.id)) if money.payer or admin else None
    return Screen(Html("\n").join(lines), rows(*([] if admin else _choices(t, what)), row(back)))


def _for_the_admin(t: Words, money: Receipt) -> list[Html]:
    lines = [t("Payment {receipt} by {channel}.", receipt=money.id, channel=money.channel)]
    if money.reference:
        lines.append(t("Reference: <code>{reference}</code>", reference=money.reference))
    lines.append(t("/refund {receipt} sends it back; /assign {receipt} ORDER gives it to an order.", receipt=money.id))
    return lines


def _for_the_owner(t: Words, what: Choices, default: str) -> list[Html]:
    lines = []
    if what.missing:
        lines.append(t("Still to pay: <b>{amount}</b>", amount=what.missing))
    if what.again and what.lacking:
        lines.append(
            t(
                "Order {order} can be taken up again: it costs {today} today, {amount} more than this.",
                order=what.again,
                today=what.today,
                amount=what.lacking,
            )
        )
    elif what.again:
        lines.append(t("Order {order} can be taken up again: this covers it.", order=what.again))
    lines.append(t("It is yours: choose what becomes of it. /held shows it again."))
    by = what.receipt.decide_by
    if by and default == "refund":
        lines.append(t("If you don’t, it is sent back to the account it came from after {moment}.", moment=by))
    elif by:
        lines.append(t("If you don’t by {moment}, it stays safe here and the shop will ask you.", moment=by))
    return lines


def _choices(t: Words, what: Choices) -> list[tuple[Key, ...]]:
    money = what.receipt
    keys = []
    if what.missing and money.part_of:
        keys.append(row(Key(t.plain("➕ Pay the missing {amount}", amount=what.missing), ("ht", money.part_of))))
    if what.again:
        keys.append(row(Key(t.plain("🔄 Take order {order} up again", order=what.again), ("hu", money.id))))
    keys += [
        row(Key(t.plain("💳 Use it for order {order}", order=order.id), ("ho", money.id, order.id)))
        for order in what.others[:3]
    ]
    return keys


def offered(t: Words, money: Receipt, order: OrderId) -> Screen:
    """An order was placed that held money of its shopper's can pay."""
    facts = {"amount": money.held, "order": order}
    text = t("💰 {amount} of yours is held here. It can pay order {order}, or a part of it.", **facts)
    use = Key(t.plain("💳 Use it for order {order}", order=order), ("ho", money.id, order))
    return Screen(text, rows(row(use)))


def nothing_held(t: Words) -> Screen:
    """All of a person's money has found its place."""
    return Screen(t("None of your money is held here: what you paid has paid an order, or is on its way back."))


def used(t: Words, order: Order, *, paid: bool) -> str:
    """What a press of one of these came to, as a toast."""
    if paid:
        return t.plain("Order {order} is paid.", order=order.id)
    return t.plain("Here comes the code for the rest of order {order}.", order=order.id)


def refunded(t: Words, refund: Refund) -> Screen:
    """The money is back where it came from."""
    return Screen(t("↩️ <b>{amount} has been sent back</b> to the account it came from.", amount=refund.amount))


def refund_failed(t: Words, refund: Refund, reason: str) -> Screen:
    """To the admins: the way back is closed."""
    return Screen(
        t(
            "⚠️ The refund of {amount} (payment {receipt}) was refused: {reason}. The money is still held. "
            "/refund {receipt} tries again; /reroute {refund} ACCOUNT sends it elsewhere.",
            amount=refund.amount,
            receipt=refund.receipt,
            refund=refund.id,
            reason=reason,
        )
    )


def refunded_twice(t: Words, refund: Refund) -> Screen:
    """To the admins: a command that had been refused was carried out after all."""
    return Screen(
        t(
            "🚨 {amount} (refund {refund}) has gone out twice: the bank had refused the first transfer and made it "
            "after all. The second sum is in suspense; please get it back from the bank.",
            amount=refund.amount,
            refund=refund.id,
        )
    )


def refund_stuck(t: Words, refund: Refund) -> Screen:
    """To the payer: where else?"""
    return Screen(
        t(
            "⚠️ <b>{amount} could not be sent back</b> to the account it came from. The money is safe. "
            "Please give another account of yours.",
            amount=refund.amount,
        ),
        rows(row(Key(t.plain("✏️ Give another account"), ("hx", refund.id)))),
    )


def ask_account(t: Words, refund: Refund, wanted: str) -> Screen:
    """The question for another account."""
    text = t("Where shall {amount} go? Please send {what}.", amount=refund.amount, what=Word(wanted))
    return Screen(text, ask=t.plain("Your account"))


def rerouted(t: Words, refund: Refund) -> Html:
    """On its way again."""
    return t("↩️ {amount} is on its way to that account.", amount=refund.amount)


def undecided(t: Words, money: Receipt) -> Screen:
    """To the admins: the owner did not choose, and the policy keeps it."""
    return Screen(
        t(
            "🗄 The owner of {amount} (payment {receipt}) has not chosen in time. It stays held. "
            "/refund {receipt} sends it back; /assign {receipt} ORDER gives it to an order.",
            amount=money.held,
            receipt=money.id,
        )
    )


def sale_refunded(t: Words, view: OrderView, amounts: list[Money], left: Money) -> Screen:
    """To the seller: a sale was undone, or a part of it."""
    order = view.order
    if not left:
        text = t("↩️ Order {order} has been refunded.", order=order.id)
        if order.shipped_at is None:
            text += Html(" ") + t("Please don’t ship it.")
        return Screen(text)
    return Screen(
        t("↩️ {amounts} of order {order} has been refunded. The sale stands.", amounts=amounts, order=order.id)
    )


def not_shipped(t: Words, view: OrderView, *, seller: bool) -> Screen:
    """The time to ship is over."""
    if seller:
        return Screen(
            t(
                "⌛ <b>Order {order} was not shipped in time</b> and has been refunded. Please don’t ship it any more.",
                order=view.order.id,
            )
        )
    return Screen(
        t(
            "⌛ <b>Order {order} was not shipped in time.</b> Your money is on its way back to you.",
            order=view.order.id,
        )
    )


def auto_released(t: Words, view: OrderView, *, seller: bool) -> Screen:
    """The time to confirm receipt is over."""
    if seller:
        return Screen(
            t("🎁 Nobody complained about order {order} in time: it counts as received.", order=view.order.id)
        )
    return Screen(
        t(
            "🎁 <b>Order {order} counts as received</b>, as you were told when it was shipped. {seller} has been paid.",
            order=view.order.id,
            seller=view.seller.name,
        )
    )


def ship_soon(t: Words, view: OrderView) -> Screen:
    """A reminder the day before."""
    return Screen(
        t(
            "⏰ Please ship order {order} by {moment}: after that it is refunded to the buyer.",
            order=view.order.id,
            moment=view.order.ship_by,
        ),
        rows(row(Key(t.plain("🚚 Mark as shipped"), ("sp", view.order.id)))),
    )


def confirm_soon(t: Words, view: OrderView) -> Screen:
    """A reminder two days before."""
    return Screen(
        t(
            "⏰ Have you received order {order}? On {moment} it counts as received and {seller} is paid the rest.",
            order=view.order.id,
            moment=view.order.release_at,
            seller=view.seller.name,
        ),
        rows(row(Key(t.plain("🎁 I have received it"), ("or", view.order.id)))),
    )
