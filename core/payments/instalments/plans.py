"""Paying in parts: who may, what is asked next and when, early settlement, broken plans, and the proof of it all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.errors import Gone, Refusal, sentence
from core.ids import OperationId, OrderId, PersonId
from core.money import Money
from core.payments.capturing import Share, apply
from core.payments.charging import MayStillBePaid, NoMethod, ask_for_part
from core.payments.fx.quote import Quote
from core.payments.instalments import books as planbooks
from core.payments.instalments.plan import EVERYTHING, RUNNING, Code, Part, Plan, PlanState, amounts
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.pockets import quote_of
from core.payments.receipts import Misfit, Receipt
from core.people import Tier
from core.ports import UnitOfWork
from core.shop.context import Method, Shop
from core.shop.notices import VOID, carry_out, tell
from core.shop.orders import Order
from core.shop.visitors import need_admin, note_command

_EVER = 10_000
_S = OperationState
_ENDED = (_S.SUCCEEDED, _S.REJECTED, _S.EXPIRED)
_LATER = timedelta(days=1)


class NotInParts(Refusal):
    """This order, or this shopper, may not be paid in so many parts (now)."""

    sentence = sentence("This order cannot be paid in parts. You can pay it at once.")


class NothingOwed(Refusal):
    """No part of the order is open."""

    sentence = sentence("Nothing is left to pay of order {order}.")


class NotBroken(Refusal):
    """Only what a shopper in default owes can be written off, once."""

    sentence = sentence("Order {order} has no broken plan to write off.")


# Who may


def counts(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote) -> tuple[int, ...]:
    """Into how many parts an order may be paid: the shop's policy, the price at mid, and how the shopper has done.

    A new shopper has not shown yet that they take what they order, and the seller is paid by the shop, which bears the
    loss: so parts are for regular and trusted shoppers whose other plans are as they should be.
    """
    rules, today = shop.policy.instalments, shop.clock.now().date()
    try:
        worth, _ = shop.rates.approximately(quote.pay, shop.policy.currency, today)
    except Refusal:
        return ()
    if uow.people.need(order.shopper).tier is Tier.NEW or not rules.least <= worth <= rules.most:
        return ()
    return () if is_behind(uow, shop, order.shopper) else rules.counts


def is_behind(uow: UnitOfWork, shop: Shop, who: PersonId) -> bool:
    """Whether a part of any plan of a shopper's is overdue, or a broken plan is not paid yet."""
    now = shop.clock.now()
    plans = uow.plans.find(shopper=who, state=RUNNING, limit=_EVER)
    return any(plan.state is PlanState.DEFAULTED or plan.open()[0][0].due_at < now for plan in plans)


def need_counts(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote) -> None:
    """Raises NotInParts for an order in parts that may not be."""
    if order.parts > 1 and order.parts not in counts(uow, shop, order, quote):
        raise NotInParts


def schedule(shop: Shop, price: Money, count: int) -> list[tuple[Money, datetime]]:
    """What would be paid when, if the first part were paid now."""
    now, interval = shop.clock.now(), shop.policy.instalments.interval
    return [(amount, now + interval * place) for place, amount in enumerate(amounts(price, count))]


# What is asked next


