"""Rate history: how much currencies have moved, and from that the price of holding a rate and the buffer behind it.

The only floats near money in this house are in here; what leaves is whole basis points or millionths, rounded up.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

# The buffer, as measured out of sample (tests/benchmarks/fx_buffer.py): one loss in a hundred may exceed it.
TAIL = 0.01
NORMAL_TAIL = 2.326  # standard deviations that a normal loss exceeds one time in a hundred
WINDOW = 500  # fixings of the empirical quantile
DECAY = 0.94  # of the exponentially weighted variance, a fixing
LONG = 2_560  # fixings in ten years
LOCK_WINDOW = 250  # fixings in a year

# Held by a central bank: years of calm say nothing about the day on which it lets go, so ten years are asked.
MANAGED = frozenset({"CNY", "HKD", "TRY"})

EURO = "EUR"


class Fixed(Protocol):
    """What a history learns from: core.payments.fx.desk.Fixing."""

    @property
    def code(self) -> str: ...

    @property
    def rate(self) -> Fraction: ...

    @property
    def on(self) -> date: ...


@dataclass(frozen=True, slots=True)
class Series:
    """One currency's fixings, oldest first: the day as its ordinal, and units for one euro. 12 bytes a fixing."""

    days: array[int] = field(default_factory=lambda: array("i"))
    rates: array[float] = field(default_factory=lambda: array("d"))


def quantile(sorted_losses: list[float], tail: float = TAIL) -> float:
    """The loss that only `tail` of these exceed."""
    return sorted_losses[math.ceil((1 - tail) * len(sorted_losses)) - 1]


def losses(logs: list[float], days: int) -> list[float]:
    """What each stretch of `days` fixings lost, as fractions of one (gains are below zero)."""
    return [1 - math.exp(late - early) for early, late in zip(logs, logs[days:], strict=False)]


def ewma(logs: list[float]) -> float:
    """Standard deviation of the next fixing's change: recent changes weigh more."""
    variance = 0.0
    for early, late in pairwise(logs):
        change = (late - early) ** 2
        variance = DECAY * variance + (1 - DECAY) * change if variance else change
    return math.sqrt(variance)


def buffer(logs: list[float], days: int) -> float:
    """The buffer for holding something `days` fixings, from the logarithms of its price, oldest first.

    The larger of the empirical 1 % loss of 500 fixings and the normal one of the weighted deviation: the first knows
    the fat tails, the second is quick to see that a calm is over. Needs more than `days` prices.
    """
    seen = quantile(sorted(losses(logs[-WINDOW - days :], days)))
    return max(seen, NORMAL_TAIL * ewma(logs[-WINDOW:]) * math.sqrt(days), 0.0)


def option(sigma: float, days: float) -> float:
    """The price of an at-the-money option for `days` calendar days, as a fraction of the amount.

    Garman and Kohlhagen's formula with both interest rates at zero: N(d) − N(−d), d = σ√T/2. It bounds what a lock is
    worth from above: the rate that a buyer holds is worse for them than mid by the spread (out of the money), and in
    an hour the interest of any two currencies parts by less than a tenth of a basis point.
    """
    return math.erf(sigma * math.sqrt(days) / (2 * math.sqrt(2)))


class History:
    """The table of fixings and what follows from it. Kept in memory (about 1 MB), fed as RateDesk is."""

    def __init__(self, series: Mapping[str, Series] | None = None) -> None:
        self._series = dict(series or {})
        self._known: dict[tuple[str, ...], int] = {}

    def learn(self, fixings: Iterable[Fixed], today: date) -> None:
        """Take over fixings that are newer than the last one known and not ahead of `today`."""
        for fixing in sorted(fixings, key=lambda one: one.on):
            series = self._series.setdefault(fixing.code, Series())
            day = fixing.on.toordinal()
            if fixing.on <= today and (not series.days or day > series.days[-1]):
                series.days.append(day)
                series.rates.append(float(fixing.rate))
                self._known.clear()

    def buffer_bp(self, held: str, counted_in: str, days: int) -> int:
        """What holding `held` for so many fixings may lose in `counted_in`: basis points, rounded up.

        A managed currency has its ten years' quantile as a floor. One without a history is taken for the wildest
        known; with no history at all there is nothing to say, and it is 0.
        """
        return self._once(self._buffer_bp, held, counted_in, str(days))

    def lock_ppm(self, base: str, quote: str, life: timedelta) -> int:
        """What holding a rate for `life` is worth at most: millionths of the amount, rounded up.

        From the last year's deviation, scaled by calendar time: a rate can move at any hour.
        """
        return self._once(self._lock_ppm, base, quote, str(math.ceil(life.total_seconds())))

    def prices(self, held: str, counted_in: str, most: int) -> list[tuple[date, float]]:
        """The last `most` prices of one unit, oldest first: for charts."""
        return [(date.fromordinal(day), math.exp(log)) for day, log in self._logs(held, counted_in, most)]

    def _once(self, what: _Figure, one: str, other: str, span: str) -> int:
        key = (what.__name__, one, other, span)
        if key not in self._known:
            self._known[key] = what(one, other, int(span))
        return self._known[key]

    def _buffer_bp(self, held: str, counted_in: str, days: int) -> int:
        logs = self._values(held, counted_in, WINDOW + days)
        if len(logs) <= days + 1:
            return max((self.buffer_bp(code, EURO, days) for code in self._long(days)), default=0)
        worst = buffer(logs, days)
        if {held, counted_in} & MANAGED:
            worst = max(worst, quantile(sorted(losses(self._values(held, counted_in, LONG), days))))
        return math.ceil(worst * 10_000)

    def _lock_ppm(self, base: str, quote: str, seconds: int) -> int:
        logs = self._values(base, quote, LOCK_WINDOW + 1)
        if len(logs) < 3:
            return max((self.lock_ppm(code, EURO, timedelta(seconds=seconds)) for code in self._long(2)), default=0)
        sigma = math.sqrt(sum((late - early) ** 2 for early, late in pairwise(logs)) / (len(logs) - 1))
        return math.ceil(option(sigma, seconds / 86_400) * 1_000_000)

    def _long(self, days: int) -> Iterator[str]:
        return (code for code, series in self._series.items() if len(series.days) > days + 1)

    def _values(self, held: str, counted_in: str, most: int) -> list[float]:
        return [log for _, log in self._logs(held, counted_in, most)]

    def _logs(self, held: str, counted_in: str, most: int) -> list[tuple[int, float]]:
        """(day, logarithm of the price of one `held` in `counted_in`), the last `most` days on which both are known."""
        if held == counted_in:
            return []
        one, other = (self._per_euro(code, most) for code in (held, counted_in))
        if one is None or other is None:  # the euro itself is fixed at one on every day
            sign, known = (1, other) if one is None else (-1, one)
            return sorted((day, sign * math.log(rate)) for day, rate in (known or {}).items())
        return sorted((day, math.log(other[day] / rate)) for day, rate in one.items() if day in other)

    def _per_euro(self, code: str, most: int) -> dict[int, float] | None:
        if code == EURO:
            return None
        series = self._series.get(code, Series())
        return dict(zip(series.days[-most:], series.rates[-most:], strict=True))


class _Figure(Protocol):
    __name__: str

    def __call__(self, one: str, other: str, span: int, /) -> int: ...
