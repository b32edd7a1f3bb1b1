"""Hedges: a currency deal that an admin made outside, booked so that the position closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.ids import PersonId
from core.money import Money


@dataclass(frozen=True, slots=True)
class Hedge:
    """`sold` left our bank account and `bought` came in, under the dealer's own `reference`.

    It closed `sold` of the position, and on the other side `carried`: what that was booked at. The difference to
    `bought` is the slippage (pnl:fx).
    """

    id: str
    sold: Money
    bought: Money
    carried: Money
    at: datetime
    reference: str
    by: PersonId
    version: int = 0
