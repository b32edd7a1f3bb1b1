"""A drawing surface for flat illustrations: curves, clipped patterns and soft shadows on a 100 x 100 grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PIL import Image, ImageDraw, ImageFilter

from bot.pictures.fonts import Colour

SHADE: Colour = (58, 46, 44)
CREAM: Colour = (250, 244, 232)
WOOD: Colour = (176, 124, 82)

Point = tuple[float, float]
Shape = Sequence[Point]

SIDE = 800
"""Pixels of the finished picture; it is drawn twice as large and shrunk for soft edges."""
_DRAWN = SIDE * 2
_UNIT = _DRAWN / 100


class Easel:
    """One picture in the making. Shapes are lists of points; x goes right, y goes down, both 0 to 100."""

    def __init__(self, wall: Colour, table: Colour, horizon: float = 70) -> None:
        self._picture = Image.new("RGB", (_DRAWN, _DRAWN), wall)
        self._pen = ImageDraw.Draw(self._picture)
        self.fill(box(0, horizon, 100, 101), table)

    def fill(self, shape: Shape, colour: Colour) -> None:
        """Paint the inside of a shape."""
        self._pen.polygon(_scaled(shape), fill=colour)

    def stroke(self, path: Shape, colour: Colour, width: float) -> None:
        """Draw along a path with round joints and ends."""
        points, wide = _scaled(path), max(1, round(width * _UNIT))
        self._pen.line(points, fill=colour, width=wide, joint="curve")
        for x, y in (points[0], points[-1]):
            self._pen.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=colour)

    def shadow(self, *shapes: Shape, colour: Colour = SHADE, soft: float = 1.6, strength: float = 0.5) -> None:
        """Lay blurred shapes on the picture. Blurred small and enlarged: nobody sees the difference."""
        small = Image.new("L", (_DRAWN // 8, _DRAWN // 8))
        for shape in shapes:
            ImageDraw.Draw(small).polygon([(x / 8, y / 8) for x, y in _scaled(shape)], fill=round(255 * strength))
        blurred = small.filter(ImageFilter.GaussianBlur(soft * _UNIT / 8))
        self._picture.paste(colour, (0, 0), blurred.resize((_DRAWN, _DRAWN), Image.Resampling.BILINEAR))

    def glow(self, shape: Shape, colour: Colour, soft: float = 6, strength: float = 0.6) -> None:
        """A shadow of light."""
        self.shadow(shape, colour=colour, soft=soft, strength=strength)

    @contextmanager
    def inside(self, shape: Shape) -> Iterator[None]:
        """Whatever is drawn in this block shows only within ``shape``."""
        kept = self._picture
        self._picture = kept.copy()
        self._pen = ImageDraw.Draw(self._picture)
        yield
        mask = Image.new("1", kept.size)
        ImageDraw.Draw(mask).polygon(_scaled(shape), fill=1)
        kept.paste(self._picture, (0, 0), mask)
        self._picture = kept
        self._pen = ImageDraw.Draw(kept)

    def finished(self) -> Image.Image:
        """The picture at its final size."""
        return self._picture.reduce(2)


def _scaled(shape: Shape) -> list[Point]:
    return [(x * _UNIT, y * _UNIT) for x, y in shape]


def box(left: float, top: float, right: float, bottom: float, radius: float = 0) -> list[Point]:
    """A rectangle, its corners round."""
    if not radius:
        return [(left, top), (right, top), (right, bottom), (left, bottom)]
    corners = (
        (right - radius, top + radius, -90),
        (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90),
        (left + radius, top + radius, 180),
    )
    return [
        (x + radius * math.cos(math.radians(start + turn)), y + radius * math.sin(math.radians(start + turn)))
        for x, y, start in corners
        for turn in range(0, 91, 9)
    ]


def oval(x: float, y: float, wide: float, tall: float, start: float = 0, end: float = 360) -> list[Point]:
    """An ellipse around (x, y) with these half-axes, or its arc between two angles (0 is right, 90 is down)."""
    steps = max(12, round(abs(end - start) / 4))
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + wide * math.cos(angle), y + tall * math.sin(angle)) for angle in angles]


def bend(*points: Point) -> list[Point]:
    """A smooth open curve through the points (Catmull-Rom)."""
    return _through([points[0], *points, points[-1]])


def blob(*points: Point) -> list[Point]:
    """A smooth closed shape through the points."""
    return _through([points[-1], *points, *points[:2]])


def _through(points: Sequence[Point]) -> list[Point]:
    path = []
    for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False):
        for step in range(12):
            path.append((_spline(step / 12, a[0], b[0], c[0], d[0]), _spline(step / 12, a[1], b[1], c[1], d[1])))
    return [*path, points[-2]]


def _spline(t: float, before: float, start: float, end: float, after: float) -> float:
    """One axis of a Catmull-Rom curve between start (t = 0) and end (t = 1)."""
    curve = (2 * before - 5 * start + 4 * end - after) * t + (3 * start - before - 3 * end + after) * t * t
    return start + t * (end - before + curve) / 2


def turned(shape: Shape, angle: float, around: Point) -> list[Point]:
    """The shape turned clockwise by so many degrees."""
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    x, y = around
    return [(x + (px - x) * cosine - (py - y) * sine, y + (px - x) * sine + (py - y) * cosine) for px, py in shape]


def tint(colour: Colour, by: float) -> Colour:
    """Lighter (towards white, by > 0) or darker (towards black, by < 0)."""
    goal = 255 if by > 0 else 0
    red, green, blue = (round(part + (goal - part) * abs(by)) for part in colour)
    return red, green, blue


def leaf(easel: Easel, x: float, y: float, size: float, turn: float, colour: Colour) -> None:
    """A leaf whose stem is at (x, y), pointing up and then turned."""
    half = size * 0.24
    shape = blob((x, y), (x - half, y - size * 0.45), (x, y - size), (x + half, y - size * 0.45))
    easel.fill(turned(shape, turn, (x, y)), colour)
    easel.stroke(turned([(x, y), (x, y - size * 0.8)], turn, (x, y)), tint(colour, 0.35), 0.35)
