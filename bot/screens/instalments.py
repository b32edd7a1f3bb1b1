"""Screens of paying in parts: the schedule, the card of a part, a shopper's plans, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.screens.genuine import mark_line
from bot.screens.screen import Key, Rows, Screen, row, rows
from bot.words import Html, Word, Words
from core.ids import OrderId
from core.money import Money
from core.payments.instalments.plan import EVERYTHING, Part, Plan, PlanState
from core.payments.operations import Operation
from core.policy.parts import Instalments
from core.shop.context import Method

COPY_LIMIT = 256  # characters a copy button takes (Bot API CopyTextButton)

STATES = {
    PlanState.ACTIVE: Word("being paid"),
    PlanState.COMPLETED: Word("all paid"),
    PlanState.DEFAULTED: Word("broken: a part was not paid in time"),
    PlanState.CANCELLED: Word("ended by a refund"),
}


def schedule(t: Words, parts: Iterable[tuple[Money, datetime]]) -> list[Html]:
    """What would be paid when, the first part now."""
    parts = list(parts)
    lines = [t("🗓 In {n} parts, at no extra cost:", n=len(parts))]
    for number, (amount, due) in enumerate(parts, 1):
        if number == 1:
            lines.append(t("{n}. {amount} now", n=number, amount=amount))
        else:
            lines.append(t("{n}. {amount} on {day}", n=number, amount=amount, day=due.date()))
    return lines


def choice(t: Words, order: OrderId, chosen: int, counts: Iterable[int]) -> tuple[Key, ...]:
    """The buttons of a review: in how many parts, or at once."""
    keys = [Key(t.plain("🗓 Pay in {n}", n=n), ("ic", order, n)) for n in counts if n != chosen]
    if chosen > 1:
        keys.append(Key(t.plain("Pay at once"), ("ic", order, 1)))
    return tuple(keys)


def plan_lines(t: Words, plan: Plan, now: datetime) -> list[Html]:
    """The parts of a plan: paid, to be paid by when, missed."""
    left = {part.number: amount for part, amount in plan.open()}
    lines = [t("🗓 In {n} parts: {state}", n=len(plan.parts), state=STATES[plan.state])]
    lines += [_part_line(t, part, left.get(part.number), now) for part in plan.parts if part.owed]
    if plan.left:
        lines.append(t("Left to pay: <b>{amount}</b>", amount=plan.left))
    if plan.written_off_at:
        lines.append(t("Written off on {moment}; it is still owed.", moment=plan.written_off_at))
    return lines


def _part_line(t: Words, part: Part, left: Money | None, now: datetime) -> Html:
    if left is None:
        return t("{n}. {amount} ✅ paid", n=part.number, amount=part.owed)
    if part.due_at < now:
        return t("{n}. {amount} ⚠️ was due on {day}", n=part.number, amount=left, day=part.due_at.date())
    return t("{n}. {amount} ⏳ due on {day}", n=part.number, amount=left, day=part.due_at.date())


def pay_keys(t: Words, plan: Plan) -> Rows:
    """Pay the next part, or all that is left."""
    open_ = plan.open()
    if not open_:
        return ()
    part, amount = open_[0]
    label = t.plain("💳 Pay part {n}: {amount}", n=part.number, amount=amount)
    rest = Key(t.plain("⏩ Pay all the rest now: {amount}", amount=plan.left), ("ia", plan.id))
    return rows(row(Key(label, ("in", plan.id))), row(rest if len(open_) > 1 else None))


def order_key(t: Words, order: OrderId) -> tuple[Key, ...]:
    """To the order's page."""
    return row(Key(t.plain("📦 Order {order}", order=order), ("ov", order)))


def plans(t: Words, found: list[Plan], now: datetime, rules: Instalments, received: int) -> Screen:
    """/plans: what a shopper still has to pay, and the buttons to pay it; else who may pay in parts.

    `received`: how many orders a shopper must have received before they may.
    """
    if not found:
        return Screen(Html("\n").join(_who_may(t, rules, received)))
    lines: list[Html] = [t("<b>What you pay in parts</b>")]
    keys: list[tuple[Key, ...]] = []
    for plan in found:
        lines += [Html(""), t("<b>Order {order}</b>", order=plan.id), *plan_lines(t, plan, now)]
        keys += [*pay_keys(t, plan), order_key(t, plan.id)]
    return Screen(Html("\n").join(lines), tuple(keys))


def _who_may(t: Words, rules: Instalments, received: int) -> list[Html]:
    lines = [
        t("You have nothing to pay in parts."),
        t(
            "An order of {least} to {most} can be paid in {counts} parts: its page offers that.",
            least=rules.least,
            most=rules.most,
            counts=[str(count) for count in rules.counts],
        ),
    ]
    if received:
        who = t.plural(
            "It is for shoppers who have received {n} order, and are not behind with another one.",
            "It is for shoppers who have received {n} orders, and are not behind with another one.",
            received,
        )
        lines.append(who)
    return lines


def title(t: Words, plan: Plan, asked: int) -> str:
    """What a code asks for: "part 2 of 3", or the rest."""
    if asked == EVERYTHING:
        return t.plain("all the rest")
    return t.plain("part {n} of {all}", n=asked, all=len(plan.parts))


