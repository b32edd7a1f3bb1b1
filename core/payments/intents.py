"""The state of an intent: derived from its order and its operations, never set by hand."""

from __future__ import annotations

from dataclasses import replace

from core.ids import IntentId
from core.payments.operations import IntentState, OperationState
from core.ports import UnitOfWork
from core.shop.orders import OrderState

IN_DOUBT = (OperationState.UNKNOWN, OperationState.PARKED)

_ENDED = {
    OrderState.PLACED: IntentState.PROCESSING,
    OrderState.CANCELLED: IntentState.CANCELLED,
    OrderState.EXPIRED: IntentState.EXPIRED,
}


def follow(uow: UnitOfWork, intent_id: IntentId | None) -> None:
    """Bring an intent's state up to its operations: IN_DOUBT while any of them is, else as its order stands."""
    if intent_id is None:
        return
    intent = uow.intents.lock(intent_id)
    if uow.operations.count(intent=intent_id, state=IN_DOUBT):
        state = IntentState.IN_DOUBT
    elif intent.state is IntentState.IN_DOUBT:
        state = _ENDED.get(uow.orders.need(intent.order).state, IntentState.CAPTURED)
    else:
        return
    if state is not intent.state:
        uow.intents.save(replace(intent, state=state))
