"""The chart of /fx shows what is open to its own side, and the way of a rate."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image

from bot.pictures import paint
from bot.pictures.fxchart import Course, FxChart, Position, fx_chart

COURSE = Course("1 EUR in CNY", "7.43", "7.90", "7.43", "1月1日", "30 Oct 2026", (7.43, 7.9, 7.43))
CHART = FxChart(
    title="奥利奥 & Co",
    subtitle="Open by currency",
    positions=(Position("BRL", "R$100.00", 1_000, 500), Position("CNY", "−CN¥10.00", -2_000, 0)),
    limit=1_500,
    legend=("Booked 已入账", "Locked"),
    courses_title="Rates",
    courses=(COURSE,),
    nothing="Nothing is open",
)


def opened(chart: FxChart) -> Image.Image:
    return Image.open(io.BytesIO(fx_chart(chart)), formats=["PNG"]).convert("RGB")


def bar(picture: Image.Image, level: int, colour: tuple[int, int, int]) -> tuple[int, int]:
    """Left edge and right edge of what has a colour on one row; (0, 0) when nothing has."""
    found = [x for x in range(picture.width) if picture.getpixel((x, level)) == colour]
    return (found[0], found[-1]) if found else (0, 0)


def test_a_long_goes_right_and_a_short_left_as_long_as_they_are_worth() -> None:
    picture = opened(CHART)
    long, short = bar(picture, 200, paint.TEAL), bar(picture, 262, paint.CORAL)
    assert abs(2 * (long[1] - long[0]) - (short[1] - short[0])) <= 4, "2,000 is twice 1,000"
    assert short[0] < short[1] <= long[0] + 1 < long[1]


def test_what_is_locked_goes_on_where_booked_ends() -> None:
    booked = bar(opened(CHART), 200, paint.TEAL)
    without = opened(replace(CHART, positions=(replace(CHART.positions[0], locked=0), CHART.positions[1])))
    middle = (booked[1] + 20, 203)
    assert opened(CHART).getpixel(middle) != without.getpixel(middle) == paint.PAPER


def test_a_limit_within_reach_is_marked_on_both_sides_and_one_far_off_is_not() -> None:
    def dots(chart: FxChart) -> int:
        picture = opened(chart)
        return sum(picture.getpixel((x, 178)) == paint.CORAL for x in range(picture.width))

    assert dots(CHART) >= 2
    assert dots(replace(CHART, limit=10_000)) == 0


def test_nothing_open_is_said_and_a_course_that_never_moved_is_a_line() -> None:
    assert opened(replace(CHART, positions=(), courses=())).height < opened(CHART).height
    flat = opened(replace(CHART, courses=(replace(COURSE, points=(1.0, 1.0)),)))
    assert flat.width == 1000
