"""Instalment plans: an order's price in three or four parts, each with its day, and what is left of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.ids import OperationId, OrderId, PersonId
from core.money import Money, zero

EVERYTHING = 0  # the "part" of a code that asks for all that is left


class PlanState(StrEnum):
    """DEFAULTED: a part stayed unpaid past its grace; still owed, and COMPLETED when it is paid after all.

    CANCELLED: the sale was refunded whole before all was paid.
    """

    ACTIVE = "active"
    COMPLETED = "completed"
    DEFAULTED = "defaulted"
    CANCELLED = "cancelled"


RUNNING = (PlanState.ACTIVE, PlanState.DEFAULTED)


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment. `owed` shrinks when a refund takes away what is not yet paid."""

    number: int  # from 1
    owed: Money
    paid: Money  # by its own codes; what was paid ahead is the plan's
    due_at: datetime
    said: int = 0  # how many of the words before its default have been said
    said_at: datetime | None = None  # the last of them


@dataclass(frozen=True, slots=True)
class Code:
    """A charge that asks for a part, or for EVERYTHING."""

    operation: OperationId
    part: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The schedule of one order, from its capture on. One plan an order: the id is the order's.

    The parts sum to the order's price, less what a refund has taken off what was not yet paid. `ahead` fills the first
    parts that are open. What is applied does not hang on the order of the payments: a part takes at most itself of its
    own codes, and the rest is filled from what was paid ahead.
    """

    id: OrderId
    shopper: PersonId
    parts: tuple[Part, ...]
    state: PlanState
    created_at: datetime
    ahead: Money  # paid by codes for EVERYTHING, or out of held money
    codes: tuple[Code, ...] = ()  # oldest first
    card_message: int | None = None  # message id of the last card, in the shopper's chat
    next_at: datetime | None = None  # when there is something to say, or the plan is broken
    written_off_at: datetime | None = None  # since then what is left lies in the shop's losses
    version: int = 0

    @property
    def left(self) -> Money:
        """What is still to pay of all parts."""
        nothing = zero(self.ahead.asset)
        return sum((part.owed - part.paid for part in self.parts), nothing) - self.ahead

    @property
    def owed(self) -> Money:
        """What the buyer has to pay in all: the price, less what a refund took off."""
        return sum((part.owed for part in self.parts), zero(self.ahead.asset))

    def open(self) -> tuple[tuple[Part, Money], ...]:
        """The parts that are not paid, first due first, and what is left of each."""
        found, ahead = [], self.ahead
        for part in self.parts:
            missing = part.owed - part.paid
            filled = min(missing, ahead)
            ahead -= filled
            if missing > filled:
                found.append((part, missing - filled))
        return tuple(found)

    def room(self, number: int) -> Money:
        """How much a payment for a part, or for EVERYTHING, may bring."""
        if number == EVERYTHING:
            return self.left
        part = self.parts[number - 1]
        return min(self.left, part.owed - part.paid)

    def paying(self, number: int, amount: Money) -> Plan:
        """The plan when so much more has been paid. Raises ValueError past `room`."""
        if amount > self.room(number):
            raise ValueError("more than is left of the plan")
        if number == EVERYTHING:
            return replace(self, ahead=self.ahead + amount)
        part = self.parts[number - 1]
        return self.with_part(replace(part, paid=part.paid + amount))

    def less(self, amount: Money) -> Plan:
        """The plan when so much is no longer owed: of the last parts first. Raises ValueError past `left`."""
        plan = self
        for part, missing in reversed(self.open()):
            taken = min(missing, amount)
            amount -= taken
            plan = plan.with_part(replace(part, owed=part.owed - taken))
        if amount:
            raise ValueError("more than is left of the plan")
        return plan

    def with_part(self, part: Part) -> Plan:
        """The plan with one part as given."""
        return replace(self, parts=tuple(part if one.number == part.number else one for one in self.parts))


def amounts(price: Money, count: int) -> tuple[Money, ...]:
    """A price in parts that sum to it; they differ by one minor unit at most, and the larger ones come first."""
    return price.split([1] * count) if count > 1 else (price,)
