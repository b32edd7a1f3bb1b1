"""The books of a sale paid in parts: what its buyer owes, what a payment or a refund takes off that, what is lost.

The seller is owed at the capture as for any sale: from then on the shop carries the credit, in `buyer_instalment`, and
a loss of it is the shop's own (`exp:instalment`), until the money comes after all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from core.ids import OperationId
from core.ledger import accounts
from core.ledger.finding import Finding
from core.ledger.journal import credit, debit, entry
from core.money import Money, zero
from core.payments import pockets
from core.payments.instalments.plan import RUNNING, Part, Plan, PlanState, amounts
from core.policy.parts import Instalments
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.orders import Order

A_DAY = timedelta(days=1)
_EVER = 10_000


def begin(uow: UnitOfWork, shop: Shop, order: Order, price: Money) -> Plan:
    """The plan of an order as its capture is booked: nothing is paid, the first part is due now."""
    rules, now = shop.policy.instalments, shop.clock.now()
    nothing = zero(price.asset)
    plan = Plan(
        id=order.id,
        shopper=order.shopper,
        parts=tuple(
            Part(number, owed, nothing, now + rules.interval * (number - 1))
            for number, owed in enumerate(amounts(price, order.parts), 1)
        ),
        state=PlanState.ACTIVE,
        created_at=now,
        ahead=nothing,
    )
    return uow.plans.add(plan)


def account(plan: Plan) -> str:
    """Where what the buyer still owes lies."""
    return accounts.INSTALMENT_LOSS if plan.written_off_at else accounts.buyer_instalment(plan.id)


def part_of(plan: Plan, operation: OperationId) -> int | None:
    """The part that a charge asks for; None when it asked for none of them."""
    return next((code.part for code in plan.codes if code.operation == operation), None)


def room(uow: UnitOfWork, order: Order, operation: OperationId) -> bool:
    """Whether a payment by this charge would pay something of the order's plan."""
    plan = uow.plans.get(order.id) if order.parts > 1 else None
    number = part_of(plan, operation) if plan is not None else None
    return plan is not None and number is not None and bool(plan.room(number))


def owed(uow: UnitOfWork, order: Order) -> bool:
    """Whether a buyer still owes parts of an order that is captured."""
    plan = uow.plans.get(order.id) if order.parts > 1 else None
    return plan is not None and bool(plan.left)


def book(uow: UnitOfWork, shop: Shop, plan: Plan, number: int, receipt: str, source: str, amount: Money) -> Plan:
    """So much of a receipt, lying in `source`, pays a part or what is due first. To be asked before it is applied."""
    applied = uow.applications.get(f"{receipt}|{plan.id}")
    uow.journal.post(
        entry(
            # A receipt can pay twice: what its reference named, and what was held of it by its owner's word.
            f"instalment:{plan.id}:{receipt}:{applied.amount.minor if applied else 0}",
            shop.clock.now(),
            "instalment",
            debit(source, amount),
            credit(account(plan), amount),
            order=plan.id,
        )
    )
    return keep(uow, shop, plan.paying(number, amount), PlanState.COMPLETED)


def shrink(uow: UnitOfWork, shop: Shop, order: Order, amount: Money) -> Money:
    """Take what is not yet paid off a locked order's debt first, up to `amount`. Returns how much that was."""
    plan = uow.plans.lock(order.id) if order.parts > 1 else None
    less = min(amount, plan.left) if plan is not None else zero(amount.asset)
    if plan is None or not less:
        return zero(amount.asset)
    left = pockets.left(uow, order)
    uow.journal.post(
        entry(
            f"reduced:{order.id}:{plan.owed.minor}",
            shop.clock.now(),
            "plan reduced",
            *pockets.whole(uow, order, less, credit(account(plan), less)),
            order=order.id,
        )
    )
    keep(uow, shop, plan.less(less), PlanState.CANCELLED if amount == left else PlanState.COMPLETED)
    return less


