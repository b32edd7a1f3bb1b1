"""The driver: commits the dispatch, makes the call, commits the outcome. The only asynchronous verbs of core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from core.ids import OperationId
from core.payments.doubt import doubt, due_to_ask, wait_to_ask
from core.payments.intents import follow
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.outcomes import Next, hear, record, voided
from core.payments.settlement.payouts import withheld
from core.ports import Altered, Answer, Channel, Charging, Outcome, Store, UnitOfWork, Unknown
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import OrderState

_NO_CHANNEL = Unknown("channel not configured")


class Driver:
    """Carries operations to their channels. Crash anywhere: the next call goes on from what is committed."""

    def __init__(self, store: Store, shop: Shop, channels: Mapping[str, Channel]) -> None:
        self._store, self._shop, self._channels = store, shop, channels

    async def carry(self, operation_id: OperationId) -> None:
        """Bring one operation as far as its channel takes it now."""
        operation = await self._store.write(dispatch, self._shop, operation_id)
        if operation is None:
            return
        if operation.state is OperationState.ACTION:
            await self._void(operation)
            return
        channel = self._channels.get(operation.channel)
        if operation.state is OperationState.UNKNOWN and channel is not None and not self._may_repeat(operation):
            # It may have gone out, and this rail would do it a second time: only evidence ends it.
            await self._store.write(_cut_off, self._shop, operation_id)
            return
        await self._send(operation)

    async def ask(self, operation_id: OperationId) -> None:
        """Ask the channel what became of a command, and do what its answer calls for."""
        operation = await self._store.read(lambda uow: uow.operations.get(operation_id))
        if operation is None:
            return
        channel, began = self._channels.get(operation.channel), self._shop.clock.now()
        answer: Answer = await channel.query(operation) if channel is not None else _NO_CHANNEL
        try:
            following = await self._store.write(
                hear,
                self._shop,
                operation,
                answer,
                resendable=self._may_repeat(operation),
                visibility=channel.visibility if channel is not None else timedelta.max,
                began=began,
            )
        except Altered:
            await self._store.write(_alarm, self._shop, operation)
            return
        if following is Next.VOID:
            await self._void(operation)
        elif following is not Next.NOTHING:
            await self._send(operation, afresh=following is Next.AFRESH)

    async def ask_all(self) -> int:
        """Ask about everything whose time to be asked about has come. How many."""
        waiting = await self._store.read(due_to_ask, self._shop)
        for operation_id in waiting:
            await self.ask(operation_id)
        return len(waiting)

    def _may_repeat(self, operation: Operation) -> bool:
        """Whether the rail takes the frozen body again, under the same key, as the same command."""
        channel, first = self._channels.get(operation.channel), operation.dispatched_at
        if channel is None or not channel.idempotent or first is None:
            return False
        return channel.key_life is None or self._shop.clock.now() - first < channel.key_life

    async def _send(self, operation: Operation, *, afresh: bool = False) -> None:
        channel = self._channels.get(operation.channel)
        outcome: Outcome = _NO_CHANNEL
        if operation.kind is OperationKind.CHARGE and isinstance(channel, Charging):
            outcome = await channel.charge(operation)
        elif operation.kind is OperationKind.REFUND and channel is not None:
            outcome = await channel.refund(operation)
        elif operation.kind is OperationKind.PAYOUT and channel is not None:
            outcome = await channel.payout(operation)
        try:
            await self._store.write(record, self._shop, operation.id, outcome, afresh=afresh)
        except Altered:
            await self._store.write(_alarm, self._shop, operation)

    async def _void(self, operation: Operation) -> None:
        channel = self._channels.get(operation.channel)
        outcome = await channel.void(operation) if isinstance(channel, Charging) else _NO_CHANNEL
        try:
            await self._store.write(voided, self._shop, operation.id, outcome)
        except Altered:
            await self._store.write(_alarm, self._shop, operation)


def dispatch(uow: UnitOfWork, shop: Shop, operation_id: OperationId) -> Operation | None:
    """Stamp the operation before the first byte leaves; None when there is nothing to send any more.

    One found DISPATCHED was cut off mid-call. The frozen body may be sent again where the rail takes the same key for
    the same command (`Channel.idempotent`). It may have gone out already: from now on it is in doubt, so that a refusal
    of the repeat ends nothing. One in ACTION has been sent: where its order has ended, it is to be made void.
    """
    operation, now = uow.operations.lock(operation_id), shop.clock.now()
    if operation.state is OperationState.ACTION and not operation.is_offer:
        return operation if uow.orders.need(operation.order).state is not OrderState.PLACED else None
    if operation.state is OperationState.DISPATCHED:
        cut_off = replace(operation.move(OperationState.UNKNOWN), doubt_at=now)
        kept = uow.operations.save(replace(cut_off, sent_at=now))
        follow(uow, kept.intent)
        return kept
    if operation.state is OperationState.UNKNOWN:
        return uow.operations.save(replace(operation, sent_at=now))
    if operation.state is not OperationState.RESERVED:
        return None
    if withheld(uow, operation):  # stopped at the last moment: that no byte has left is the proof
        uow.operations.save(operation.move(OperationState.EXPIRED))
        return None
    first = operation.move(OperationState.DISPATCHED)
    return uow.operations.save(replace(first, dispatched_at=now, sent_at=now, ask_at=wait_to_ask(shop, first)))


def _cut_off(uow: UnitOfWork, shop: Shop, operation_id: OperationId) -> None:
    operation = uow.operations.lock(operation_id)
    if operation.state is OperationState.UNKNOWN:
        doubt(uow, shop, operation, "cut off")


def _alarm(uow: UnitOfWork, shop: Shop, operation: Operation) -> None:
    """The channel's answer contradicts what it told before: nothing of it is booked."""
    for admin in shop.admins:
        tell(uow, shop.clock.now(), admin, "altered", f"{operation.channel}:{operation.id}")
