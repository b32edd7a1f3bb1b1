"""Disputes: a buyer, or the buyer's bank, wants the money of an order back against the shop's will."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from core.ids import OrderId, PersonId
from core.money import Money
from core.payments.operations import IllegalMove


class DisputeState(StrEnum):
    """WARNED: no money has moved yet. OPEN: it has. EVIDENCE: ours is handed in. CLOSED: nothing came of a warning."""

    WARNED = "warned"
    OPEN = "open"
    EVIDENCE = "evidence"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


_S = DisputeState
_MOVES: dict[DisputeState, frozenset[DisputeState]] = {
    _S.WARNED: frozenset({_S.OPEN, _S.CLOSED}),
    _S.OPEN: frozenset({_S.EVIDENCE, _S.WON, _S.LOST}),
    _S.EVIDENCE: frozenset({_S.WON, _S.LOST}),
    _S.WON: frozenset({_S.OPEN}),  # a second round: pre-arbitration
    _S.LOST: frozenset({_S.WON}),  # the bank changes its mind on our evidence
    _S.CLOSED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Dispute:
    """One case. `source` is the channel that brings it, or "shopper" for a complaint made in the chat."""

    id: str
    source: str
    case: str  # the source's own name of it: unique with the source
    order: OrderId
    receipt: str  # the payment it is about
    amount: Money  # asked back, in the payer's currency; may be larger than the payment
    fee: Money  # what the channel charges for the case, in the payer's currency
    reason: str
    state: DisputeState
    opened_at: datetime
    respond_by: datetime | None = None
    decided_at: datetime | None = None
    version: int = 0

    def move(self, to: DisputeState) -> Dispute:
        """The dispute in its next state. Raises IllegalMove."""
        if to not in _MOVES[self.state]:
            raise IllegalMove(f"dispute {self.state} -> {to}")
        return replace(self, state=to)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one side has to say: words, or a picture by its digest."""

    id: str
    dispute: str
    by: PersonId
    at: datetime
    picture: str = ""
    text: str = field(default="", metadata={"personal": True})
    version: int = 0
