"""How often a loss exceeded the buffer that was held for it, out of sample: `python -m tests.benchmarks.fx_buffer`.

18 free currencies against the euro, ten years of the shipped history, the shop holding the foreign side. The aim is
1 % of the stretches; the exponentially weighted deviation by itself (second number) misses it by half.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterator

from core.channels.rates import shipped_rates
from core.payments.fx.history import DECAY, LONG, NORMAL_TAIL, WINDOW, History, losses, quantile

CODES = ("USD", "JPY", "GBP", "CHF", "SEK", "NOK", "CZK", "PLN", "HUF",
         "AUD", "CAD", "NZD", "BRL", "MXN", "ZAR", "KRW", "INR", "SGD")  # fmt: skip
HORIZONS = (1, 2, 7)


def prices(history: History, code: str) -> list[float]:
    """Logarithms of what one unit was worth in euros, oldest first."""
    return [math.log(price) for _, price in history.prices(code, "EUR", LONG + WINDOW)]


def buffers(logs: list[float], days: int) -> Iterator[tuple[int, float, float]]:
    """(day, buffer, weighted deviation alone) as known on each day: core's `buffer`, carried from day to day."""
    past: list[float] = []  # the losses of the last 500 stretches, sorted
    order, variance = losses(logs, days), 0.0
    for day in range(1, len(logs)):
        change = (logs[day] - logs[day - 1]) ** 2
        variance = DECAY * variance + (1 - DECAY) * change if variance else change
        if day < days:
            continue
        insort(past, order[day - days])
        if len(past) > WINDOW:
            past.remove(order[day - days - WINDOW])
        alone = NORMAL_TAIL * math.sqrt(variance * days)
        yield day, max(quantile(past), alone, 0.0), alone


def backtest(days: int, history: History) -> tuple[float, float]:
    """The share of stretches that lost more than the buffer, and more than the weighted deviation alone: in percent."""
    over = over_alone = judged = 0
    for code in CODES:
        logs = prices(history, code)
        after = losses(logs, days)
        for day, held, alone in buffers(logs, days):
            if WINDOW <= day < len(after):
                judged += 1
                over += after[day] > held
                over_alone += after[day] > alone
    return 100 * over / judged, 100 * over_alone / judged


if __name__ == "__main__":
    shipped = shipped_rates()
    for horizon in HORIZONS:
        both, alone = backtest(horizon, shipped)
        print(f"{horizon} days: the buffer was exceeded {both:.2f} % of the time, the deviation alone {alone:.2f} %")
