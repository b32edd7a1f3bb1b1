"""Held money in its owner's hands: top up, take an order up again, pay another one, have it back, say where to."""

from __future__ import annotations

from bot.screens import held as screens
from bot.visit import Visit
from core.ids import OrderId, PersonId
from core.payments import choices, refunds
from core.payments.refund import Refund, RefundState
from core.payments.settlement.payee import wanted
from core.ports import UnitOfWork
from core.risk.proofs import enrolled
from core.risk.stepping import need
from core.shop.context import Shop
from core.shop.orders import Order, OrderState
from core.shop.visitors import ask, stop_asking


async def held(visit: Visit) -> None:
    """/held: my money that is held, each with what it can be used for now."""
    found = await visit.look(choices.held_for, visit.shop, visit.who)
    if not found:
        await visit.say(screens.nothing_held(visit.t))
    for what in found:
        await visit.say(screens.held(visit.t, what, visit.shop.policy.holding.default, admin=False))


async def send_back(visit: Visit, receipt_id: str) -> None:
    """Held money goes back where it came from."""
    refund = await visit.do(refunds.refund_receipt, receipt_id)
    await visit.toast(visit.t.plain("{amount} is on its way back.", amount=refund.amount), alert=True)


async def top_up(visit: Visit, order_id: str) -> None:
    """A code for what is missing."""
    await _say(visit, await visit.do(choices.top_up, OrderId(order_id)))


async def take_up(visit: Visit, receipt_id: str) -> None:
    """The ended order again, at today's price."""
    await _say(visit, await visit.do(choices.take_up, receipt_id))


async def use_for(visit: Visit, receipt_id: str, order_id: str) -> None:
    """Another order is paid with it."""
    await _say(visit, await visit.do(choices.apply_to, receipt_id, OrderId(order_id)))


async def _say(visit: Visit, order: Order) -> None:
    paid = order.state is not OrderState.PLACED
    await visit.toast(screens.used(visit.t, order, paid=paid))


async def ask_account(visit: Visit, refund_id: str) -> None:
    """Where a refund shall go whose way back is closed. Raises ProofNeeded: a thief of the chat would have it, too."""
    refund = await visit.do(_ask, refund_id)
    await visit.say(screens.ask_account(visit.t, refund, wanted(refund.amount.asset)))


def _ask(uow: UnitOfWork, shop: Shop, who: PersonId, refund_id: str) -> Refund:
    refund = refunds.need_refund(uow, shop, who, refund_id)
    if refund.state is not RefundState.FAILED:
        raise refunds.NotWaiting
    if enrolled(uow, who):
        need(uow, shop, who, "payee", refund_id)
    ask(uow, shop, who, "reroute", refund=refund_id)
    return refund


async def hear_account(visit: Visit, text: str, refund: str = "") -> None:
    """The answer to it."""
    moved = await visit.do(_reroute, refund, text)
    await visit.tell(screens.rerouted(visit.t, moved))


def _reroute(uow: UnitOfWork, shop: Shop, who: PersonId, refund_id: str, text: str) -> Refund:
    moved = refunds.reroute(uow, shop, who, refund_id, text)
    stop_asking(uow, shop, who)
    return moved
