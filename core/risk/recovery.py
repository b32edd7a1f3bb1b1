"""Recoveries: the slow way back for who has lost what they confirm with. A thief of the chat cannot hurry it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.ids import PersonId


@dataclass(frozen=True, slots=True)
class Recovery:
    """One way back. From `ripe_at` on a new PIN may be set without the old one, unless it was cancelled before."""

    id: str
    person: PersonId
    started_at: datetime
    ripe_at: datetime
    how: str  # "code", a factor's name, or "admin"
    by: PersonId  # who let it begin
    checked: str = ""  # what an admin says to have checked
    told_at: datetime | None = None  # that it is ripe
    cancelled_at: datetime | None = None
    done_at: datetime | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is neither done nor cancelled."""
        return self.done_at is None and self.cancelled_at is None
