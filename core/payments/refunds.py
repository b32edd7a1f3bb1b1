"""Refunds: money goes back the way it came, whole or in part, at the rate of the purchase, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.errors import Gone, Refusal, sentence
from core.ids import OperationId, OrderId, PersonId
from core.ledger import accounts
from core.ledger.journal import credit, debit, entry
from core.money import Money, zero
from core.payments import pockets
from core.payments.escrow import need_thawed
from core.payments.instalments import plans as instalments
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receipts import Receipt, place
from core.payments.recon.batches import missing_batch
from core.payments.refund import Refund, RefundState
from core.payments.settlement.payee import read_account
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import carry_out, tell
from core.shop.orders import Order, OrderState
from core.shop.visitors import need_admin, note_command


class NothingToRefund(Refusal):
    """No money of this order or receipt is left to send back."""

    sentence = sentence("There is nothing to refund: no payment of it is held, or it was sent back already.")


class MoreThanPaid(Refusal):
    """A refund past what was captured. Parameters: amount, left."""

    sentence = sentence("{amount} is more than can be refunded of this order: {left}.")


class NotWaiting(Refusal):
    """The refund is on its way or done: it needs no other account."""

    sentence = sentence("This refund needs no other account: it is under way, or has arrived.")


class MayBeBatch(Refusal):
    """Money that names no order has the sum of a settlement that is missing. Parameters: receipt, batch."""

    sentence = sentence(
        "Payment {receipt} has exactly the sum of the settlement {batch}, which is missing: it may be that. "
        "If it is: /assign {receipt} {batch}. If not, close the exception in /recon first."
    )


# The evidence of a refund that the operator has been asked to make at their bank.
BY_HAND = "by hand"

_ENDLESS = 10_000
_S = RefundState
_GOING = (_S.FUNDED, _S.DONE, _S.FAILED)


def refund_order(
    uow: UnitOfWork, shop: Shop, admin: PersonId, order_id: OrderId, amount: Money | None = None
) -> list[Refund]:
    """An admin sends an order's payment back, all that is left of it or `amount`.

    Raises NotAllowed, Gone, NothingToRefund, MoreThanPaid, Frozen.
    """
    need_admin(shop, admin)
    order = uow.orders.lock(order_id)
    before = pockets.left(uow, order) if order.quote else None
    refunds = give_back(uow, shop, order, amount, reason="order", asked_by=admin)
    assert before is not None
    taken = before - pockets.left(uow, order)
    more = {"amount": str(amount)} if amount else {}
    note_command(uow, shop, admin, "refund", order=order.id, **more)
    tell(
        uow,
        shop.clock.now(),
        uow.sellers.need(order.seller).person,
        "sale_refunded",
        order.id,
        left=str(before.minor),
        taken=str(taken.minor),
    )
    return refunds


def give_back(
    uow: UnitOfWork,
    shop: Shop,
    order: Order,
    amount: Money | None = None,
    *,
    reason: str,
    asked_by: PersonId | None = None,
    only_paid: bool = False,
) -> list[Refund]:
    """Take `amount` (or all that is left) out of a locked order's pockets and send it to who paid, last in, first back.

    Of a sale in parts first what is not yet paid is taken off; no refund is made of that. `only_paid`: it is not.
    The goods go back on the shelf when all is refunded and they never left. Raises NothingToRefund, MoreThanPaid,
    Frozen.
    """
    need_thawed(order)
    there = pockets.left(uow, order) if order.quote else None
    if not there:
        raise NothingToRefund
    amount = amount or there
    if amount.asset != there.asset or amount > there:
        raise MoreThanPaid(amount=amount, left=there)
    # What is not yet paid need not come back: it is no longer owed.
    reduced = zero(amount.asset) if only_paid else instalments.take_off(uow, shop, order, amount)
    refunds = [
        _fund_from_order(uow, shop, order, receipt, part, reason, asked_by)
        for receipt, part in _last_in_first_back(uow, order, amount - reduced)
    ]
    if amount == there and order.state is not OrderState.REFUNDED:  # it is, when a case won late has brought more
        if order.state is OrderState.PAID:  # never shipped: the goods are still there
            for line in order.lines:
                uow.products.shift(line.product, "stock", line.quantity)
        uow.orders.save(order.move(OrderState.REFUNDED))
    return refunds


def _last_in_first_back(uow: UnitOfWork, order: Order, amount: Money) -> Iterator[tuple[Receipt, Money]]:
    paid_by = [(uow.receipts.need(one.receipt), one) for one in uow.applications.find(order=order.id, limit=_ENDLESS)]
    for receipt, applied in sorted(paid_by, key=lambda one: (one[1].at, one[0].received_at), reverse=True):
        if not amount:
            return
        back = uow.refunds.find(order=order.id, receipt=applied.receipt, state=_GOING, limit=_ENDLESS)
        gone = sum(one.amount.minor for one in back)
        # What its bank has taken back is with the payer already.
        cases = uow.disputes.find(receipt=applied.receipt, order=order.id, limit=_ENDLESS)
        gone += sum(case.covered.minor for case in cases if not case.is_complaint)
        part = min(amount, applied.amount - Money(gone, amount.asset))
        if part:
            amount -= part
            yield receipt, part


def _fund_from_order(
    uow: UnitOfWork, shop: Shop, order: Order, receipt: Receipt, amount: Money, reason: str, asked_by: PersonId | None
) -> Refund:
    refund = _funded(shop, receipt, amount, place(order.shopper, receipt.channel), reason, asked_by, order.id)
    legs = pockets.whole(uow, order, amount, credit(refund.account, amount))
    uow.journal.post(entry(f"refund:{refund.id}", shop.clock.now(), "refund", *legs, order=order.id))
    return _send(uow, shop, uow.refunds.add(refund), receipt)


def refund_receipt(uow: UnitOfWork, shop: Shop, actor: PersonId, receipt_id: str) -> Refund:
    """Send held money back to whom it came from, or try a refund that failed again; asked by its owner or an admin.

    Raises Gone, NothingToRefund, Frozen, MayBeBatch.
    """
    receipt = uow.receipts.lock(receipt_id)
    if actor not in shop.admins and actor != receipt.payer:
        raise Gone
    if receipt.held:
        if batch := missing_batch(uow, receipt):
            raise MayBeBatch(receipt=receipt.id, batch=batch)
        refund = send_held_back(uow, shop, receipt, receipt.misfit.value or "held", actor)
    else:
        failed = uow.refunds.find(receipt=receipt.id, state=_S.FAILED, newest=False, limit=1)
        if not failed:
            raise NothingToRefund
        refund = _send(uow, shop, uow.refunds.lock(failed[0].id).move(_S.FUNDED), receipt)
    if actor in shop.admins:
        note_command(uow, shop, actor, "refund", receipt=receipt.id)
    return refund


def send_held_back(
    uow: UnitOfWork, shop: Shop, receipt: Receipt, reason: str, asked_by: PersonId | None = None
) -> Refund:
    """What is held of a locked receipt goes back; it lies where it is until it has. Raises Frozen."""
    for order_id in (receipt.order, receipt.part_of):
        if order_id is not None:
            need_thawed(uow.orders.need(order_id))
    refund = _funded(shop, receipt, receipt.held, receipt.account, reason, asked_by, None)
    receipt = uow.receipts.save(receipt.keeping(zero(receipt.held.asset)))
    return _send(uow, shop, uow.refunds.add(refund), receipt)


def _funded(
    shop: Shop,
    receipt: Receipt,
    amount: Money,
    account: str,
    reason: str,
    asked_by: PersonId | None,
    order: OrderId | None,
) -> Refund:
    asked = Refund(
        id=shop.ids.new(8),
        receipt=receipt.id,
        amount=amount,
        account=account,
        state=_S.REQUESTED,
        reason=reason,
        created_at=shop.clock.now(),
        order=order,
        asked_by=asked_by,
    )
    # Screened: thawed, and within what was captured. What risk has to say is asked between these two.
    return asked.move(_S.SCREENED).move(_S.FUNDED)


def _send(uow: UnitOfWork, shop: Shop, refund: Refund, receipt: Receipt, account: str = "") -> Refund:
    """A new command for a funded refund: along the way the payment came, or to `account` where that is closed."""
    identity = OperationId(shop.ids.new(12))
    target = account or receipt.debtor_account
    operation = uow.operations.add(
        Operation(
            id=identity,
            kind=OperationKind.REFUND,
            channel=receipt.channel,
            order=refund.order or receipt.order or OrderId(""),
            amount=refund.amount,
            reference=identity,
            body={
                "amount": str(refund.amount.decimal),
                "currency": refund.amount.asset.code,
                "fact": "" if account else receipt.fact,  # a rail that undoes a payment is told which one
                "reference": identity,
                "refund": refund.id,
            },
            state=OperationState.RESERVED,
            created_at=shop.clock.now(),
            receipt=receipt.id,
            target=f"{target}\n{receipt.debtor_name}",
        )
    )
    carry_out(uow, shop.clock.now(), operation.id)
    return uow.refunds.save(replace(refund, operation=operation.id))


def reroute(uow: UnitOfWork, shop: Shop, who: PersonId, refund_id: str, text: str) -> Refund:
    """Another account for a refund whose way back is closed, by its payer or an admin: a new command, a new key.

    Raises Gone, NotWaiting, BadAccount.
    """
    refund = need_refund(uow, shop, who, refund_id)
    refund = uow.refunds.lock(refund.id)
    if refund.state is not _S.FAILED:
        raise NotWaiting
    account = read_account(text, refund.amount.asset)
    if who in shop.admins:
        note_command(uow, shop, who, "reroute", refund=refund.id)
    return _send(uow, shop, refund.move(_S.FUNDED), uow.receipts.need(refund.receipt), account)


def need_refund(uow: UnitOfWork, shop: Shop, who: PersonId, refund_id: str) -> Refund:
    """A refund for its payer or an admin. Raises Gone."""
    refund = uow.refunds.need(refund_id)
    if who not in shop.admins and who != uow.receipts.need(refund.receipt).payer:
        raise Gone
    return refund


def refund_done(uow: UnitOfWork, shop: Shop, operation: Operation, evidence: str) -> Operation:
    """The channel proved that the money is back with the buyer.

    A refund that two commands carried out (the first one, refused, went out after all) has cost the shop the second
    sum: it is in suspense until somebody has got it back.
    """
    if operation.state is OperationState.SUCCEEDED:
        return operation
    now, refund = shop.clock.now(), uow.refunds.lock(operation.body["refund"])
    twice = refund.state is _S.DONE
    uow.journal.post(
        entry(
            f"refunded:{operation.id}",
            now,
            "refund paid twice" if twice else "refund paid",
            debit(accounts.SUSPENSE if twice else refund.account, refund.amount),
            credit(accounts.clearing(operation.channel), refund.amount),
            order=operation.order or None,  # of held money, too: its `held` entry names the order
        )
    )
    if not twice:
        _withdraw_other(uow, refund, operation)
        uow.refunds.save(replace(refund.move(_S.DONE), operation=operation.id, done_at=now))
    payer = uow.receipts.need(refund.receipt).payer
    for who in shop.admins | ({payer} if payer and not twice else set()):
        tell(uow, now, who, "refunded_twice" if twice else "refunded", refund.id, operation=operation.id)
    return uow.operations.save(replace(operation.move(OperationState.SUCCEEDED), evidence=evidence[:64]))


def _withdraw_other(uow: UnitOfWork, refund: Refund, done: Operation) -> None:
    """A later command for the same refund that has not left the house need not."""
    if refund.operation is not None and refund.operation != done.id:
        other = uow.operations.lock(refund.operation)
        if other.state is OperationState.RESERVED:
            uow.operations.save(other.move(OperationState.EXPIRED))


def refund_failed(uow: UnitOfWork, shop: Shop, operation: Operation, reason: str) -> Operation:
    """The channel proved that it cannot send the money: it lies where it lay, and another way is asked for."""
    if operation.state in (OperationState.SUCCEEDED, OperationState.REJECTED):
        return operation
    operation = uow.operations.save(replace(operation.move(OperationState.REJECTED), evidence=reason[:64] or "refused"))
    refund = uow.refunds.lock(operation.body["refund"])
    if refund.operation == operation.id and refund.state is _S.FUNDED:
        _look_for_another_way(uow, shop, refund, operation, reason)
    return operation


def refund_returned(uow: UnitOfWork, shop: Shop, operation: Operation, evidence: str) -> Refund | None:
    """A refund that was done came back: the payer's bank would not have it. The money is owed to the payer again.

    None when this operation did not carry the refund, or its return is known.
    """
    refund = uow.refunds.lock(operation.body["refund"])
    key = f"returned:{operation.id}"
    if refund.state is not _S.DONE or refund.operation != operation.id or uow.journal.posted(key):
        return None
    legs = (debit(accounts.clearing(operation.channel), refund.amount), credit(refund.account, refund.amount))
    uow.journal.post(entry(key, shop.clock.now(), "refund returned", *legs, order=operation.order or None))
    return _look_for_another_way(uow, shop, replace(refund, done_at=None), operation, evidence)


def _look_for_another_way(uow: UnitOfWork, shop: Shop, refund: Refund, operation: Operation, reason: str) -> Refund:
    payer, now = uow.receipts.need(refund.receipt).payer, shop.clock.now()
    for admin in shop.admins:
        tell(uow, now, admin, "refund_failed", refund.id, reason=reason[:35], operation=operation.id)
    if payer is not None:
        tell(uow, now, payer, "refund_stuck", refund.id, operation=operation.id)
    return uow.refunds.save(refund.move(_S.FAILED))


def settle_refund_by_message(
    uow: UnitOfWork, shop: Shop, channel: str, reference: str, evidence: str, amount: Money, fact: str = ""
) -> bool:
    """A webhook or statement line says that `amount` went out under this reference. False when it is none of ours.

    `fact` is the channel's own id of the payment sent back, when the message names it: so a refund made by hand is
    found, which has a name of the bank's. A refund of another amount is not the one we asked for, and settles nothing.
    """
    operation = _refund_of(uow, channel, reference) or _by_hand_of(uow, channel, fact, amount)
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


def return_refund_by_message(
    uow: UnitOfWork, shop: Shop, channel: str, reference: str, evidence: str, amount: Money
) -> bool:
    """A statement says that the refund of this reference came back whole. False when it is none of ours."""
    operation = _refund_of(uow, channel, reference)
    if operation is None or operation.amount != amount or operation.state is OperationState.RESERVED:
        return False
    if operation.state is not OperationState.SUCCEEDED:  # the return was told before the departure
        operation = refund_done(uow, shop, operation, evidence)
    refund_returned(uow, shop, operation, evidence)
    return True


def _refund_of(uow: UnitOfWork, channel: str, reference: str) -> Operation | None:
    found = uow.operations.find(channel=channel, kind=OperationKind.REFUND, reference=reference, limit=1)
    return uow.operations.lock(found[0].id) if found else None


def _by_hand_of(uow: UnitOfWork, channel: str, fact: str, amount: Money) -> Operation | None:
    for receipt in uow.receipts.find(channel=channel, fact=fact, limit=1) if fact else ():
        for found in uow.operations.find(
            kind=OperationKind.REFUND, receipt=receipt.id, state=OperationState.PENDING, evidence=BY_HAND
        ):
            if found.amount == amount:
                return uow.operations.lock(found.id)
    return None
