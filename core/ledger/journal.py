"""The journal: entries that balance in every currency at birth, and never change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from core.ids import OrderId
from core.money import Asset, Money


class Unbalanced(ValueError):
    """An entry that does not sum to zero in some currency: a defect, caught before it is stored."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry. Debit is positive, credit negative."""

    account: str
    amount: Money


def debit(account: str, amount: Money) -> Leg:
    """A debit of `amount`."""
    return Leg(account, amount)


def credit(account: str, amount: Money) -> Leg:
    """A credit of `amount`."""
    return Leg(account, -amount)


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact in the books. `key` is unique: the same fact can be posted once."""

    key: str
    at: datetime
    kind: str
    legs: tuple[Leg, ...]
    order: OrderId | None = None

    def __post_init__(self) -> None:
        sums: Counter[Asset] = Counter()
        for leg in self.legs:
            sums[leg.amount.asset] += leg.amount.minor
        if any(sums.values()):
            raise Unbalanced(self.kind)
        if not self.legs:
            raise Unbalanced("an entry without legs says nothing")


def entry(key: str, at: datetime, kind: str, *legs: Leg, order: OrderId | None = None) -> Entry:
    """An entry of the legs that are not zero."""
    return Entry(key, at, kind, tuple(leg for leg in legs if leg.amount), order)
