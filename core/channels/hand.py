"""Transfers by hand: the channel of what no rail of ours carries.

The operator makes them, and says under which reference; nothing is ever sent from here.
"""

from __future__ import annotations

from datetime import timedelta

from core.payments.operations import Operation
from core.payments.settlement.payouts import HAND
from core.ports import Answer, Outcome, Pending, Unknown

NAME = HAND


class ByHand:
    """core.ports.Channel."""

    name = NAME
    idempotent = True
    key_life: timedelta | None = None
    visibility = timedelta(0)

    async def refund(self, operation: Operation) -> Outcome:
        """The operator is asked to."""
        return Pending(by_hand=True)

    async def payout(self, operation: Operation) -> Outcome:
        """The operator is asked to."""
        return Pending(by_hand=True)

    async def query(self, operation: Operation) -> Answer:
        """Nobody can be asked."""
        return Unknown("cannot be asked")
