"""Intents and operations: the wish to be paid, and the only things that talk to a channel."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from core.ids import IntentId, OperationId, OrderId, PersonId, QuoteId
from core.money import Money


class IllegalMove(RuntimeError):
    """A state machine was asked for an edge it does not have: a defect, never a person's doing."""


class IntentState(StrEnum):
    """Derived from its operations; IN_DOUBT while any of them is UNKNOWN."""

    NEW = "new"
    QUOTED = "quoted"
    SCREENED = "screened"
    CHALLENGED = "challenged"
    PROCESSING = "processing"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Intent:
    """The wish to be paid for one order: what the buyer is asked for, what the seller is owed."""

    id: IntentId
    order: OrderId
    payer: PersonId
    presentment: Money  # asked of the buyer
    settlement: Money  # owed to the seller
    quote: QuoteId
    state: IntentState
    created_at: datetime
    expires_at: datetime
    version: int = 0


class OperationKind(StrEnum):
    """One command to one channel."""

    CHARGE = "charge"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    PAYOUT = "payout"
    TRANSFER = "transfer"


class OperationState(StrEnum):
    """See the design's state machine: UNKNOWN leaves only by evidence, SUCCEEDED is never undone.

    An operation is born RESERVED, or in ACTION: a payment code that is our own offer is all there is to it, so that no
    channel is called, nothing is dispatched, and no call can end in doubt.
    """

    RESERVED = "reserved"
    DISPATCHED = "dispatched"
    ACTION = "action"  # the buyer must act: a QR to scan, a page to open
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    PARKED = "parked"


_S = OperationState
_MOVES: dict[OperationState, frozenset[OperationState]] = {
    # Withdrawn before a byte left the house: that it was never sent is the proof.
    _S.RESERVED: frozenset({_S.DISPATCHED, _S.EXPIRED}),
    _S.DISPATCHED: frozenset({_S.SUCCEEDED, _S.REJECTED, _S.ACTION, _S.PENDING, _S.UNKNOWN}),
    _S.ACTION: frozenset({_S.PENDING, _S.SUCCEEDED, _S.REJECTED, _S.EXPIRED, _S.UNKNOWN}),
    # ACTION: it wants something of the buyer after all, such as a word to their bank.
    _S.PENDING: frozenset({_S.SUCCEEDED, _S.REJECTED, _S.ACTION, _S.UNKNOWN}),
    # ACTION: asked again under the same key, the channel answers that the buyer has yet to act.
    # PENDING: asked again, it answers that it has the command; from then on only messages end it.
    _S.UNKNOWN: frozenset({_S.SUCCEEDED, _S.REJECTED, _S.ACTION, _S.PENDING, _S.PARKED}),
    _S.PARKED: frozenset({_S.SUCCEEDED, _S.REJECTED}),
    # Late success on strong evidence: the money came after all, and is held for its owner.
    _S.REJECTED: frozenset({_S.SUCCEEDED}),
    _S.EXPIRED: frozenset({_S.SUCCEEDED}),
    _S.SUCCEEDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One command to one channel. `body` is frozen at birth; `key` is what makes a retry the same command."""

    id: OperationId
    kind: OperationKind
    channel: str
    order: OrderId
    amount: Money
    reference: str  # the creditor reference or txid that comes back with the money
    body: dict[str, str]  # canonical, sent as it stands
    state: OperationState
    created_at: datetime
    intent: IntentId | None = None
    receipt: str = ""  # for refunds: which incoming payment goes back
    target: str = field(default="", metadata={"personal": True})  # for refunds: the payer's account
    payload: str = ""  # for ACTION: what the QR says
    evidence: str = ""  # what proved the outcome: a message id, a statement line
    dispatched_at: datetime | None = None  # the first time
    expires_at: datetime | None = None
    sent_at: datetime | None = None  # the last time: a command may be sent again under its key
    doubt_at: datetime | None = None  # since when nobody knows how it ended
    ask_at: datetime | None = None  # when its channel is asked next; None: never, as nothing was sent
    asked: int = 0  # how often it was asked so far
    version: int = 0

    @property
    def is_offer(self) -> bool:
        """Whether it is a payment code of our own making, that no channel was ever asked for."""
        return self.state is OperationState.ACTION and self.dispatched_at is None

    @property
    def key(self) -> str:
        """The idempotency key sent to the channel: the same for every retry of this command."""
        return hashlib.sha256(f"{self.channel}:{self.id}".encode()).hexdigest()[:32]

    def move(self, to: OperationState) -> Operation:
        """The operation in its next state. Raises IllegalMove."""
        if to not in _MOVES[self.state]:
            raise IllegalMove(f"operation {self.state} -> {to}")
        return replace(self, state=to)