def pay_next(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> Operation:
    """The code of the first open part, again or anew. Raises Gone, NothingOwed, MayStillBePaid, NoMethod, NoCode."""
    order, plan = _own(uow, who, order_id)
    return _ask(uow, shop, order, plan, plan.open()[0][0].number)


def pay_rest(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> Operation:
    """One code for everything that is left. Raises Gone, NothingOwed, MayStillBePaid, NoMethod, NoCode."""
    order, plan = _own(uow, who, order_id)
    return _ask(uow, shop, order, plan, EVERYTHING if len(plan.open()) > 1 else plan.open()[0][0].number)


def _own(uow: UnitOfWork, who: PersonId, order_id: OrderId) -> tuple[Order, Plan]:
    order = uow.orders.lock(order_id)
    if order.shopper != who:
        raise Gone
    plan = uow.plans.lock(order_id) if uow.plans.get(order_id) is not None else None
    if plan is None or not plan.left:
        raise NothingOwed(order=order_id)
    return order, plan


def _ask(uow: UnitOfWork, shop: Shop, order: Order, plan: Plan, number: int) -> Operation:
    """Show the code that asks for this and nothing else, or make it; the codes before are taken back."""
    charge = live_code(uow, shop, plan, number)
    if charge is None:
        charge = _new_code(uow, shop, order, plan, number)
    if charge.state is _S.ACTION:
        tell(uow, shop.clock.now(), order.shopper, "part_card", order.id, charge=charge.id, again=shop.ids.new(6))
    return charge


def live_code(uow: UnitOfWork, shop: Shop, plan: Plan, number: int | None = None) -> Operation | None:
    """The charge that asks for what is left of a part (any, for None) and can still be paid."""
    if not plan.codes:
        return None
    code = plan.codes[-1]
    charge = uow.operations.need(code.operation)
    fits = number in (None, code.part) and charge.amount == _amount(plan, code.part)
    return charge if fits and charge.state not in _ENDED and not _is_over(shop, plan, charge) else None


def _is_over(shop: Shop, plan: Plan, charge: Operation) -> bool:
    """Whether the time of a code has passed, or what it asks for was given up since it was made."""
    late = charge.expires_at is not None and charge.expires_at <= shop.clock.now()
    return late or (plan.written_off_at is not None and charge.created_at < plan.written_off_at)


def _amount(plan: Plan, number: int) -> Money:
    """What a code for a part asks for: what is left of it, counting what was paid ahead."""
    if number == EVERYTHING:
        return plan.left
    return next((left for part, left in plan.open() if part.number == number), plan.left - plan.left)


def _new_code(uow: UnitOfWork, shop: Shop, order: Order, plan: Plan, number: int) -> Operation:
    assert order.intent is not None
    take_back_codes(uow, plan)
    method, amount = _method(shop, order, plan.left), _amount(plan, number)
    part = plan.open()[0][0]
    until = max(part.due_at + shop.policy.instalments.grace, shop.clock.now() + shop.policy.pay_within[method.name])
    charge = ask_for_part(uow, shop, uow.intents.need(order.intent), method, amount, until)
    uow.plans.save(replace(plan, codes=(*plan.codes, Code(charge.id, number))))
    return charge


def _method(shop: Shop, order: Order, amount: Money) -> Method:
    """The way the first part was paid, or another one in its currency. Raises NoMethod."""
    known = [shop.methods[order.method]] if order.method in shop.methods else []
    for method in [*known, *shop.methods.values()]:
        if method.currency == amount.asset:
            return method
    raise NoMethod


def take_back_codes(uow: UnitOfWork, plan: Plan) -> None:
    """Our own offers end; a charge that a channel was asked for must have its end first. Raises MayStillBePaid."""
    for code in plan.codes:
        charge = uow.operations.lock(code.operation)
        if charge.state is _S.RESERVED or charge.is_offer:
            uow.operations.save(charge.move(_S.EXPIRED))
        elif charge.state not in _ENDED:
            raise MayStillBePaid(order=plan.id)


# What came in


def take(uow: UnitOfWork, shop: Shop, order: Order, share: Share, charge: Operation) -> Receipt:
    """A payment by a code of the order's plan. A part takes at most what it asks for; the rest is held for its owner.

    Less than that is taken, too: it is owed already. What is missing is asked for.
    """
    plan = uow.plans.lock(order.id)
    number = planbooks.part_of(plan, charge.id)
    assert number is not None
    if charge.state not in (_S.SUCCEEDED, _S.RESERVED):
        uow.operations.save(replace(charge.move(_S.SUCCEEDED), evidence=share.receipt.fact))
    receipt = _settle(uow, shop, order, plan, number, share)
    return uow.receipts.save(replace(receipt, misfit=Misfit.OVER if receipt.held else Misfit.NONE))


def take_held(uow: UnitOfWork, shop: Shop, order: Order, receipt: Receipt) -> Receipt:
    """Held money of the shopper's pays what is due first of a locked order's plan. Raises NothingOwed."""
    plan = uow.plans.get(order.id)
    if plan is None or not plan.left:
        raise NothingOwed(order=order.id)
    plan = uow.plans.lock(order.id)
    return _settle(uow, shop, order, plan, EVERYTHING, Share(receipt, receipt.held, receipt.account))


def _settle(uow: UnitOfWork, shop: Shop, order: Order, plan: Plan, number: int, share: Share) -> Receipt:
    share = replace(share, amount=min(share.amount, plan.room(number)))
    before = {part.number for part, _ in plan.open()}
    plan = planbooks.book(uow, shop, plan, number, share.receipt.id, share.source, share.amount)
    receipt = apply(uow, shop, order, share)
    _drop_stale_codes(uow, shop, plan)
    now, named = shop.clock.now(), {"receipt": receipt.id, "amount": str(share.amount.minor)}
    paid = sorted(before - {part.number for part, _ in plan.open()})
    if paid:
        told = "-".join(map(str, paid))
        tell(uow, now, order.shopper, "part_paid", order.id, parts=told, **named)
    else:
        tell(uow, now, order.shopper, "part_short", order.id, **named)
    if plan.written_off_at:
        for admin in sorted(shop.admins):
            tell(uow, now, admin, "loss_recovered", order.id, **named)
    return receipt


def _drop_stale_codes(uow: UnitOfWork, shop: Shop, plan: Plan) -> None:
    """Codes that ask for what is paid by now: ours end, a channel is asked to make its own void."""
    for code in plan.codes:
        charge = uow.operations.lock(code.operation)
        if charge.state not in _ENDED and charge.amount != _amount(plan, code.part):
            _end(uow, shop, charge)


def _end(uow: UnitOfWork, shop: Shop, charge: Operation) -> None:
    """Nobody should pay a locked code any more. One in doubt is made void once its channel has been asked."""
    if charge.state is _S.RESERVED or charge.is_offer:
        uow.operations.save(charge.move(_S.EXPIRED))
    elif charge.state is _S.ACTION:
        carry_out(uow, shop.clock.now(), charge.id, VOID)


def take_off(uow: UnitOfWork, shop: Shop, order: Order, amount: Money) -> Money:
    """A refund first takes off what is not yet paid of a locked order: nobody must pay that. Returns how much."""
    reduced = planbooks.shrink(uow, shop, order, amount)
    if reduced:
        plan = uow.plans.lock(order.id)
        _drop_stale_codes(uow, shop, plan)
        told = {"minor": str(reduced.minor), "owed": str(plan.owed.minor)}
        tell(uow, shop.clock.now(), order.shopper, "plan_reduced", order.id, **told)
    return reduced


def is_asked(uow: UnitOfWork, shop: Shop, charge: Operation) -> bool:
    """Whether a charge is the one that its order's plan asks by now, and its time is not over."""
    plan = uow.plans.get(charge.order)
    if plan is None or not plan.codes or plan.codes[-1].operation != charge.id:
        return False
    fits = charge.amount == _amount(plan, plan.codes[-1].part) and bool(plan.left)
    return fits and not _is_over(shop, plan, charge)


# What time brings


def anything_due(uow: UnitOfWork, shop: Shop) -> bool:
    """Whether `remind` has something to look at. For the ticker."""
    return bool(uow.plans.count(state=RUNNING, before={"next_at": shop.clock.now()}))


def remind(uow: UnitOfWork, shop: Shop, limit: int = 50) -> int:
    """Send the code of a part some days before its day, on it, and when it was missed; then the plan is broken."""
    due = uow.plans.find(state=RUNNING, before={"next_at": shop.clock.now()}, newest=False, limit=limit)
    for found in due:
        order = uow.orders.lock(found.id)
        plan = uow.plans.lock(found.id)
        if order.frozen:  # nobody has to pay for what is in dispute
            uow.plans.save(replace(plan, next_at=shop.clock.now() + _LATER))
        else:
            _say(uow, shop, order, plan)
    return len(due)


def codes_over(uow: UnitOfWork, shop: Shop, limit: int = 500) -> list[OperationId]:
    """Codes of plans that can be paid though their time is over. For the ticker: it has them ended."""
    waiting = uow.operations.find(
        kind=OperationKind.CHARGE, state=_S.ACTION, before={"expires_at": shop.clock.now()}, newest=False, limit=limit
    )
    return [charge.id for charge in waiting if uow.plans.get(charge.order) is not None]


def end_codes(uow: UnitOfWork, shop: Shop) -> int:
    """End them: a late payer asks for a new one. How many."""
    over = codes_over(uow, shop)
    for number in over:
        charge = uow.operations.lock(number)
        _end(uow, shop, charge)
        _take_down(uow, shop, uow.plans.need(charge.order), charge)
    return len(over)


def _take_down(uow: UnitOfWork, shop: Shop, plan: Plan, charge: Operation) -> None:
    """Have a code that has ended leave the chat, too."""
    tell(uow, shop.clock.now(), plan.shopper, "code_over", plan.id, charge=charge.id)


def _say(uow: UnitOfWork, shop: Shop, order: Order, plan: Plan) -> None:
    now, rules = shop.clock.now(), shop.policy.instalments
    part, _ = plan.open()[0]
    words = planbooks.words_due(rules, part)
    passed = sum(moment <= now for moment in words)
    if part.said < passed:
        # After a pause only the last word is said: that a part is missed covers that it was due.
        plan = planbooks.keep(uow, shop, plan.with_part(replace(part, said=passed, said_at=now)))
        charge = _code_for(uow, shop, order, plan, part)
        told = {"charge": charge.id} if charge is not None else {}
        tell(uow, now, plan.shopper, "part_due", order.id, part=str(part.number), word=str(passed), **told)
    elif part.said == len(words) and plan.state is PlanState.ACTIVE and planbooks.broken_at(rules, part) <= now:
        planbooks.keep(uow, shop, replace(plan, state=PlanState.DEFAULTED))
        for who in [plan.shopper, *sorted(shop.admins - {plan.shopper})]:
            tell(uow, now, who, "plan_broken", order.id)
    else:
        planbooks.keep(uow, shop, plan)  # thawed, or the policy has changed: another moment


def _code_for(uow: UnitOfWork, shop: Shop, order: Order, plan: Plan, part: Part) -> Operation | None:
    """The part's code; None when there is none to be had now, so that the word is said without it."""
    charge = live_code(uow, shop, plan)
    if charge is not None:
        return charge
    try:
        return _new_code(uow, shop, order, plan, part.number)
    except MayStillBePaid:
        for code in plan.codes:
            old = uow.operations.need(code.operation)
            if old.state is _S.ACTION and not old.is_offer:
                carry_out(uow, shop.clock.now(), old.id, VOID)
        return None
    except Refusal:
        return None


# What is lost


def write_off(uow: UnitOfWork, shop: Shop, admin: PersonId, order_id: OrderId) -> Money:
    """An admin gives up what a shopper in default owes: the shop's loss. It stays owed, and may come after all.

    The codes that there are end; who wants to pay all the same asks for a new one.
    Returns the loss. Raises NotAllowed, Gone, NotBroken.
    """
    need_admin(shop, admin)
    uow.orders.lock(order_id)
    plan = uow.plans.get(order_id)
    if plan is None or plan.state is not PlanState.DEFAULTED or plan.written_off_at or not plan.left:
        raise NotBroken(order=order_id)
    note_command(uow, shop, admin, "writeoff", order=order_id, amount=str(plan.left))
    plan = planbooks.write_off(uow, shop, uow.plans.lock(order_id))
    for code in plan.codes:
        charge = uow.operations.lock(code.operation)
        if charge.state not in _ENDED:
            _end(uow, shop, charge)
            _take_down(uow, shop, plan, charge)
    return plan.left


# What a screen wants to know


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with its order's price and the code that can be paid now, if one can."""

    plan: Plan
    price: Money
    charge: Operation | None


def plan_view(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> PlanView:
    """A plan for its shopper or an admin. Raises Gone."""
    plan = uow.plans.need(order_id)
    if who != plan.shopper and who not in shop.admins:
        raise Gone
    return PlanView(plan, quote_of(uow, uow.orders.need(order_id)).pay, live_code(uow, shop, plan))


def plans_of(uow: UnitOfWork, who: PersonId, limit: int = 10) -> list[Plan]:
    """A shopper's plans with something left to pay, the newest first."""
    return uow.plans.find(shopper=who, state=RUNNING, limit=limit)
