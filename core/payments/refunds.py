"""Refunds: money goes back the way it came, at the rate of the purchase, and never twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from core.errors import Gone, Refusal, sentence
from core.ids import OperationId, OrderId, PersonId
from core.ledger.journal import Leg, credit, debit, entry
from core.money import Asset, Money
from core.payments.operations import (
    Operation,
    OperationKind,
    OperationState,
    Receipt,
    ReceiptState,
)
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import carry_out, tell
from core.shop.orders import Order, OrderState
from core.shop.visitors import need_admin, note_command


class NothingToRefund(Refusal):
    """No money of this order or receipt is left to send back."""

    sentence = sentence("There is nothing to refund: no payment of it is held, or it was sent back already.")


# The evidence of a refund that the operator has been asked to make at their bank.
BY_HAND = "by hand"

# The pockets a sale's money can lie in; what an order put there and is still there goes back to the buyer.
_POCKETS = ("escrow:", "avail:", "rev:fee", "rev:fx_markup", "pnl:rounding")


def refund_order(uow: UnitOfWork, shop: Shop, admin: PersonId, order_id: OrderId) -> Operation:
    """Send the whole payment of an order back. Raises NotAllowed, Gone, NothingToRefund."""
    need_admin(shop, admin)
    order = uow.orders.lock(order_id)
    paid = uow.receipts.find(order=order_id, state=ReceiptState.APPLIED, limit=1)
    if not paid:
        raise NothingToRefund
    receipt = uow.receipts.lock(paid[0].id)
    now = shop.clock.now()
    owner = f"refund_payable:{order.shopper}"
    uow.journal.post(entry(f"refund:{order.id}", now, "refund", *_reversal(uow, order, receipt, owner), order=order.id))
    if order.state is OrderState.PAID:  # never shipped: the goods are still there
        for line in order.lines:
            uow.products.shift(line.product, "stock", line.quantity)
    uow.orders.save(order.move(OrderState.REFUNDED))
    note_command(uow, shop, admin, "refund", order=order.id)
    tell(uow, now, uow.sellers.need(order.seller).person, "sale_refunded", order.id)
    return _send_back(uow, shop, replace(receipt, account=owner))


def refund_receipt(uow: UnitOfWork, shop: Shop, actor: PersonId, receipt_id: str) -> Operation:
    """Send held money back to whom it came from, asked by its owner or an admin. Raises Gone, NothingToRefund."""
    receipt = uow.receipts.lock(receipt_id)
    if actor not in shop.admins and actor != receipt.payer:
        raise Gone
    if receipt.state is not ReceiptState.HELD:
        raise NothingToRefund
    if actor in shop.admins:
        note_command(uow, shop, actor, "refund", receipt=receipt.id)
    return _send_back(uow, shop, receipt)


def _reversal(uow: UnitOfWork, order: Order, receipt: Receipt, owner: str) -> list[Leg]:
    """Undo what is left of an order in each pocket, and owe the buyer what was paid."""
    left: dict[tuple[str, Asset], int] = defaultdict(int)
    for leg in uow.journal.legs_of(order.id):
        if leg.account.startswith(_POCKETS):
            left[leg.account, leg.amount.asset] += leg.amount.minor
    legs = [Leg(account, Money(-minor, of)) for (account, of), minor in left.items() if minor]
    paid = receipt.amount
    back = Money(sum(leg.amount.minor for leg in legs), legs[0].amount.asset) if legs else None
    if back is not None and back.asset != paid.asset:
        legs += [credit("fx:position", back), debit("fx:position", paid)]
    return [*legs, credit(owner, paid)]


def _send_back(uow: UnitOfWork, shop: Shop, receipt: Receipt) -> Operation:
    now = shop.clock.now()
    identity = OperationId(shop.ids.new(12))
    uow.receipts.save(replace(receipt, state=ReceiptState.REFUNDING))
    operation = uow.operations.add(
        Operation(
            id=identity,
            kind=OperationKind.REFUND,
            channel=receipt.channel,
            order=receipt.order or OrderId(""),
            amount=receipt.amount,
            reference=identity,
            body={
                "amount": str(receipt.amount.decimal),
                "currency": receipt.amount.asset.code,
                "fact": receipt.fact,
                "reference": identity,
            },
            state=OperationState.RESERVED,
            created_at=now,
            receipt=receipt.id,
            target=f"{receipt.debtor_account}\n{receipt.debtor_name}",
        )
    )
    carry_out(uow, now, operation.id)
    return operation


def refund_done(uow: UnitOfWork, shop: Shop, operation: Operation, evidence: str) -> Operation:
    """The channel proved that the money is back with the buyer."""
    if operation.state is OperationState.SUCCEEDED:
        return operation
    now = shop.clock.now()
    receipt = uow.receipts.lock(operation.receipt)
    uow.journal.post(
        entry(
            f"refunded:{operation.id}",
            now,
            "refund paid",
            debit(receipt.account, receipt.amount),
            credit(f"clearing:{receipt.channel}", receipt.amount),
            order=receipt.order,
        )
    )
    uow.receipts.save(replace(receipt, state=ReceiptState.REFUNDED))
    for who in shop.admins | ({receipt.payer} if receipt.payer else set()):
        tell(uow, now, who, "refunded", receipt.id)
    return uow.operations.save(replace(operation.move(OperationState.SUCCEEDED), evidence=evidence))


def refund_failed(uow: UnitOfWork, shop: Shop, operation: Operation, reason: str) -> Operation:
    """The channel proved that it cannot send the money back: it is held again, and the admins are told."""
    if operation.state in (OperationState.SUCCEEDED, OperationState.REJECTED):
        return operation
    now = shop.clock.now()
    receipt = uow.receipts.lock(operation.receipt)
    uow.receipts.save(replace(receipt, state=ReceiptState.HELD))
    for admin in shop.admins:
        tell(uow, now, admin, "refund_failed", receipt.id, reason=reason[:35], operation=operation.id)
    return uow.operations.save(replace(operation.move(OperationState.REJECTED), evidence=reason[:64]))


def settle_refund_by_message(
    uow: UnitOfWork, shop: Shop, channel: str, reference: str, evidence: str, amount: Money, fact: str = ""
) -> bool:
    """A webhook or statement line says that `amount` went out under this reference. False when it is none of ours.

    `fact` is the channel's own id of the payment sent back, when the message names it: so a refund made by hand is
    found, which has a name of the bank's. A refund of another amount is not the one we asked for, and settles nothing.
    """
    operation = _refund_of(uow, channel, reference) or _by_hand_of(uow, channel, fact)
    if operation is None or operation.amount != amount:
        return False
    refund_done(uow, shop, operation, evidence)
    return True


def reject_refund_by_message(uow: UnitOfWork, shop: Shop, channel: str, reference: str, reason: str) -> bool:
    """A webhook says that the refund of this reference will not happen. False when it is none of ours."""
    operation = _refund_of(uow, channel, reference)
    if operation is not None:
        refund_failed(uow, shop, operation, reason)
    return operation is not None


def _refund_of(uow: UnitOfWork, channel: str, reference: str) -> Operation | None:
    found = uow.operations.find(channel=channel, kind=OperationKind.REFUND, reference=reference, limit=1)
    return uow.operations.lock(found[0].id) if found else None


def _by_hand_of(uow: UnitOfWork, channel: str, fact: str) -> Operation | None:
    for receipt in uow.receipts.find(channel=channel, fact=fact, limit=1) if fact else ():
        for found in uow.operations.find(
            kind=OperationKind.REFUND, receipt=receipt.id, state=OperationState.PENDING, evidence=BY_HAND, limit=1
        ):
            return uow.operations.lock(found.id)
    return None


def need_receipt(uow: UnitOfWork, shop: Shop, who: PersonId, receipt_id: str) -> Receipt:
    """A receipt for its payer or an admin. Raises Gone."""
    receipt = uow.receipts.need(receipt_id)
    if who not in shop.admins and who != receipt.payer:
        raise Gone
    return receipt
