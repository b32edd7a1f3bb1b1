"""What a channel's answer does to its operation: the one place where a command comes to its end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from core.errors import Refusal, sentence
from core.ids import OperationId, PersonId
from core.money import Money
from core.payments.doubt import NoEvidence, doubt, need_in_doubt, park, wait_to_ask
from core.payments.instalments import plans as instalments
from core.payments.intents import follow
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receiving import Fact, take_in
from core.payments.refunds import BY_HAND, refund_done, refund_failed
from core.payments.settlement.payouts import payout_done, payout_failed
from core.ports import (
    ActionNeeded,
    Answer,
    Message,
    NotFound,
    Outcome,
    Pending,
    Rejected,
    Succeeded,
    UnitOfWork,
    Unknown,
)
from core.risk import issued
from core.shop.context import Shop
from core.shop.notices import VOID, carry_out, show_card, tell
from core.shop.orders import OrderState
from core.shop.visitors import need_admin, note_command

_S = OperationState
_SENT = (_S.DISPATCHED, _S.UNKNOWN)
_OPEN = (_S.DISPATCHED, _S.ACTION, _S.PENDING, _S.UNKNOWN, _S.PARKED)
_DENIED = "taken, then denied"  # a channel that contradicts itself proves nothing: a person has to ask it

Done = Callable[[UnitOfWork, Shop, Operation, str], Operation]


class NotItsAmount(Refusal):
    """What a command cannot have come to. Parameters: operation, asked."""

    sentence = sentence(
        "Operation {operation} is of {asked}: nothing brings more than that, and only a payment can bring less."
    )


# How the commands that send money end: (operation, evidence) and (operation, reason). A charge ends by its fact.
_ENDS: dict[OperationKind, tuple[Done, Done]] = {
    OperationKind.REFUND: (refund_done, refund_failed),
    OperationKind.PAYOUT: (payout_done, payout_failed),
}


def is_new(uow: UnitOfWork, now: datetime, channel: str, key: str, content: str) -> bool:
    """Whether a channel tells this for the first time, by whichever door. Raises Altered.

    The content is personal data and is kept, encrypted, in the receipt; the inbox needs its digest only.
    """
    digest = hashlib.sha256(content.encode()).hexdigest()
    source = f"bank:{channel}"
    if not uow.inbox.put(Message(source, key, "", now, digest)):
        return False
    uow.inbox.settle(source, [key])
    return True


def what_must_not_differ(fact: Fact) -> str:
    """The content of a payment by which its every messenger is held to the first one's word."""
    return f"{fact.amount}|{fact.reference.replace(' ', '').upper()}"


def record(
    uow: UnitOfWork, shop: Shop, operation_id: OperationId, outcome: Outcome, *, afresh: bool = False
) -> Operation:
    """Write down the answer to a command that was sent. A message may have told the end: then it adds nothing.

    A refusal ends a command that was sent once only, or `afresh`: with proof that it had never gone out before. Of
    one sent again it says nothing about the first time: only a message, a query or a statement tells.
    Raises Altered.
    """
    operation = uow.operations.lock(operation_id)
    if isinstance(outcome, Succeeded):
        return succeed(uow, shop, operation, outcome)
    if operation.state not in _SENT:
        return operation
    match outcome:
        case ActionNeeded(payload):
            return _show_code(uow, shop, operation, payload)
        case Pending(evidence, by_hand):
            return _pending(uow, shop, operation, evidence, by_hand=by_hand)
        case Rejected(reason) if afresh or operation.state is not _S.UNKNOWN:
            return fail(uow, shop, operation, reason)
        case Rejected(reason) | Unknown(reason):
            return doubt(uow, shop, operation, reason)


class Next(Enum):
    """What is to be done after a question was answered."""

    NOTHING = auto()
    AGAIN = auto()  # the command may be sent again under its key: it may have gone out
    AFRESH = auto()  # … and is known not to have
    VOID = auto()  # nobody should pay it any more


def hear(
    uow: UnitOfWork,
    shop: Shop,
    asked: Operation,
    answer: Answer,
    *,
    resendable: bool = False,
    visibility: timedelta = timedelta.max,
    began: datetime | None = None,
) -> Next:
    """Write down what a channel says of a command it was asked about, `began` being when. Raises Altered.

    `asked` is the operation as it stood then: what was sent since, the answer does not cover.
    """
    operation = uow.operations.lock(asked.id)
    if operation.state not in _OPEN or operation.state is _S.DISPATCHED:
        return Next.NOTHING
    operation = replace(operation, asked=operation.asked + 1)
    operation = uow.operations.save(replace(operation, ask_at=wait_to_ask(shop, operation)))
    match answer:
        case Succeeded():
            succeed(uow, shop, operation, answer)
        case Rejected(reason):
            fail(uow, shop, operation, reason)
        case Pending(evidence) if operation.state in (_S.ACTION, _S.UNKNOWN):
            _pending(uow, shop, operation, evidence)
        case ActionNeeded(payload):
            return _waits_for_the_buyer(uow, shop, operation, payload)
        case NotFound() if _proves(operation, asked, visibility, began or shop.clock.now()):
            return _never_went_out(uow, shop, operation, resendable)
        case _ if operation.state is _S.UNKNOWN:
            return _still_in_doubt(uow, shop, operation, resendable)
    return Next.NOTHING


