"""Holds on limits: what a payment takes from each limit it falls under, and gives back when it fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.ids import OrderId
from core.money import Money


@dataclass(frozen=True, slots=True)
class Counter:
    """How much of one limit one subject has used in one window. `used` is in minor units of the policy's currency."""

    id: str  # limit id | subject | start of the window
    used: int
    renews_at: datetime | None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """What one order holds of one counter, so that it can be given back to the unit."""

    id: str  # order | counter
    order: OrderId
    counter: str
    amount: Money
    released: bool
    placed_at: datetime
    version: int = 0