def part_card(
    t: Words, plan: Plan, asked: int, charge: Operation, method: Method, headline: Html | None, mark: str
) -> Screen:
    """The caption and buttons beside the picture with a part's code; `mark` is its fingerprint."""
    lines = [] if headline is None else [headline, Html("")]
    lines += [
        t("<b>Pay {amount}</b> with {method}", amount=charge.amount, method=method.title),
        t("Order {order}: {what}", order=plan.id, what=title(t, plan, asked)),
        t("Payee: {payee}", payee=method.payee),
        t("Reference: <code>{reference}</code>", reference=charge.reference),
        *([t("It takes the place of the codes that were sent for single parts.")] if asked == EVERYTHING else []),
        Html(""),
        t("Scan the picture with your bank’s app, or copy this code into it:"),
        Html("<code>") + charge.payload + Html("</code>"),
        mark_line(t, mark),
    ]
    copy = Key(t.plain("📋 Copy the payment code"), copy=charge.payload) if len(charge.payload) <= COPY_LIMIT else None
    several = asked != EVERYTHING and len(plan.open()) > 1
    rest = Key(t.plain("⏩ Pay all the rest now: {amount}", amount=plan.left), ("ia", plan.id)) if several else None
    return Screen(Html("\n").join(lines), rows(row(copy), row(rest), order_key(t, plan.id)))


def due(t: Words, plan: Plan, part: Part, word: int, last: datetime) -> Html:
    """The words before a part's default: soon, today, missed. `last` is when the plan would be broken."""
    said = {"n": part.number, "all": len(plan.parts), "order": plan.id, "day": part.due_at.date()}
    if word <= 1:
        return t("⏰ <b>Part {n} of {all} of order {order} is due on {day}.</b>", **said)
    if word == 2:
        return t("⏰ <b>Part {n} of {all} of order {order} is due today.</b>", **said)
    return t(
        "⚠️ <b>Part {n} of {all} of order {order} was due on {day}.</b> Please pay it by {moment}: "
        "after that the plan counts as broken, and you cannot pay in parts until all is paid.",
        moment=last,
        **said,
    )


def due_without_code(t: Words, plan: Plan, headline: Html) -> Screen:
    """The same, when there is no code to be had at the moment."""
    return Screen(headline, (*pay_keys(t, plan), order_key(t, plan.id)))


def paid(t: Words, plan: Plan, parts: list[int], amount: Money) -> Screen:
    """Money for parts has come."""
    if not plan.left and plan.state is PlanState.COMPLETED:
        text = t("🎉 <b>{amount} has arrived: order {order} is paid in full.</b>", amount=amount, order=plan.id)
        return Screen(text, rows(order_key(t, plan.id)))
    lines = [
        t(
            "✅ <b>{amount} has arrived.</b> Order {order}: paid part {parts} of {all}.",
            amount=amount,
            order=plan.id,
            parts=list(parts),
            all=len(plan.parts),
        )
    ]
    if plan.left:
        part, left = plan.open()[0]
        lines.append(t("Next: {amount} on {day}", amount=left, day=part.due_at.date()))
    return Screen(Html("\n").join(lines), rows(order_key(t, plan.id)))


def short(t: Words, plan: Plan, amount: Money) -> Screen:
    """Less than a part has come: it counts, and the rest of the part is still to pay."""
    lines = [t("💰 <b>{amount} of order {order} has arrived.</b>", amount=amount, order=plan.id)]
    if plan.left:
        part, left = plan.open()[0]
        lines.append(t("Still to pay of part {n}: <b>{amount}</b>", n=part.number, amount=left))
    return Screen(Html("\n").join(lines), (*pay_keys(t, plan), order_key(t, plan.id)))


def broken(t: Words, plan: Plan, *, admin: bool) -> Screen:
    """A part stayed unpaid past its grace."""
    if admin:
        text = t(
            "⚠️ The plan of order {order} is broken: {amount} is still owed. "
            "/writeoff {order} takes it as the shop’s loss; it can be paid all the same.",
            order=plan.id,
            amount=plan.left,
        )
        return Screen(text, rows(order_key(t, plan.id)))
    text = t(
        "⚠️ <b>The plan of order {order} is broken</b>, as a part was not paid in time. {amount} is still owed, and can "
        "be paid any time. Until then you cannot pay in parts.",
        order=plan.id,
        amount=plan.left,
    )
    return Screen(text, (*pay_keys(t, plan), order_key(t, plan.id)))


def reduced(t: Words, plan: Plan, amount: Money) -> Screen:
    """A refund has taken off what was not yet paid."""
    text = t("↩️ <b>You need not pay {amount} of order {order} any more.</b>", amount=amount, order=plan.id)
    if plan.left:
        text += Html(" ") + t("Left to pay: <b>{amount}</b>", amount=plan.left)
    return Screen(text, rows(order_key(t, plan.id)))


def recovered(t: Words, plan: Plan, amount: Money) -> Screen:
    """To the admins: money came for what was written off."""
    text = t("💰 {amount} has come for order {order}, which was written off.", amount=amount, order=plan.id)
    return Screen(text, rows(order_key(t, plan.id)))
