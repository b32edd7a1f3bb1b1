"""Own limits: what a shopper has bounded themselves to. Lowered at once; raised after a proof and a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.ids import PersonId
from core.money import Money


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """Of one shopper, in the policy's currency; None is no limit. From `rises_at` on the `next_` ones hold instead."""

    person: PersonId
    payment: Money | None = None
    day: Money | None = None
    next_payment: Money | None = None
    next_day: Money | None = None
    rises_at: datetime | None = None
    version: int = 0

    def at(self, now: datetime) -> OwnLimits:
        """As they are at a moment: what has risen by then, has risen."""
        if self.rises_at is None or now < self.rises_at:
            return self
        return replace(
            self, payment=self.next_payment, day=self.next_day, next_payment=None, next_day=None, rises_at=None
        )

    @property
    def bounds(self) -> dict[str, Money]:
        """What they bound: "payment", "day"."""
        return {name: amount for name, amount in (("payment", self.payment), ("day", self.day)) if amount is not None}
