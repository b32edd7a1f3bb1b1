"""Hedges: a currency deal that an admin made outside, booked so that the position closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.ids import PersonId
from core.money import Money


@dataclass(frozen=True, slots=True)
class Hedge:
    """`sold` left our bank account and `bought` came in, under the dealer's own `reference`."""

    id: str
    sold: Money
    bought: Money
    at: datetime
    reference: str
    by: PersonId
    version: int = 0
