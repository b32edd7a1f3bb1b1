"""The picture of /fx: what is open by currency, long to the right and short to the left, and how rates have gone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw

from bot.pictures import fonts, paint
from bot.pictures.chart import MARGIN, WIDTH
from bot.pictures.fonts import Colour, Style

_ROW = 62
_PANEL = 190
_LINE = 104
"""Pixels between the lowest and the highest rate of a panel."""
_LONG, _SHORT = paint.TEAL, paint.CORAL
_LIGHT: dict[Colour, Colour] = {_LONG: (150, 190, 190), _SHORT: (230, 180, 160)}


@dataclass(frozen=True)
class Position:
    """One currency. ``booked`` and ``locked`` are in minor units of the policy's currency, above zero when long."""

    name: str
    amount: str
    """What is open, written out."""
    booked: int
    locked: int


@dataclass(frozen=True)
class Course:
    """A rate's way, oldest first. ``high`` and ``low`` are written out for the scale."""

    name: str
    latest: str
    high: str
    low: str
    first_day: str
    last_day: str
    points: tuple[float, ...]


@dataclass(frozen=True)
class FxChart:
    """What to draw for /fx. Texts are ready to read; ``nothing`` is said in place of an empty part."""

    title: str
    subtitle: str
    positions: tuple[Position, ...]
    limit: int
    """The exposure limit in the same minor units: marked where a bar would reach it."""
    legend: tuple[str, str]
    """The words for booked and for locked."""
    courses_title: str
    courses: tuple[Course, ...]
    nothing: str


def fx_chart(chart: FxChart) -> bytes:
    """The chart as PNG, 1000 pixels wide."""
    height = 172 + _ROW * max(1, len(chart.positions)) + 84 + _PANEL * max(1, len(chart.courses)) + 20
    picture = Image.new("RGB", (WIDTH, height), paint.PAPER)
    _line(picture, (MARGIN, 74), chart.title, Style(36, 700), paint.INK, WIDTH - 2 * MARGIN)
    _line(picture, (MARGIN, 110), chart.subtitle, Style(22), paint.MUTED, WIDTH - 2 * MARGIN)
    _draw_legend(picture, 144, chart.legend)
    _draw_positions(picture, 172, chart)
    top = 172 + _ROW * max(1, len(chart.positions))
    _line(picture, (MARGIN, top + 56), chart.courses_title, Style(27, 700), paint.INK, WIDTH - 2 * MARGIN)
    top += 84
    for course in chart.courses:
        _draw_course(picture, top, course)
        top += _PANEL
    if not chart.courses:
        _line(picture, (MARGIN, top + 40), chart.nothing, Style(24), paint.MUTED, WIDTH - 2 * MARGIN)
    return paint.png(picture)


def _line(picture: Image.Image, at: tuple[int, int], text: str, style: Style, colour: Colour, room: int) -> None:
    fonts.draw(picture, at, fonts.cut(text, style, room), style, colour)


def _draw_legend(picture: Image.Image, level: int, legend: tuple[str, str]) -> None:
    pen, left = ImageDraw.Draw(picture), MARGIN
    for colour, word in zip((_LONG, _LIGHT[_LONG]), legend, strict=True):
        pen.rounded_rectangle((left, level - 15, left + 22, level), 4, colour)
        word = fonts.cut(word, Style(19), 380)
        fonts.draw(picture, (left + 30, level), word, Style(19), paint.MUTED)
        left += 30 + fonts.width(word, Style(19)) + 36


