"""An admin's hand in money that goes back or did not fit: /refund, /assign, /reroute. All of it is audited."""

from __future__ import annotations

from bot.screens import held as screens
from bot.visit import Visit
from core.errors import Refusal, sentence
from core.ids import OrderId, PersonId
from core.money import Money, parse_amount, parse_price
from core.payments import refunds
from core.payments.choices import assign as assign_money
from core.payments.pockets import quote_of
from core.payments.receipts import Receipt
from core.payments.recon.batches import take_for_batch
from core.ports import UnitOfWork
from core.shop.context import Shop


class BadRefund(Refusal):
    """Neither an order nor a payment."""

    sentence = sentence("To send money back: /refund ORDER, /refund ORDER AMOUNT, or /refund PAYMENT for held money.")


class BadAssign(Refusal):
    """Not a payment and an order."""

    sentence = sentence("To give held money to an order: /assign PAYMENT ORDER.")


class BadReroute(Refusal):
    """Not a refund and an account."""

    sentence = sentence("To send a refund elsewhere: /reroute REFUND ACCOUNT.")


async def refund(visit: Visit, *words: str) -> None:
    """/refund ORDER [AMOUNT]: an order's payment, or a part of it; /refund PAYMENT: money that is held."""
    visit.need_admin()
    if not words:
        raise BadRefund
    amounts = await visit.do(_refund, words[0].upper(), " ".join(words[1:]))
    if not amounts:
        await visit.tell(visit.t("↩️ Nothing goes back: it was taken off what is not yet paid in parts."))
        return
    await visit.tell(visit.t("↩️ {amounts} is on its way back.", amounts=[visit.t.money(one) for one in amounts]))


def _refund(uow: UnitOfWork, shop: Shop, who: PersonId, identity: str, text: str) -> list[Money]:
    if uow.receipts.get(identity) is not None:
        return [refunds.refund_receipt(uow, shop, who, identity).amount]
    order = uow.orders.need(OrderId(identity))
    amount = None
    if text:
        plain = text.replace(".", "").replace(",", "").isdigit()
        amount = parse_amount(text, quote_of(uow, order).pay.asset) if plain and order.quote else parse_price(text)
    sent = refunds.refund_order(uow, shop, who, order.id, amount)
    return [sum((one.amount for one in sent[1:]), sent[0].amount)] if sent else []


async def assign(visit: Visit, *words: str) -> None:
    """/assign PAYMENT ORDER: say whose held money is; /assign PAYMENT BATCH: that it is a channel's settlement."""
    visit.need_admin()
    if len(words) != 2:
        raise BadAssign
    receipt = await visit.do(_assign, words[0].upper(), words[1].upper())
    if receipt.order is None:
        await visit.tell(visit.t("✅ Payment {receipt} was a channel’s settlement.", receipt=receipt.id))
        return
    await visit.tell(
        visit.t("✅ Payment {receipt} belongs to order {order} now.", receipt=receipt.id, order=receipt.order)
    )


def _assign(uow: UnitOfWork, shop: Shop, who: PersonId, receipt: str, name: str) -> Receipt:
    if uow.orders.get(OrderId(name)) is None and uow.banklines.count(batch=name):
        return take_for_batch(uow, shop, who, receipt, name)
    return assign_money(uow, shop, who, receipt, OrderId(name))


async def reroute(visit: Visit, *words: str) -> None:
    """/reroute REFUND ACCOUNT: another way for a refund that could not be sent."""
    visit.need_admin()
    if len(words) < 2:
        raise BadReroute
    refund = await visit.do(refunds.reroute, words[0].upper(), " ".join(words[1:]))
    await visit.tell(screens.rerouted(visit.t, refund))
