"""Judging a payment: may it go on, must the shopper prove first that it is they, or not at all; it takes the holds."""

from __future__ import annotations

from datetime import datetime

from core.errors import Refusal, sentence
from core.payments.fx.quote import Quote
from core.ports import UnitOfWork
from core.risk import limits
from core.risk.decision import Decision, Facts, Verdict
from core.shop.context import Shop
from core.shop.orders import Order


class StepUpNeeded(Refusal):
    """The payment must be confirmed by its shopper first; nothing was taken. Parameters: order, factors, amount."""

    sentence = sentence("Before you pay {amount} for order {order}, please prove that it is you.")


def judge(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote, now: datetime) -> Decision:
    """Decide on a payment and take its amount from every limit it falls under.

    Raises StepUpNeeded or the refusal of a limit; the transaction must then come to nothing.
    """
    limits.hold(
        uow,
        shop.policy,
        now,
        order=order.id,
        shopper=order.shopper,
        tier=uow.people.need(order.shopper).tier,
        channel=order.method,
        amount=shop.rates.approximately(quote.pay, shop.policy.currency, now.date())[0],
    )
    facts = Facts(order.id, order.shopper, order.seller, order.method, quote.pay, now)
    return uow.decisions.add(
        Decision(shop.ids.new(), order.id, order.shopper, Verdict.ALLOW, "", 0, facts=facts, book="", at=now)
    )