def voided(uow: UnitOfWork, shop: Shop, operation_id: OperationId, outcome: Outcome) -> Operation:
    """Write down what became of a charge that nobody should pay any more. Raises Altered."""
    operation = uow.operations.lock(operation_id)
    if isinstance(outcome, Succeeded):
        return succeed(uow, shop, operation, outcome)
    if operation.state not in _OPEN:
        return operation
    if isinstance(outcome, Rejected):
        if operation.state is not _S.ACTION:
            return fail(uow, shop, operation, outcome.reason)
        return uow.operations.save(replace(operation.move(_S.EXPIRED), evidence=outcome.reason[:64] or VOID))
    if operation.state is not _S.ACTION:
        return operation
    if isinstance(outcome, Pending):
        return _pending(uow, shop, operation, outcome.evidence)
    return doubt(uow, shop, operation, outcome.reason if isinstance(outcome, Unknown) else "not void")


def refuse_by_message(uow: UnitOfWork, shop: Shop, channel: str, reference: str, reason: str) -> bool:
    """A webhook says that a charge will not be paid, or a payout not be made. False when it is none of ours.

    What a refusal of a refund calls for besides is refunds.reject_refund_by_message.
    """
    kinds = (OperationKind.CHARGE, OperationKind.PAYOUT)
    found = uow.operations.find(channel=channel, kind=kinds, reference=reference, limit=1)
    for operation in (uow.operations.lock(one.id) for one in found):
        if operation.state in _OPEN:
            fail(uow, shop, operation, reason)
    return bool(found)


def resolve(
    uow: UnitOfWork,
    shop: Shop,
    admin: PersonId,
    operation_id: OperationId,
    *,
    succeeded: bool,
    evidence: str,
    amount: Money | None = None,
) -> Operation:
    """An operator ends what is in doubt, and cites what proves it.

    Raises NotAllowed, NoEvidence, Gone, NotInDoubt, NotItsAmount.
    `amount` is what a charge has brought, where that is less than was asked for.
    Of a charge that succeeded the first word is the channel's own id of the payment, so that its message, should it
    come after all, is known to tell of the same money.
    """
    need_admin(shop, admin)
    words = evidence.split()
    if not words:
        raise NoEvidence
    operation = need_in_doubt(uow, operation_id)
    if amount is not None and not _may_come_to(operation, amount):
        raise NotItsAmount(operation=operation.id, asked=operation.amount)
    verdict = "succeeded" if succeeded else "rejected"
    cited = " ".join(words)[:64]
    more = {"amount": str(amount)} if amount is not None else {}
    note_command(uow, shop, admin, "resolve", operation=operation.id, verdict=verdict, evidence=cited, **more)
    if succeeded:
        return succeed(uow, shop, operation, Succeeded(cited, amount=amount, fact=words[0][:64]))
    return fail(uow, shop, operation, cited)


def _may_come_to(operation: Operation, amount: Money) -> bool:
    if amount.asset != operation.amount.asset:
        return False
    return amount == operation.amount or (operation.kind is OperationKind.CHARGE and amount < operation.amount)


def succeed(uow: UnitOfWork, shop: Shop, operation: Operation, outcome: Succeeded) -> Operation:
    """The money has moved. Raises Altered when the channel told of the same payment before, with other content."""
    if operation.kind is OperationKind.CHARGE:
        return _charged(uow, shop, operation, outcome)
    if operation.state in (_S.SUCCEEDED, _S.RESERVED):
        return operation
    evidence = (outcome.evidence or outcome.fact or "its channel's answer")[:64]
    if operation.kind in _ENDS:
        return _ENDS[operation.kind][0](uow, shop, operation, evidence)
    return uow.operations.save(replace(operation.move(_S.SUCCEEDED), evidence=evidence))


