"""Refunds: one sum on its way back to the account it came from, and the states of its life."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.ids import OperationId, OrderId, PersonId
from core.money import Money
from core.payments.operations import IllegalMove


class RefundState(StrEnum):
    """FUNDED: out of the sale's pockets and owed to the payer. FAILED: the way back is closed; another is sought."""

    REQUESTED = "requested"
    SCREENED = "screened"
    FUNDED = "funded"
    DONE = "done"
    FAILED = "failed"


_S = RefundState
_MOVES: dict[RefundState, frozenset[RefundState]] = {
    _S.REQUESTED: frozenset({_S.SCREENED, _S.FUNDED, _S.FAILED}),
    _S.SCREENED: frozenset({_S.FUNDED, _S.FAILED}),
    _S.FUNDED: frozenset({_S.DONE, _S.FAILED}),
    _S.DONE: frozenset({_S.FAILED}),  # the payer's bank returned it days later
    _S.FAILED: frozenset({_S.FUNDED, _S.DONE}),  # re-routed; or done after all, on strong evidence
}


@dataclass(frozen=True, slots=True)
class Refund:
    """Money of one receipt that goes back; `account` is where it lies until it has."""

    id: str
    receipt: str
    amount: Money  # in the payer's currency
    account: str
    state: RefundState
    reason: str  # "late", "double", "order", "dispute", …: a word of ours
    created_at: datetime
    order: OrderId | None = None
    asked_by: PersonId | None = None
    operation: OperationId | None = None  # the attempt under way or the last one
    done_at: datetime | None = None
    version: int = 0

    def move(self, to: RefundState) -> Refund:
        """The refund in its next state. Raises IllegalMove."""
        if to not in _MOVES[self.state]:
            raise IllegalMove(f"refund {self.state} -> {to}")
        return replace(self, state=to)
