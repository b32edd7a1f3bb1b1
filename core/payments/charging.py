"""The charge of an order: our own offer of a payment code, or a command that a channel has yet to be given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.errors import Refusal, sentence
from core.ids import IntentId, OperationId, PersonId
from core.money import Money
from core.payments.fx.quote import Quote
from core.payments.instalments.plan import amounts
from core.payments.operations import Intent, IntentState, Operation, OperationKind, OperationState
from core.ports import UnitOfWork
from core.qr import BadPayload
from core.qr.reference import marked
from core.risk import issued
from core.shop.context import Method, Shop
from core.shop.notices import carry_out, show_card, tell
from core.shop.orders import Order


class NoCode(Refusal):
    """The method's standard has no code for such a payment: a sum of too many digits, a name it cannot write."""

    sentence = sentence("This cannot be paid by {method}. Please choose another way to pay.")


class NoMethod(Refusal):
    """The shop has no way to pay configured, or not this one any more."""

    sentence = sentence("This shop cannot take payments at the moment.")


class MayStillBePaid(Refusal):
    """A charge of the order has no proven end: a second one could be paid as well."""

    sentence = sentence(
        "The payment for order {order} may still go through, so it cannot be paid another way now. "
        "Please wait for the bank’s answer, or cancel the order."
    )


def ask_for_payment(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote, deadline: datetime) -> Intent:
    """Ask the buyer for what the quote says, by the order's method, until `deadline`. Raises NoCode."""
    intent = uow.intents.add(
        Intent(
            id=IntentId(shop.ids.new()),
            order=order.id,
            payer=order.shopper,
            presentment=quote.pay,
            settlement=quote.owed,
            quote=quote.id,
            state=IntentState.PROCESSING,
            created_at=shop.clock.now(),
            expires_at=deadline,
        )
    )
    _ask(uow, shop, order, intent)
    return intent


def ask_otherwise(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote) -> Intent:
    """Ask the buyer for what a fresh quote says, by the method that the order now has. Raises NoCode."""
    assert order.intent is not None
    intent = uow.intents.lock(order.intent)
    asked = replace(intent, presentment=quote.pay, settlement=quote.owed, quote=quote.id, state=IntentState.PROCESSING)
    intent = uow.intents.save(asked)
    _ask(uow, shop, order, intent)
    return intent


def ask_for_rest(uow: UnitOfWork, shop: Shop, order: Order, rest: Money) -> Order:
    """Ask the buyer for what is missing of a placed order's price: a new code under its intent, and time anew.

    The codes before are taken back; one that a channel was asked for must have its end first. Raises NoMethod,
    MayStillBePaid, NoCode.
    """
    if order.method not in shop.methods:
        raise NoMethod
    assert order.intent is not None and order.quote is not None
    for charge in uow.operations.find(order=order.id, kind=OperationKind.CHARGE):
        if charge.state is OperationState.RESERVED or charge.is_offer:
            uow.operations.save(charge.move(OperationState.EXPIRED))
        elif charge.state not in (OperationState.SUCCEEDED, OperationState.REJECTED, OperationState.EXPIRED):
            raise MayStillBePaid(order=order.id)
    deadline = shop.clock.now() + shop.policy.pay_within[order.method]
    uow.quotes.save(replace(uow.quotes.lock(order.quote), expires_at=deadline))
    intent = uow.intents.save(replace(uow.intents.lock(order.intent), expires_at=deadline))
    order = uow.orders.save(replace(order, deadline=deadline))
    _ask(uow, shop, order, intent, rest)
    return order


def ask_for_part(
    uow: UnitOfWork, shop: Shop, intent: Intent, method: Method, amount: Money, until: datetime
) -> Operation:
    """A charge for a part of an order that is captured. Who has its code told is the caller's. Raises NoCode."""
    charge = replace(_charge(shop, method, intent, amount), expires_at=until)
    return _begin(uow, shop, method, charge, intent.payer)


def _ask(uow: UnitOfWork, shop: Shop, order: Order, intent: Intent, rest: Money | None = None) -> None:
    method = shop.methods[order.method]
    amount = rest or amounts(intent.presentment, order.parts)[0]
    charge = _begin(uow, shop, method, _charge(shop, method, intent, amount), intent.payer)
    if charge.is_offer:
        show_card(uow, shop.clock.now(), order, charge.id)
    elif order.card_message is not None:  # its channel has yet to give the new code: the old one must not be paid
        tell(uow, shop.clock.now(), order.shopper, "code_over", order.id, charge=charge.id)


def _begin(uow: UnitOfWork, shop: Shop, method: Method, charge: Operation, payer: PersonId) -> Operation:
    """Write a charge down: with its code, or for its channel to be asked for one."""
    if method.issue is not None:
        charge = uow.operations.add(_offer(method, charge))
        issued.keep(uow, shop.clock.now(), charge, payer)
        return charge
    carry_out(uow, shop.clock.now(), charge.id)
    return uow.operations.add(charge)


def _charge(shop: Shop, method: Method, intent: Intent, amount: Money) -> Operation:
    # 15 characters by chance and 5 of our mark: the tightest field, a Thai bill’s first reference, has room for 20.
    reference = method.reference(marked(intent.order + shop.ids.new(5), shop.code_keys[0]))
    return Operation(
        id=OperationId(shop.ids.new(12)),
        kind=OperationKind.CHARGE,
        channel=method.name,
        order=intent.order,
        amount=amount,
        reference=reference,
        body={
            "amount": str(amount.decimal),
            "currency": amount.asset.code,
            "reference": reference,
            "payee": method.payee,
            "account": method.account,
        },
        state=OperationState.RESERVED,
        created_at=shop.clock.now(),
        intent=intent.id,
        expires_at=intent.expires_at,
    )


def _offer(method: Method, charge: Operation) -> Operation:
    """The charge with its code. No channel is called, so there is nothing to dispatch and no outcome to wait for."""
    assert method.issue is not None
    try:
        return replace(charge, state=OperationState.ACTION, payload=method.issue(charge))
    except BadPayload:
        raise NoCode(method=method.title) from None
