"""Applications: which payment paid which order, and how much of it went back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.ids import OrderId
from core.money import Money


@dataclass(frozen=True, slots=True)
class Application:
    """A part of one receipt that pays (a part of) one order."""

    id: str  # receipt|order
    receipt: str
    order: OrderId
    amount: Money  # in the receipt's currency, which is the order's currency to pay
    at: datetime
    version: int = 0
