"""The chart of /stats shows the numbers it was given."""

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from PIL import Image

from bot.pictures import paint
from bot.pictures.chart import Sales, Slice, StatsChart, stats_chart

DAYS = tuple(f"11月{day}日" for day in range(1, 15))
CHART = StatsChart(
    title="Sales by day",
    subtitle="Last 14 days",
    days=DAYS,
    sales=(Sales("EUR", "€100.00", "€40.00", (Decimal(40), Decimal(20), *[Decimal(0)] * 12)),),
    states_title="Orders by state",
    states=(Slice("待付款", 4), Slice("Paid", 8), Slice("Refunded", 0)),
    nothing="Nothing yet",
)


def _opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png), formats=["PNG"])
    return picture.convert("RGB")


def _bars(picture: Image.Image, colour: tuple[int, int, int], top: int, bottom: int) -> list[tuple[int, int]]:
    """Left and right edge of each bar on the rows between top and bottom, by its lowest row."""
    row = [picture.getpixel((x, bottom)) == colour for x in range(picture.width)]
    edges = [x for x in range(1, len(row)) if row[x] != row[x - 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _height(picture: Image.Image, colour: tuple[int, int, int], x: int, top: int, bottom: int) -> int:
    return sum(picture.getpixel((x, y)) == colour for y in range(top, bottom + 1))


def test_a_bar_is_as_tall_as_its_days_sales():
    picture = _opened(stats_chart(CHART))
    bars = _bars(picture, paint.TEAL, 180, 300)
    heights = [_height(picture, paint.TEAL, (left + right) // 2, 185, 300) for left, right in bars]
    assert len(bars) == 2
    assert heights[0] == pytest.approx(heights[1] * 2, abs=3)


def test_every_currency_has_a_scale_of_its_own():
    dwarf = Sales("BTC", "0.003", "0.002", (Decimal("0.002"), *[Decimal(0)] * 13))
    picture = _opened(stats_chart(replace(CHART, sales=(*CHART.sales, dwarf))))
    tall = _height(picture, paint.TEAL, 80, 185, 300)
    assert _height(picture, paint.CORAL, 80, 380, 498) == pytest.approx(tall, abs=3)


def test_an_empty_shop_gets_a_chart_that_says_so():
    said = stats_chart(replace(CHART, sales=(), states=()))
    silent = stats_chart(replace(CHART, sales=(), states=(), nothing=""))
    assert said != silent
    assert _opened(said).width == 1000


@pytest.mark.parametrize("days", [1, 2, 31, 90, 400])
def test_any_number_of_days_can_be_drawn(days):
    sales = (Sales("EUR", "€1", "€1", tuple(Decimal(day % 5) for day in range(days))),)
    stats_chart(replace(CHART, days=tuple(f"day {day}" for day in range(days)), sales=sales))


def test_sales_that_do_not_match_the_days_are_refused():
    with pytest.raises(ValueError, match="one value a day"):
        stats_chart(replace(CHART, days=DAYS[1:]))


def test_long_words_stay_inside():
    endless = "灯火 endless " * 30
    chart = replace(
        CHART,
        title=endless,
        subtitle=endless,
        states_title=endless,
        states=(Slice(endless, 10**9),),
        sales=(replace(CHART.sales[0], name=endless, total=endless),),
    )
    picture = _opened(stats_chart(chart))
    for x in (5, picture.width - 5):
        assert {picture.getpixel((x, y)) for y in range(picture.height)} == {paint.PAPER}
