"""Disputes: a buyer, or the buyer's bank, wants the money of an order back against the shop's will."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from core.ids import OrderId, PersonId
from core.money import Money
from core.payments.operations import IllegalMove

SHOPPER = "shopper"
"""The source of a complaint made in the chat. Every other source is a channel's name."""


class DisputeState(StrEnum):
    """WARNED: no money has moved yet. OPEN: it has. EVIDENCE: ours is handed in. CLOSED: nothing came of it."""

    WARNED = "warned"
    OPEN = "open"
    EVIDENCE = "evidence"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


_S = DisputeState
UNDECIDED = (_S.WARNED, _S.OPEN, _S.EVIDENCE)
_MOVES: dict[DisputeState, frozenset[DisputeState]] = {
    _S.WARNED: frozenset({_S.OPEN, _S.CLOSED}),
    _S.OPEN: frozenset({_S.EVIDENCE, _S.WON, _S.LOST, _S.CLOSED}),  # closed: a complaint that a bank has taken over
    _S.EVIDENCE: frozenset({_S.WON, _S.LOST}),
    _S.WON: frozenset({_S.OPEN}),  # a second round: pre-arbitration
    _S.LOST: frozenset({_S.OPEN}),  # the bank changes its mind on our evidence: open again, and then won
    _S.CLOSED: frozenset({_S.OPEN}),  # the warning was refunded, and the money is taken all the same
}


@dataclass(frozen=True, slots=True)
class Dispute:
    """One case. `source` is the channel that brings it, or "shopper" for a complaint made in the chat."""

    id: str
    source: str
    case: str  # the source's own name of it: unique with the source
    order: OrderId | None  # None: of a payment that has paid no order
    receipt: str  # the payment it is about
    amount: Money  # asked back, in the payer's currency; may be larger than the payment
    fee: Money  # what the channel charges for the case, in the payer's currency
    reason: str
    state: DisputeState
    opened_at: datetime
    covered: Money  # of the amount: what the sale's pockets gave for it, in hold or lost; the rest is the shop's loss
    held: Money  # of the amount: what was held for the payer, and is in hold or lost
    taken: bool = False  # whether the channel has taken the amount from the shop
    round: int = 1  # as the channel counts
    turn: int = 0  # how often it was opened, as our books count
    before: str = ""  # the state of the order that a lost case has ended
    respond_by: datetime | None = None
    decided_at: datetime | None = None  # by the source's clock
    version: int = 0

    @property
    def is_complaint(self) -> bool:
        """Whether the shopper brings it, and an admin decides."""
        return self.source == SHOPPER

    @property
    def is_open(self) -> bool:
        """Whether it keeps its order frozen."""
        return self.state in UNDECIDED

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