def _draw_positions(picture: Image.Image, top: int, chart: FxChart) -> None:
    """A bar a currency from the middle line: booked in full colour, then locked in a light one."""
    if not chart.positions:
        _line(picture, (MARGIN, top + 40), chart.nothing, Style(24), paint.MUTED, WIDTH - 2 * MARGIN)
        return
    pen = ImageDraw.Draw(picture)
    names = max(fonts.width(fonts.cut(one.name, Style(22, 700), 200), Style(22, 700)) for one in chart.positions)
    amounts = max(fonts.width(fonts.cut(one.amount, Style(21), 300), Style(21)) for one in chart.positions)
    left, right = MARGIN + names + 24, WIDTH - MARGIN - amounts - 24
    middle, reach = (left + right) // 2, (right - left) // 2
    ends = [end for one in chart.positions for end in (one.booked, one.locked, one.booked + one.locked)]
    largest = max(1, *(abs(end) for end in ends))
    for number, one in enumerate(chart.positions):
        level = top + number * _ROW + _ROW // 2
        fonts.draw(picture, (MARGIN, level + 8), fonts.cut(one.name, Style(22, 700), 200), Style(22, 700), paint.INK)
        amount = fonts.cut(one.amount, Style(21), 300)
        fonts.draw(picture, (WIDTH - MARGIN, level + 8), amount, Style(21), paint.INK, "r")
        booked = round(reach * one.booked / largest)
        # What is locked goes on where booked ends when both are on one side, else it starts from the middle.
        start = booked if one.booked * one.locked > 0 else 0
        _draw_bar(pen, middle, 0, booked, level, one.booked)
        _draw_bar(pen, middle, start, start + round(reach * one.locked / largest), level, one.locked, light=True)
    bottom = top + len(chart.positions) * _ROW
    pen.line((middle, top + 4, middle, bottom - 4), fill=paint.MUTED, width=2)
    if 0 < chart.limit <= largest:
        for side in (-1, 1):
            at = middle + side * round(reach * chart.limit / largest)
            for dot in range(top + 4, bottom - 4, 10):
                pen.line((at, dot, at, min(dot + 5, bottom - 4)), fill=paint.CORAL, width=2)


def _draw_bar(
    pen: ImageDraw.ImageDraw, middle: int, start: int, end: int, level: int, value: int, *, light: bool = False
) -> None:
    if not value:
        return
    colour = _LONG if value > 0 else _SHORT
    left, right = sorted((middle + start, middle + end))
    half = 9 if light else 14
    pen.rectangle((left, level - half, max(right, left + 2), level + half), fill=_LIGHT[colour] if light else colour)


def _draw_course(picture: Image.Image, top: int, course: Course) -> None:
    """One panel: name and last rate above, the line between its lowest and highest, first and last day below."""
    pen = ImageDraw.Draw(picture)
    fonts.draw(picture, (MARGIN, top + 22), fonts.cut(course.name, Style(22, 700), 560), Style(22, 700), paint.TEAL)
    fonts.draw(picture, (WIDTH - MARGIN, top + 22), fonts.cut(course.latest, Style(24, 700), 300), Style(24, 700),
               paint.INK, "r")  # fmt: skip
    gutter = max(fonts.width(text, Style(17)) for text in (course.high, course.low)) + 14
    left, right, base = MARGIN, WIDTH - MARGIN - gutter, top + 40 + _LINE
    for level, text in ((base - _LINE, course.high), (base, course.low)):
        for dot in range(left, right, 10):
            pen.line((dot, level, min(dot + 4, right), level), fill=paint.LINE, width=2)
        fonts.draw(picture, (WIDTH - MARGIN, level + 6), text, Style(17), paint.MUTED, "r")
    low, high = min(course.points), max(course.points)
    span, pitch = (high - low) or 1.0, (right - left) / max(1, len(course.points) - 1)
    dots = [(left + n * pitch, base - _LINE * (point - low) / span) for n, point in enumerate(course.points)]
    for one, other in pairwise(dots):
        pen.line((*one, *other), fill=paint.TEAL, width=4)
    fonts.draw(picture, (left, base + 26), course.first_day, Style(17), paint.MUTED)
    fonts.draw(picture, (right, base + 26), course.last_day, Style(17), paint.MUTED, "r")
