"""Both sides of a dispute in the chat: complain, say what happened, give the money back in time."""

from __future__ import annotations

from bot.screens import disputes as screens
from bot.seller.selling import picture
from bot.visit import Visit
from core.errors import Gone
from core.ids import OrderId, PersonId
from core.payments.disputes import answering, complaints
from core.payments.disputes import cases as disputes
from core.payments.disputes.dispute import Dispute, Evidence
from core.payments.refund import Refund
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.visitors import ask, stop_asking


async def wrong(visit: Visit, order_id: str) -> None:
    """Something is wrong with this order: what?"""
    await visit.look(_may_complain, visit.shop, visit.who, OrderId(order_id))
    await visit.say(screens.what_is_wrong(visit.t, OrderId(order_id)))


def _may_complain(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> None:
    order = uow.orders.need(order_id)
    if order.shopper != who:
        raise Gone
    complaints.may_complain(shop, order, shop.clock.now())


async def complain(visit: Visit, order_id: str, reason: str) -> None:
    """That. Both sides and the admins hear of it by notices; the shopper is asked at once."""
    case = await visit.do(_complain, OrderId(order_id), screens.reason_of(reason))
    await visit.say(screens.ask_evidence(visit.t, case))


def _complain(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId, reason: str) -> Dispute:
    case = complaints.complain(uow, shop, who, order_id, reason)
    ask(uow, shop, who, "evidence", dispute=case.id)
    return case


async def ask_evidence(visit: Visit, dispute_id: str) -> None:
    """What happened?"""
    case = await visit.do(_ask, dispute_id)
    await visit.say(screens.ask_evidence(visit.t, case))


def _ask(uow: UnitOfWork, shop: Shop, who: PersonId, dispute_id: str) -> Dispute:
    case = disputes.need_case(uow, shop, who, dispute_id)
    if not case.is_open:
        raise disputes.NotOpenCase(dispute=case.id)
    ask(uow, shop, who, "evidence", dispute=case.id)
    return case


async def hear_evidence(visit: Visit, text: str, dispute: str = "") -> None:
    """Words, or a picture with or without them. The question stays open for more."""
    message, digest = visit.message, ""
    if message is not None and (message.photo or message.document):
        digest = await picture(visit)
        text = message.caption or ""
    await visit.do(_keep, dispute, text, digest)
    await visit.say(screens.noted(visit.t, await visit.look(lambda uow: uow.disputes.need(dispute))))


def _keep(uow: UnitOfWork, shop: Shop, who: PersonId, dispute_id: str, text: str, digest: str) -> Evidence | None:
    try:
        return complaints.say(uow, shop, who, dispute_id, text, digest)
    except disputes.NotOpenCase:
        stop_asking(uow, shop, who)
        raise


async def ask_refund(visit: Visit, dispute_id: str) -> None:
    """Give it back at the warning? Sure?"""
    case = await visit.look(disputes.need_case, visit.shop, visit.who, dispute_id)
    await visit.say(screens.confirm_refund(visit.t, case))


async def refund(visit: Visit, dispute_id: str) -> None:
    """Yes."""
    refunds: list[Refund] = await visit.do(answering.refund_to_avoid, dispute_id)
    amount = sum((one.amount for one in refunds[1:]), refunds[0].amount)
    await visit.toast(visit.t.plain("{amount} is on its way back.", amount=amount), alert=True)
