"""Rates: the desk that knows the last fixings, and the honesty about their age."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from core.errors import Refusal, sentence
from core.money import Asset, Money


class NoRate(Refusal):
    """No fixing for a currency. Parameter: code."""

    sentence = sentence("There is no exchange rate for {code} at the moment, so this cannot be priced in it.")


class StaleRate(Refusal):
    """The last fixing is older than the policy allows. Parameters: code, on."""

    sentence = sentence("The last exchange rate for {code} is of {on}, too old to sell by. Please try again later.")


@dataclass(frozen=True, slots=True)
class Fixing:
    """`rate` units of `code` for one euro, fixed on a day by a source."""

    code: str
    rate: Fraction
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class Mid:
    """One unit of the base in units of the quote currency; `on` is the older of the fixings behind it."""

    rate: Fraction
    on: date
    source: str


def business_days(since: date, until: date) -> int:
    """Monday-to-Friday days after `since` up to and including `until`."""
    days = max(0, (until - since).days)
    return sum((since + timedelta(days=n)).weekday() < 5 for n in range(1, min(days, 400) + 1))


BY_HAND = "admin"  # the source of a rate that an admin has entered

# Fixings kept a currency: the last ones, and room for a source that is wrong about the day.
_KEPT = 8


class RateDesk:
    """The last known fixing of each currency. Kept in memory; the wiring feeds it from its sources.

    `max_age` is in business days (a rate older than that is a refusal); None accepts any age and only tells it.
    """

    def __init__(self, max_age: int | None = 3) -> None:
        self.max_age = max_age
        self._fixings: dict[str, dict[date, Fixing]] = {}

    def learn(self, fixings: Iterable[Fixing]) -> None:
        """Take over fixings, in any order of days. On the same day the later word counts, but an admin's stands."""
        for fixing in fixings:
            if fixing.rate > 0:
                days = self._fixings.setdefault(fixing.code, {})
                known = days.get(fixing.on)
                if known is None or known.source != BY_HAND or fixing.source == BY_HAND:
                    days[fixing.on] = fixing
                if len(days) > _KEPT:
                    del days[min(days)]

    def known(self) -> list[Fixing]:
        """Every currency's last fixing, by code."""
        return [days[max(days)] for _, days in sorted(self._fixings.items())]

    def _per_euro(self, of: Asset, today: date) -> Fixing:
        if of.code == "EUR":
            return Fixing("EUR", Fraction(1), today, "")
        days = self._fixings.get(of.code, {})
        # A source that is a day or a century ahead must not set today's price, nor hide the fixings that follow.
        on = max((on for on in days if self.max_age is None or on <= today), default=None)
        if on is None:
            raise NoRate(code=of.code)
        if self.max_age is not None and business_days(on, today) > self.max_age:
            raise StaleRate(code=of.code, on=on)
        return days[on]

    def mid(self, base: Asset, quote: Asset, today: date) -> Mid:
        """The mid rate of a pair, crossed through the euro. Raises NoRate, StaleRate."""
        if base == quote:
            return Mid(Fraction(1), today, "")
        one, other = self._per_euro(base, today), self._per_euro(quote, today)
        older = min((one, other), key=lambda fixing: fixing.on if fixing.source else date.max)
        return Mid(other.rate / one.rate, older.on, older.source)

    def approximately(self, money: Money, into: Asset, today: date) -> tuple[Money, Mid]:
        """`money` at mid in another currency, for showing beside a price. Raises NoRate, StaleRate."""
        mid = self.mid(money.asset, into, today)
        return money.converted(mid.rate, into), mid
