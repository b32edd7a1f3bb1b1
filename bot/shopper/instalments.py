"""Paying in parts: choose it on the review, see one's plans, pay the next part or all the rest."""

from __future__ import annotations

from bot.screens import instalments as screens
from bot.shopper.buying import show_review
from bot.visit import Visit
from core.ids import OrderId
from core.payments.instalments import plans as instalments
from core.payments.operations import Operation, OperationState
from core.shop import checkout


async def choose(visit: Visit, order_id: str, count: str) -> None:
    """In so many parts, or at once: the review shows what would be paid when."""
    await show_review(visit, await visit.do(checkout.review, OrderId(order_id), parts=int(count)))


async def plans(visit: Visit) -> None:
    """/plans: what is still to pay."""
    found = await visit.look(instalments.plans_of, visit.who)
    policy = visit.shop.policy
    screen = screens.plans(visit.t, found, visit.shop.clock.now(), policy.instalments, policy.regular_after)
    await visit.show(screen)


async def pay_next(visit: Visit, order_id: str) -> None:
    """The code of the next part. The card comes from the outbox."""
    await _say(visit, await visit.do(instalments.pay_next, OrderId(order_id)))


async def pay_rest(visit: Visit, order_id: str) -> None:
    """One code for all that is left."""
    await _say(visit, await visit.do(instalments.pay_rest, OrderId(order_id)))


async def _say(visit: Visit, charge: Operation) -> None:
    if charge.state is OperationState.UNKNOWN or charge.state is OperationState.PENDING:
        await visit.toast(visit.t.plain("The bank is being asked. Please do not pay again."))
    else:
        await visit.toast(visit.t.plain("Here comes the code: {amount}.", amount=charge.amount))
