"""Payouts: what leaves for a seller in one transfer, and the states of its life."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.ids import OperationId, SellerId
from core.money import Money
from core.payments.fx.quote import QuotedRate
from core.payments.operations import IllegalMove


class PayoutState(StrEnum):
    """RESERVED: out of the seller's available money. HELD: stopped by monitoring. RETURNED: it came back whole."""

    RESERVED = "reserved"
    HELD = "held"
    PAID = "paid"
    RETURNED = "returned"


_S = PayoutState
_MOVES: dict[PayoutState, frozenset[PayoutState]] = {
    _S.RESERVED: frozenset({_S.HELD, _S.PAID, _S.RETURNED}),
    _S.HELD: frozenset({_S.RESERVED, _S.PAID, _S.RETURNED}),  # paid: what had left before it was held
    _S.PAID: frozenset({_S.RETURNED}),
    _S.RETURNED: frozenset({_S.PAID}),  # refused, and then a bank's own message says that it went out
}


@dataclass(frozen=True, slots=True)
class Payout:
    """One transfer to one seller, in one currency, for one period."""

    id: str
    seller: SellerId
    channel: str
    taken: Money  # out of avail:{seller}
    sent: Money  # to the seller's account: `taken`, converted where it was in another currency
    state: PayoutState
    since: datetime  # the period: from
    until: datetime  # … to, not included
    created_at: datetime
    operation: OperationId | None = None
    ended_at: datetime | None = None
    evidence: str = ""
    rates: tuple[QuotedRate, ...] = ()  # of the conversion, where there was one
    version: int = 0

    def move(self, to: PayoutState) -> Payout:
        """The payout in its next state. Raises IllegalMove."""
        if to not in _MOVES[self.state]:
            raise IllegalMove(f"payout {self.state} -> {to}")
        return replace(self, state=to)
