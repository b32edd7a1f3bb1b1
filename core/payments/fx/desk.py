"""Rates: the desk that knows the last fixings, and the honesty about their age."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from core.errors import Refusal, sentence
from core.money import Asset, Money
from core.payments.fx.history import History


class NoRate(Refusal):
    """No fixing for a currency. Parameter: code."""

    sentence = sentence("There is no exchange rate for {code} at the moment, so this cannot be priced in it.")


class StaleRate(Refusal):
    """The last fixing is older than the policy allows. Parameters: code, on."""

    sentence = sentence("The last exchange rate for {code} is of {on}, too old to sell by. Please try again later.")


class RatesPart(Refusal):
    """The sources of a currency's rate contradict each other. Parameter: code."""

    sentence = sentence(
        "The exchange rates for {code} from two sources disagree, so nothing is priced by them. Please try again later."
    )


@dataclass(frozen=True, slots=True)
class Fixing:
    """`rate` units of `code` for one euro, fixed on a day by a source."""

    code: str
    rate: Fraction
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class Parted:
    """Two sources whose last fixings of a currency lie `gap_bp` basis points apart."""

    code: str
    low: Fixing
    high: Fixing
    gap_bp: int


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

# Fixings kept a currency and source: the last ones, and room for a source that is wrong about the day.
_KEPT = 8


class RateDesk:
    """The last known fixing of each currency. Kept in memory; the wiring feeds it from its sources.

    `max_age` is in business days (a rate older than that is a refusal); None accepts any age and only tells it.
    Sources in `compared` must agree: where their last fixings part by more than `gap_bp`, none of them is sold by.
    `history` is the table that the prices of locks and the buffers are taken from.
    """

    def __init__(
        self,
        max_age: int | None = 3,
        *,
        compared: tuple[str, ...] = (),
        gap_bp: int = 200,
        history: History | None = None,
    ) -> None:
        self.max_age, self.compared, self.gap_bp = max_age, compared, gap_bp
        self.history = history or History()
        # Code → source → day. The source heard last stands last.
        self._fixings: dict[str, dict[str, dict[date, Fixing]]] = {}
        self._mids: dict[tuple[Asset, Asset, date, bool], Mid] = {}  # what was crossed since the last word of a source

    def learn(self, fixings: Iterable[Fixing]) -> None:
        """Take over fixings, in any order of days. On the same day the later word counts, but an admin's stands."""
        self._mids.clear()
        for fixing in fixings:
            if fixing.rate > 0:
                sources = self._fixings.setdefault(fixing.code, {})
                days = sources[fixing.source] = sources.pop(fixing.source, {})
                days[fixing.on] = fixing
                if len(days) > _KEPT:
                    del days[min(days)]

    def known(self) -> list[Fixing]:
        """Every currency's last fixing, by code."""
        return [last for code in sorted(self._fixings) if (last := self._last(code, date.max))]

    def parted(self, today: date) -> list[Parted]:
        """The currencies that are not sold by because their sources disagree, by code."""
        found = (self._parted(code, self._last(code, today), today) for code in sorted(self._fixings))
        return [one for one in found if one is not None]

    def _days(self, days: Iterable[date], today: date) -> date | None:
        # A source that is a day or a century ahead must not set today's price, nor hide the fixings that follow.
        return max((on for on in days if self.max_age is None or on <= today), default=None)

    def _last(self, code: str, today: date) -> Fixing | None:
        """The newest fixing; of several on one day an admin's, else the first source's, else the last one heard."""
        best: tuple[tuple[date, bool, int, int], Fixing] | None = None
        for place, (source, days) in enumerate(self._fixings.get(code, {}).items()):
            on = self._days(days, today)
            rank = -self.compared.index(source) if source in self.compared else -len(self.compared)
            if on is not None and (best is None or best[0] < (on, source == BY_HAND, rank, place)):
                best = (on, source == BY_HAND, rank, place), days[on]
        return best[1] if best else None

    def _parted(self, code: str, last: Fixing | None, today: date) -> Parted | None:
        """What the sources that are not stale disagree on. An admin's own rate of the day or later settles it."""
        if last is None or last.source == BY_HAND or len(self.compared) < 2:
            return None
        told = []
        for source in self.compared:
            days = self._fixings[code].get(source, {})
            on = self._days(days, today)
            if on is not None and not self._is_stale(on, today):
                told.append(days[on])
        if len(told) < 2:  # the other one is silent: what there is, is sold by
            return None
        low, high = min(told, key=lambda one: one.rate), max(told, key=lambda one: one.rate)
        gap_bp = math.ceil((high.rate / low.rate - 1) * 10_000)
        return Parted(code, low, high, gap_bp) if gap_bp > self.gap_bp else None

    def _is_stale(self, on: date, today: date) -> bool:
        return self.max_age is not None and business_days(on, today) > self.max_age

    def _per_euro(self, of: Asset, today: date, *, to_sell: bool) -> Fixing:
        if of.code == "EUR":
            return Fixing("EUR", Fraction(1), today, "")
        last = self._last(of.code, today)
        if last is None:
            raise NoRate(code=of.code)
        if to_sell and self._is_stale(last.on, today):
            raise StaleRate(code=of.code, on=last.on)
        if to_sell and self._parted(of.code, last, today):
            raise RatesPart(code=of.code)
        return last

    def mid(self, base: Asset, quote: Asset, today: date, *, to_sell: bool = True) -> Mid:
        """The mid rate of a pair, crossed through the euro. Raises NoRate, StaleRate, RatesPart.

        For valuing what is there already, and not `to_sell`, any last known rate will do.
        """
        asked = (base, quote, today, to_sell)
        if asked not in self._mids:
            self._mids[asked] = self._cross(*asked)
        return self._mids[asked]

    def _cross(self, base: Asset, quote: Asset, today: date, to_sell: bool) -> Mid:
        if base == quote:
            return Mid(Fraction(1), today, "")
        one, other = self._per_euro(base, today, to_sell=to_sell), self._per_euro(quote, today, to_sell=to_sell)
        older = min((one, other), key=lambda fixing: fixing.on if fixing.source else date.max)
        return Mid(other.rate / one.rate, older.on, older.source)

    def approximately(self, money: Money, into: Asset, today: date) -> tuple[Money, Mid]:
        """`money` at mid in another currency, for showing beside a price. Raises NoRate, StaleRate, RatesPart."""
        mid = self.mid(money.asset, into, today)
        return money.converted(mid.rate, into), mid

    def worth(self, money: Money, into: Asset, today: date) -> Money:
        """`money` at the last known mid, whatever its age, for valuing a position. Raises NoRate."""
        return money.converted(self.mid(money.asset, into, today, to_sell=False).rate, into)