def fail(uow: UnitOfWork, shop: Shop, operation: Operation, reason: str) -> Operation:
    """It is proved that the money did not move and will not."""
    if operation.kind in _ENDS:
        return _ENDS[operation.kind][1](uow, shop, operation, reason)
    ended = uow.operations.save(replace(operation.move(_S.REJECTED), evidence=reason[:64] or "refused"))
    follow(uow, ended.intent)
    if ended.kind is OperationKind.CHARGE:
        order = uow.orders.need(ended.order)
        if order.state is OrderState.PLACED:  # it waits on: there may be another way to pay
            tell(uow, shop.clock.now(), order.shopper, "charge_refused", order.id, operation=ended.id)
    return ended


def _charged(uow: UnitOfWork, shop: Shop, operation: Operation, outcome: Succeeded) -> Operation:
    """A charge's success is the same fact that a webhook or a statement tells, and enters by the same door."""
    fact = Fact(
        channel=operation.channel,
        id=outcome.fact or outcome.evidence[:64] or operation.key,
        reference=operation.reference,
        amount=outcome.amount or operation.amount,
        at=outcome.at or shop.clock.now(),
    )
    if is_new(uow, shop.clock.now(), fact.channel, fact.id, what_must_not_differ(fact)):
        take_in(uow, shop, fact)
    operation = uow.operations.lock(operation.id)
    if operation.state not in (_S.SUCCEEDED, _S.RESERVED):  # what came in may be held: the command has its end anyway
        operation = uow.operations.save(replace(operation.move(_S.SUCCEEDED), evidence=fact.id))
    follow(uow, operation.intent)
    return operation


def _pending(uow: UnitOfWork, shop: Shop, operation: Operation, evidence: str, *, by_hand: bool = False) -> Operation:
    """The channel has it. What an operator has to do at their bank is not asked about: their statement tells."""
    moved = replace(operation.move(_S.PENDING), evidence=BY_HAND if by_hand else evidence[:64])
    if by_hand:
        moved = replace(moved, ask_at=None)
        for admin in shop.admins:
            tell(uow, shop.clock.now(), admin, "by_hand", operation.id)
    kept = uow.operations.save(moved)
    follow(uow, kept.intent)
    return kept


def _show_code(uow: UnitOfWork, shop: Shop, operation: Operation, payload: str) -> Operation:
    """The buyer has a code to scan: the payment card goes out. Where the order ended meanwhile, it is made void."""
    now, order = shop.clock.now(), uow.orders.lock(operation.order)
    kept = uow.operations.save(replace(operation.move(_S.ACTION), payload=payload))
    issued.keep(uow, now, kept, order.shopper)
    follow(uow, kept.intent)
    if order.state is OrderState.PLACED:
        show_card(uow, now, order, operation.id)
    elif instalments.is_asked(uow, shop, kept):
        tell(uow, now, order.shopper, "part_card", order.id, charge=operation.id)
    else:
        carry_out(uow, now, operation.id, VOID)
    return kept


def _waits_for_the_buyer(uow: UnitOfWork, shop: Shop, operation: Operation, payload: str) -> Next:
    if not _is_asked(uow, shop, operation):
        park(uow, shop, operation)
        return Next.VOID
    if operation.state in (_S.PENDING, _S.UNKNOWN):
        _show_code(uow, shop, operation, payload)
    return Next.NOTHING


def _is_asked(uow: UnitOfWork, shop: Shop, charge: Operation) -> bool:
    """Whether anybody still wants a charge paid."""
    placed = uow.orders.need(charge.order).state is OrderState.PLACED
    return placed or instalments.is_asked(uow, shop, charge)


def _proves(operation: Operation, asked: Operation, visibility: timedelta, began: datetime) -> bool:
    """Whether "not found" is proof: nothing was sent since, and what was is older than the channel's blindness."""
    sent = operation.sent_at
    return sent is not None and sent == asked.sent_at and began - sent > visibility


def _never_went_out(uow: UnitOfWork, shop: Shop, operation: Operation, resendable: bool) -> Next:
    if operation.state in (_S.ACTION, _S.PENDING):
        doubt(uow, shop, operation, _DENIED)
        return Next.NOTHING
    if operation.evidence == _DENIED:
        return _still_in_doubt(uow, shop, operation, resendable=False)
    wanted = operation.kind is not OperationKind.CHARGE or (
        _is_asked(uow, shop, operation) and (operation.expires_at is None or shop.clock.now() < operation.expires_at)
    )
    if resendable and wanted and operation.state is _S.UNKNOWN:
        uow.operations.save(replace(operation, sent_at=shop.clock.now()))
        return Next.AFRESH
    fail(uow, shop, operation, "not found")
    return Next.NOTHING


def _still_in_doubt(uow: UnitOfWork, shop: Shop, operation: Operation, resendable: bool) -> Next:
    operation = park(uow, shop, operation)
    if not resendable or operation.state is not _S.UNKNOWN:
        return Next.NOTHING
    uow.operations.save(replace(operation, sent_at=shop.clock.now()))
    return Next.AGAIN
