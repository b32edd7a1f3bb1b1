"""Screens of commands to channels: refused, in doubt, left to an operator."""

from __future__ import annotations

from bot.screens.screen import Key, Screen, row, rows
from bot.words import Word, Words
from core.payments.operations import Operation, OperationKind
from core.shop.browse import OrderView

KINDS = {
    OperationKind.CHARGE: Word("a payment"),
    OperationKind.CAPTURE: Word("a payment"),
    OperationKind.VOID: Word("a payment"),
    OperationKind.REFUND: Word("a refund"),
    OperationKind.PAYOUT: Word("a payout"),
    OperationKind.TRANSFER: Word("a transfer"),
}


def in_doubt(t: Words, operation: Operation) -> Screen:
    """To the admins: it is being asked about."""
    return Screen(
        t(
            "⚠️ It is not known yet whether {kind} of {amount} went through by {channel}. "
            "The channel is asked until there is proof.",
            kind=KINDS[operation.kind],
            amount=operation.amount,
            channel=operation.channel,
        )
    )


def parked(t: Words, operation: Operation) -> Screen:
    """To the admins: what to find out, and how to say it."""
    return Screen(
        t(
            "🚨 Nobody could tell so far whether {kind} of {amount} went through by {channel}. Please ask them about "
            "the reference <code>{reference}</code>, or look at your statement, and write what proves it:\n"
            "<code>/resolve {operation} succeeded EVIDENCE</code>\nor\n"
            "<code>/resolve {operation} rejected EVIDENCE</code>\n"
            "EVIDENCE is their own number of the movement or of their answer; where only a part was paid, write how "
            "much before it, such as 12.50 EUR. Do not send the money again before that.",
            kind=KINDS[operation.kind],
            amount=operation.amount,
            channel=operation.channel,
            reference=operation.reference,
            operation=operation.id,
        )
    )


def resolved(t: Words, operation: Operation) -> Screen:
    """To the admin who said how it ended."""
    return Screen(
        t("✅ Written down: operation {operation} is “{state}”.", operation=operation.id, state=operation.state.value)
    )


def charge_in_doubt(t: Words, view: OrderView) -> Screen:
    """To the shopper: do not pay again."""
    return Screen(
        t(
            "🔎 We are asking the bank whether your payment for order {order} went through. "
            "<b>Please do not pay again</b>; you will be told here.",
            order=view.order.id,
        ),
        rows(row(Key(t.plain("📦 Order {order}", order=view.order.id), ("ov", view.order.id)))),
    )


def charge_refused(t: Words, view: OrderView) -> Screen:
    """To the shopper: nothing was taken, and there may be another way."""
    return Screen(
        t(
            "✖️ The payment for order {order} was refused, and nothing was taken. "
            "Your goods are kept for you until {moment}: you can pay another way.",
            order=view.order.id,
            moment=view.order.deadline,
        ),
        rows(
            row(Key(t.plain("💳 Pay another way"), ("pw", view.order.id))),
            row(Key(t.plain("✖️ Cancel the order"), ("ox", view.order.id))),
        ),
    )