def write_off(uow: UnitOfWork, shop: Shop, plan: Plan) -> Plan:
    """What is left is the shop's loss from now on; it is owed all the same."""
    now, left = shop.clock.now(), plan.left
    legs = (debit(accounts.INSTALMENT_LOSS, left), credit(accounts.buyer_instalment(plan.id), left))
    uow.journal.post(entry(f"written-off:{plan.id}", now, "written off", *legs, order=plan.id))
    return uow.plans.save(replace(plan, written_off_at=now))


def keep(uow: UnitOfWork, shop: Shop, plan: Plan, at_its_end: PlanState = PlanState.COMPLETED) -> Plan:
    """Save a changed plan: in its last state when nothing is left, and with the moment it is looked at next."""
    if not plan.left and plan.state in RUNNING:
        plan = replace(plan, state=at_its_end)
    return uow.plans.save(replace(plan, next_at=_next_at(plan, shop.policy.instalments)))


def words_due(rules: Instalments, part: Part) -> tuple[datetime, ...]:
    """When the words before a part's default are said: some days ahead, on its day, and when it was missed."""
    return part.due_at - rules.remind, part.due_at, part.due_at + min(A_DAY, rules.grace)


def broken_at(rules: Instalments, part: Part) -> datetime:
    """When a part that is not paid breaks its plan. Nobody is in default without a day's notice."""
    grace = part.due_at + rules.grace
    return max(grace, part.said_at + A_DAY) if part.said_at is not None else grace


def _next_at(plan: Plan, rules: Instalments) -> datetime | None:
    if plan.state not in RUNNING or not plan.left:
        return None
    part, _ = plan.open()[0]
    words = words_due(rules, part)
    if part.said < len(words):
        return words[part.said]
    return broken_at(rules, part) if plan.state is PlanState.ACTIVE else None


# The proof


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Invariants 4 and 5 of sales in parts: the parts are the price, and the books say what is left of them."""
    owed = {place: minor for place, minor in uow.journal.totals("buyer_instalment:").items() if minor}
    for plan in uow.plans.walk():
        yield from _judge(uow, plan, owed.pop((accounts.buyer_instalment(plan.id), plan.ahead.asset.code), 0))
    for account, code in owed:
        yield Finding(4, account, f"there is no plan of it, and {owed[account, code]:+} {code} minor units")


def _judge(uow: UnitOfWork, plan: Plan, booked: int) -> Iterator[Finding]:
    taken: Counter[str] = Counter()  # off what the buyer owes, by the kind of entry
    lost = 0
    for record in uow.journal.history(plan.id):
        for account, minor, _ in record.legs:
            if account in (accounts.buyer_instalment(plan.id), accounts.INSTALMENT_LOSS):
                taken[record.kind] -= minor
                lost += minor if account == accounts.INSTALMENT_LOSS else 0
    forgiven = taken["plan reduced"]
    order, left = uow.orders.need(plan.id), plan.left.minor
    price = pockets.quote_of(uow, order).pay
    paid = price.minor - forgiven - left
    applied = sum(one.amount.minor for one in uow.applications.find(order=plan.id, limit=_EVER))
    if len(plan.parts) != order.parts or plan.owed.minor != price.minor - forgiven:
        yield Finding(4, plan.id, "its parts are not its price, less what refunds took off it")
    if any(not 0 <= part.paid.minor <= part.owed.minor for part in plan.parts) or left < 0 or plan.ahead.minor < 0:
        yield Finding(5, plan.id, "a part is paid by more than itself")
    if not applied == paid == taken["instalment"]:
        yield Finding(4, plan.id, f"{paid} minor units are paid of its parts, {applied} applied to its order")
    if (booked, lost) != ((0, left) if plan.written_off_at else (left, 0)):
        yield Finding(4, plan.id, f"{left} minor units are left to pay, the books say {booked} owed and {lost} lost")
    if (plan.state in RUNNING) != bool(left):
        yield Finding(4, plan.id, f"it is {plan.state}, with {left} minor units left to pay")
