"""The picture of /stats: sales by day, one panel a currency with a scale of its own, and orders by state."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from PIL import Image, ImageDraw

from bot.pictures import fonts, paint
from bot.pictures.fonts import Colour, Style

WIDTH = 1000
MARGIN = 52
_PANEL = 196
_BARS = 112
"""Pixels of the tallest bar."""
_STATE = 46
_SERIES_COLOURS: tuple[Colour, ...] = (paint.TEAL, paint.CORAL, (196, 148, 60), (84, 110, 160), (120, 84, 130))


@dataclass(frozen=True)
class Sales:
    """One currency's sales: ``values`` in step with the chart's days, at least 0; amounts written out for reading."""

    name: str
    total: str
    peak: str
    """The largest day's amount, shown at the top of the scale."""
    values: tuple[Decimal, ...]


@dataclass(frozen=True)
class Slice:
    """How many orders are in a state."""

    label: str
    count: int


@dataclass(frozen=True)
class StatsChart:
    """What to draw for /stats. Texts are ready to read; ``nothing`` is said in place of an empty part."""

    title: str
    subtitle: str
    days: tuple[str, ...]
    sales: tuple[Sales, ...]
    states_title: str
    states: tuple[Slice, ...]
    nothing: str


def stats_chart(chart: StatsChart) -> bytes:
    """The chart as PNG, 1000 pixels wide. Raises ValueError when a currency's values do not match the days."""
    if any(len(sales.values) != len(chart.days) for sales in chart.sales):
        raise ValueError("every currency has one value a day")
    height = 150 + _PANEL * max(1, len(chart.sales)) + 110 + _STATE * max(1, len(chart.states)) + 28
    picture = Image.new("RGB", (WIDTH, height), paint.PAPER)
    _line(picture, (MARGIN, 74), chart.title, Style(36, 700), paint.INK, WIDTH - 2 * MARGIN)
    _line(picture, (MARGIN, 110), chart.subtitle, Style(22), paint.MUTED, WIDTH - 2 * MARGIN)
    top = 150
    gutter = max((fonts.width(sales.peak, Style(17)) + 14 for sales in chart.sales), default=0)
    for number, sales in enumerate(chart.sales):
        _draw_sales(picture, top, gutter, chart.days, sales, _SERIES_COLOURS[number % len(_SERIES_COLOURS)])
        top += _PANEL
    if not chart.sales:
        _line(picture, (MARGIN, top + 60), chart.nothing, Style(24), paint.MUTED, WIDTH - 2 * MARGIN)
        top += _PANEL
    _line(picture, (MARGIN, top + 66), chart.states_title, Style(27, 700), paint.INK, WIDTH - 2 * MARGIN)
    _draw_states(picture, top + 96, chart)
    return paint.png(picture)


def _line(picture: Image.Image, at: tuple[int, int], text: str, style: Style, colour: Colour, room: int) -> None:
    fonts.draw(picture, at, fonts.cut(text, style, room), style, colour)


def _draw_sales(
    picture: Image.Image, top: int, gutter: int, days: tuple[str, ...], sales: Sales, colour: Colour
) -> None:
    """One panel: name and total above, bars on a base line, the peak's amount on a dotted line, days below."""
    pen = ImageDraw.Draw(picture)
    left, right, base = MARGIN, WIDTH - MARGIN - gutter, top + 40 + _BARS
    fonts.draw(picture, (left, top + 22), fonts.cut(sales.name, Style(22, 700), 300), Style(22, 700), colour)
    total = fonts.cut(sales.total, Style(24, 700), 500)
    fonts.draw(picture, (WIDTH - MARGIN, top + 22), total, Style(24, 700), paint.INK, "r")
    peak = max(sales.values, default=Decimal(0))
    pitch = (right - left) / max(1, len(days))
    if peak > 0:
        for dot in range(left, right, 10):
            pen.line((dot, base - _BARS, min(dot + 4, right), base - _BARS), fill=paint.LINE, width=2)
        fonts.draw(picture, (WIDTH - MARGIN, base - _BARS + 6), sales.peak, Style(17), paint.MUTED, "r")
    for number, value in enumerate(sales.values):
        if value > 0:
            start, tall = left + number * pitch, max(2, int(_BARS * value / peak))
            _draw_bar(pen, round(start + pitch * 0.14), round(start + pitch * 0.86), base, tall, colour)
    pen.line((left, base + 1, right, base + 1), fill=paint.MUTED, width=2)
    _draw_days(picture, base + 26, days, left, pitch)


def _draw_bar(pen: ImageDraw.ImageDraw, left: int, right: int, base: int, tall: int, colour: Colour) -> None:
    right = max(left, right - 1)
    radius = min(6, tall // 2, (right - left) // 2)
    pen.rounded_rectangle((left, base - tall, right, base), radius, colour, corners=(True, True, False, False))


def _draw_days(picture: Image.Image, level: int, days: tuple[str, ...], left: int, pitch: float) -> None:
    """As many day labels as stand apart, the last day always among them."""
    widest = max((fonts.width(day, Style(17)) for day in days), default=0)
    every = max(1, -(-(widest + 14) // max(1, int(pitch))))
    for number in range(len(days) - 1, -1, -every):
        half = fonts.width(days[number], Style(17)) // 2
        middle = max(left + half, round(left + (number + 0.5) * pitch))
        fonts.draw(picture, (middle, level), days[number], Style(17), paint.MUTED, "m")


def _draw_states(picture: Image.Image, top: int, chart: StatsChart) -> None:
    """A bar a state, its count behind it; the longest bar is the largest count."""
    if not chart.states:
        _line(picture, (MARGIN, top + 28), chart.nothing, Style(24), paint.MUTED, WIDTH - 2 * MARGIN)
        return
    pen = ImageDraw.Draw(picture)
    labels = max(fonts.width(fonts.cut(state.label, Style(21), 300), Style(21)) for state in chart.states)
    start = MARGIN + labels + 24
    room = WIDTH - MARGIN - start - 90
    largest = max(1, *(state.count for state in chart.states))
    for number, state in enumerate(chart.states):
        middle = top + number * _STATE + _STATE // 2
        label = fonts.cut(state.label, Style(21), 300)
        fonts.draw(picture, (MARGIN + labels, middle + 8), label, Style(21), paint.INK, "r")
        end = start + max(2 if state.count else 0, room * state.count // largest)
        if state.count:
            pen.rounded_rectangle((start, middle - 13, end, middle + 13), min(6, (end - start) // 2), paint.TEAL)
        fonts.draw(picture, (end + 12, middle + 8), str(state.count), Style(21, 700), paint.INK)
