"""The driver: commits the dispatch, makes the call, commits the outcome. The only asynchronous verb of core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.ids import OperationId
from core.payments.operations import IntentState, Operation, OperationKind, OperationState
from core.payments.refunds import BY_HAND, refund_done, refund_failed
from core.ports import (
    ActionNeeded,
    Channel,
    Charging,
    Outcome,
    Pending,
    Rejected,
    Store,
    Succeeded,
    UnitOfWork,
    Unknown,
)
from core.shop.checkout import withdraw
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import OrderState


class Driver:
    """Carries operations to their channels. Crash anywhere: the next call goes on from what is committed."""

    def __init__(self, store: Store, shop: Shop, channels: Mapping[str, Channel]) -> None:
        self._store, self._shop, self._channels = store, shop, channels

    async def carry(self, operation_id: OperationId) -> None:
        """Bring one operation as far as its channel takes it now."""
        operation = await self._store.write(dispatch, self._shop, operation_id)
        if operation is None:
            return
        channel = self._channels.get(operation.channel)
        if channel is not None and operation.state is OperationState.UNKNOWN and not channel.idempotent:
            return  # it may have gone out, and this rail would do it a second time: only evidence ends it
        outcome: Outcome
        if operation.kind is OperationKind.CHARGE and isinstance(channel, Charging):
            outcome = await channel.charge(operation)
        elif operation.kind is OperationKind.REFUND and channel is not None:
            outcome = await channel.refund(operation)
        else:
            outcome = Unknown("channel not configured")
        await self._store.write(record, self._shop, operation_id, outcome)


def dispatch(uow: UnitOfWork, shop: Shop, operation_id: OperationId) -> Operation | None:
    """Stamp the operation before the first byte leaves; None when there is nothing to send any more.

    One found DISPATCHED was cut off mid-call. The frozen body may be sent again where the rail takes the same key for
    the same command (`Channel.idempotent`). It may have gone out already: from now on it is in doubt, so that a refusal
    of the repeat ends nothing.
    """
    operation = uow.operations.lock(operation_id)
    if operation.state is OperationState.DISPATCHED:
        return uow.operations.save(operation.move(OperationState.UNKNOWN))
    if operation.state is OperationState.UNKNOWN:
        return operation
    if operation.state is not OperationState.RESERVED:
        return None
    return uow.operations.save(replace(operation.move(OperationState.DISPATCHED), dispatched_at=shop.clock.now()))


def record(uow: UnitOfWork, shop: Shop, operation_id: OperationId, outcome: Outcome) -> Operation:
    """Write down what the channel said. A message may have told the end already: then this adds nothing.

    A refusal ends a command that was sent once only. Of one sent again it says nothing about the first time, which may
    have gone out: only a message or a statement tells.
    """
    operation = uow.operations.lock(operation_id)
    if operation.state not in (OperationState.DISPATCHED, OperationState.UNKNOWN):
        return operation
    if operation.state is OperationState.UNKNOWN and isinstance(outcome, Rejected):
        return _in_doubt(uow, shop, operation, outcome.reason)
    if operation.kind is OperationKind.REFUND and isinstance(outcome, Succeeded):
        return refund_done(uow, shop, operation, outcome.evidence)
    if operation.kind is OperationKind.REFUND and isinstance(outcome, Rejected):
        return refund_failed(uow, shop, operation, outcome.reason)
    match outcome:
        case ActionNeeded(payload):
            return _show_code(uow, shop, operation, payload)
        case Pending(evidence, by_hand):
            moved = replace(operation.move(OperationState.PENDING), evidence=BY_HAND if by_hand else evidence)
            for admin in shop.admins if by_hand else ():
                tell(uow, shop.clock.now(), admin, "by_hand", operation.id)
        case Unknown(reason):
            return _in_doubt(uow, shop, operation, reason)
        case Succeeded(evidence):
            moved = replace(operation.move(OperationState.SUCCEEDED), evidence=evidence)
        case Rejected(reason):
            return _charge_failed(uow, shop, operation, reason)
    return uow.operations.save(moved)


def _in_doubt(uow: UnitOfWork, shop: Shop, operation: Operation, reason: str) -> Operation:
    """No proof of an end: it stays open. The admins are told the first time, which is when the reason is kept."""
    if operation.state is OperationState.UNKNOWN and operation.evidence:
        return operation
    for admin in shop.admins:
        tell(uow, shop.clock.now(), admin, "in_doubt", operation.id)
    return uow.operations.save(replace(operation, state=OperationState.UNKNOWN, evidence=reason[:64] or "no answer"))


def _charge_failed(uow: UnitOfWork, shop: Shop, operation: Operation, reason: str) -> Operation:
    """There is no way to pay this order: it ends now, rather than keep its goods and its shopper waiting."""
    operation = uow.operations.save(replace(operation.move(OperationState.REJECTED), evidence=reason[:64]))
    order = uow.orders.lock(operation.order)
    if order.state is OrderState.PLACED:
        withdraw(uow, shop, order, OrderState.CANCELLED, IntentState.FAILED)
    return operation


def _show_code(uow: UnitOfWork, shop: Shop, operation: Operation, payload: str) -> Operation:
    """The buyer has a code to scan: the payment card goes out, unless the order ended meanwhile."""
    order = uow.orders.lock(operation.order)
    operation = replace(operation.move(OperationState.ACTION), payload=payload)
    if order.state is not OrderState.PLACED:
        return uow.operations.save(replace(operation, state=OperationState.EXPIRED))
    tell(uow, shop.clock.now(), order.shopper, "payment_card", order.id)
    return uow.operations.save(operation)
