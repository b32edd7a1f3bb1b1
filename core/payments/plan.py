"""Instalment plans: an order's price in three or four parts, each with its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.ids import OperationId, OrderId, PersonId
from core.money import Money


class PlanState(StrEnum):
    """DEFAULTED: a part stayed unpaid past its grace; still owed. CANCELLED: refunded, or never begun."""

    OFFERED = "offered"
    ACTIVE = "active"
    COMPLETED = "completed"
    DEFAULTED = "defaulted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment. `owed` shrinks when a refund takes away what is not yet paid."""

    number: int  # from 1
    owed: Money
    paid: Money
    due_at: datetime
    operation: OperationId | None = None  # the charge whose code is in the shopper's hands
    reminded: int = 0

    @property
    def left(self) -> Money:
        """What is still to pay of it."""
        return self.owed - self.paid


@dataclass(frozen=True, slots=True)
class Plan:
    """The schedule of one order; its parts sum to the order's price. One plan an order: the id is the order's."""

    id: OrderId
    shopper: PersonId
    parts: tuple[Part, ...]
    state: PlanState
    created_at: datetime
    next_due: datetime | None = None  # of the first part that is not paid
    version: int = 0
