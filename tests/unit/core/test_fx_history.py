"""What the shipped history says of the price of holding a rate and of the buffer behind it."""

from __future__ import annotations

import math
from datetime import date, timedelta
from fractions import Fraction

import pytest

from core.channels.rates import shipped_rates
from core.payments.fx.desk import Fixing
from core.payments.fx.history import DECAY, LONG, History, Series, buffer, losses, option, quantile
from tests.benchmarks import fx_buffer

HISTORY = shipped_rates()
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(("days", "measured"), [(1, 0.79), (2, 0.92), (7, 0.99)])
def test_one_loss_in_a_hundred_exceeds_the_buffer(days: int, measured: float) -> None:
    both, alone = fx_buffer.backtest(days, HISTORY)
    assert both == pytest.approx(measured, abs=0.2)
    assert both < 1.05
    assert alone > 1.8, "the deviation alone would be exceeded twice as often"


def test_the_backtest_judges_the_buffer_that_the_shop_holds() -> None:
    logs = fx_buffer.prices(HISTORY, "BRL")
    for day, held, _ in list(fx_buffer.buffers(logs, 2))[600::700]:
        assert buffer(logs[: day + 1], 2) == pytest.approx(held, rel=1e-6)


def test_holding_a_euro_rate_costs_what_was_measured() -> None:
    assert HISTORY.lock_ppm("EUR", "USD", QUARTER) == pytest.approx(140, abs=5)  # 1.4 basis points
    assert HISTORY.lock_ppm("EUR", "USD", timedelta(days=1)) == pytest.approx(1390, abs=50)


def test_the_option_is_the_formula_of_garman_and_kohlhagen() -> None:
    def normal(x: float) -> float:
        return (1 + math.erf(x / math.sqrt(2))) / 2

    def call(sigma: float, strike: float, domestic: float = 0.0, foreign: float = 0.0) -> float:
        one = (-math.log(strike) + (domestic - foreign + sigma**2 / 2)) / sigma
        return math.exp(-foreign) * normal(one) - strike * math.exp(-domestic) * normal(one - sigma)

    assert option(0.01, 1) == pytest.approx(call(0.01, 1.0))
    assert option(0.01, 1) > call(0.01, 1.01), "out of the money by the spread it is worth less"
    assert option(0.01, 4) == pytest.approx(2 * option(0.01, 1), rel=1e-3)


def test_a_managed_currency_is_judged_by_ten_years() -> None:
    for code in ("CNY", "HKD", "TRY"):
        logs = fx_buffer.prices(HISTORY, code)
        floor = quantile(sorted(losses(logs[-LONG:], 2)))
        assert HISTORY.buffer_bp(code, "EUR", 2) >= math.ceil(floor * 10_000)
    quiet = History({"HKD": a_series(1.0, 2_000, wild=True), "SEK": a_series(1.0, 2_000, wild=True)})
    assert quiet.buffer_bp("HKD", "EUR", 1) > 10 * quiet.buffer_bp("SEK", "EUR", 1)


def a_series(rate: float, fixings: int, *, wild: bool = False) -> Series:
    """A calm currency; a wild one jumped about in its first half, long ago."""
    series, day = Series(), date(2018, 1, 1).toordinal()
    for number in range(fixings):
        series.days.append(day + number)
        shake = 0.05 if wild and number < fixings // 2 else 0.0005
        series.rates.append(rate * (1 + shake * (number % 2)))
    return series


def test_a_currency_without_a_history_is_taken_for_the_wildest_known() -> None:
    assert HISTORY.buffer_bp("XAF", "EUR", 2) == max(HISTORY.buffer_bp(code, "EUR", 2) for code in fx_buffer.CODES)
    assert HISTORY.lock_ppm("EUR", "XAF", QUARTER) >= HISTORY.lock_ppm("BRL", "EUR", QUARTER)
    assert History().buffer_bp("USD", "EUR", 2) == History().lock_ppm("EUR", "USD", QUARTER) == 0


def test_a_fixing_just_learned_counts_at_once_and_one_from_the_future_does_not() -> None:
    calm = History({"USD": a_series(1.25, 600)})
    today = date.fromordinal(a_series(1.0, 600).days[-1] + 3)
    before = calm.buffer_bp("USD", "EUR", 1)
    calm.learn([Fixing("USD", Fraction("1.50"), today + timedelta(days=1), "x")], today)
    assert calm.buffer_bp("USD", "EUR", 1) == before
    calm.learn([Fixing("USD", Fraction("1.50"), today, "x")], today)
    calm.learn([Fixing("USD", Fraction("9"), today, "x")], today)  # the same day again
    assert calm.prices("USD", "EUR", 1) == [(today, pytest.approx(1 / 1.5))]
    jump = math.log(1.5 / (1.25 * 1.0005)) * math.sqrt(1 - DECAY) * 2.326
    assert calm.buffer_bp("USD", "EUR", 1) == pytest.approx(10_000 * jump, rel=0.02)


def test_a_pair_is_crossed_on_the_days_that_both_were_fixed() -> None:
    history = History({"USD": a_series(1.25, 10), "BRL": a_series(6.25, 10)})
    del history._series["BRL"].days[4], history._series["BRL"].rates[4]
    prices = history.prices("USD", "BRL", 99)
    assert len(prices) == 9
    assert prices[0][1] == pytest.approx(5.0)
