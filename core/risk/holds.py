"""Purses and holds: how much of which limits a subject has used, and what of it each order may give back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core.ids import OrderId


@dataclass(frozen=True, slots=True)
class Counter:
    """One number that is shifted by guarded steps, such as what is locked of a currency."""

    id: str
    used: int
    renews_at: datetime | None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Purse:
    """Everything that one subject has used of every limit it falls under: one row, so that one lock guards them all.

    `used` maps entries (core.risk.windows) to minor units, or to a count; what no window needs any more is left out.
    """

    id: str  # "shopper|7", "seller|S1", "channel|pix", "shop|"
    used: dict[str, int] = field(default_factory=dict)
    at: datetime | None = None  # when a payment was last taken; entries that ended by then may have been left out
    version: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """What one order took from one purse, so that it can be given back."""

    id: str  # order | purse
    order: OrderId
    purse: str
    taken: dict[str, int]
    released: bool
    placed_at: datetime
    version: int = 0
