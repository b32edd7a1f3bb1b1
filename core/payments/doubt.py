"""Commands whose end nobody knows: told of, asked about, parked for an operator, resolved by evidence and nothing else.

No edge leads out of doubt by the clock: time only makes us ask again, and at last makes a person look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from core.errors import Gone, Refusal, sentence
from core.ids import OperationId
from core.ledger.finding import Finding
from core.payments.intents import IN_DOUBT, follow
from core.payments.operations import Operation, OperationKind, OperationState
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import OrderState

# Between two questions about one operation there is never more: a channel that wakes up again is heard the same day.
LONGEST_WAIT = timedelta(hours=6)

_ASKED = (OperationState.ACTION, OperationState.PENDING, *IN_DOUBT)
_LIVE = (OperationState.RESERVED, OperationState.DISPATCHED, *_ASKED)


class NotInDoubt(Refusal):
    """The operation has an end already, or has not been sent: there is nothing for a person to decide."""

    sentence = sentence("Operation {operation} is not in doubt: its state is “{state}”.")


class NoEvidence(Refusal):
    """Doubt ends by evidence only."""

    sentence = sentence(
        "What proves it? Write /resolve OPERATION succeeded EVIDENCE or /resolve OPERATION rejected EVIDENCE. "
        "The evidence is the bank’s own number of the movement, or of its answer to your question. "
        "Where only a part was paid, write how much before it, such as 12.50 EUR."
    )


def wait_to_ask(shop: Shop, operation: Operation) -> datetime:
    """When the channel is asked next: the wait doubles with each question."""
    return shop.clock.now() + min(shop.policy.operations.ask * (1 << min(operation.asked, 20)), LONGEST_WAIT)


def doubt(uow: UnitOfWork, shop: Shop, operation: Operation, reason: str) -> Operation:
    """No proof of an end: it stays open. People are told the first time, which is when the reason is kept."""
    if operation.state is OperationState.UNKNOWN and operation.evidence:
        return operation
    now = shop.clock.now()
    for admin in shop.admins:
        tell(uow, now, admin, "in_doubt", operation.id)
    if operation.kind is OperationKind.CHARGE:
        order = uow.orders.need(operation.order)
        if order.state is OrderState.PLACED:
            tell(uow, now, order.shopper, "charge_in_doubt", order.id, operation=operation.id)
    if operation.state is not OperationState.UNKNOWN:
        operation = replace(operation.move(OperationState.UNKNOWN), doubt_at=now)
    kept = uow.operations.save(replace(operation, evidence=reason[:64] or "no answer"))
    follow(uow, kept.intent)
    return kept


def park(uow: UnitOfWork, shop: Shop, operation: Operation) -> Operation:
    """Leave an operation, in doubt for longer than the policy waits, to a person. Its channel is still asked."""
    now = shop.clock.now()
    since = operation.doubt_at or operation.created_at
    if operation.state is not OperationState.UNKNOWN or now - since < shop.policy.operations.park:
        return operation
    for admin in shop.admins:
        tell(uow, now, admin, "parked", operation.id)
    return uow.operations.save(operation.move(OperationState.PARKED))


def due_to_ask(uow: UnitOfWork, shop: Shop, limit: int = 20) -> list[OperationId]:
    """Operations without an end whose channels are to be asked now, oldest first."""
    now = shop.clock.now()
    found = uow.operations.find(state=_ASKED, before={"ask_at": now}, newest=False, limit=limit)
    return [operation.id for operation in found]


def ask_soon(uow: UnitOfWork, shop: Shop, operation_id: OperationId) -> None:
    """Somebody came back from the channel's page: ask at the next tick. Says nothing and decides nothing."""
    if can_be_asked_sooner(uow, shop, operation_id):
        uow.operations.save(replace(uow.operations.lock(operation_id), ask_at=shop.clock.now()))


def can_be_asked_sooner(uow: UnitOfWork, shop: Shop, operation_id: OperationId) -> bool:
    """Whether it has no end and its channel is to be asked later: a page that anybody can call writes only then."""
    operation = uow.operations.get(operation_id)
    if operation is None or operation.state not in _ASKED or operation.ask_at is None:
        return False
    return operation.ask_at > shop.clock.now()


def need_in_doubt(uow: UnitOfWork, operation_id: OperationId) -> Operation:
    """The operation, if it is in doubt. Raises Gone, NotInDoubt."""
    if uow.operations.get(operation_id) is None:
        raise Gone
    operation = uow.operations.lock(operation_id)
    if operation.state not in IN_DOUBT:
        raise NotInDoubt(operation=operation.id, state=operation.state.value)
    return operation


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Invariant 8: one live charge an intent, nothing out of doubt without evidence."""
    live: dict[str, OperationId] = {}
    for operation in uow.operations.walk():
        charge, state = operation.kind is OperationKind.CHARGE, operation.state
        if charge and state in _LIVE and operation.intent is not None:
            if live.setdefault(operation.intent, operation.id) != operation.id:
                yield Finding(8, operation.id, f"intent {operation.intent} has two charges that can both be paid")
        elif state in (OperationState.SUCCEEDED, OperationState.REJECTED) and not operation.evidence:
            yield Finding(8, operation.id, f"it is {state} and nothing says what proved it")
        elif charge and state is OperationState.EXPIRED and operation.dispatched_at and not operation.evidence:
            yield Finding(8, operation.id, "a charge that a channel was asked for has expired without its word")
