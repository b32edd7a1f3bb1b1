"""Colours and shapes that the pictures share. Smooth edges are drawn large once, shrunk and kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageDraw

from bot.pictures.fonts import Colour

PAPER: Colour = (247, 244, 238)
WHITE: Colour = (255, 255, 255)
INK: Colour = (23, 37, 44)
MUTED: Colour = (110, 121, 126)
LINE: Colour = (226, 221, 211)
TEAL: Colour = (14, 83, 88)
CORAL: Colour = (192, 80, 52)
GREEN: Colour = (31, 138, 91)
SAND: Colour = (236, 222, 196)

_SMOOTH = 4


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    """Telegram re-encodes photos anyway: 4:2:0 at quality 90 is a third of PNG's time and decodes as well."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling="4:2:0")
    return out.getvalue()


def png(picture: Image.Image) -> bytes:
    """A PNG of few colours: for charts, whose thin lines JPEG would blur."""
    out = io.BytesIO()
    picture.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", compress_level=6)
    return out.getvalue()


def smooth_mask(size: tuple[int, int], shape: Callable[[ImageDraw.ImageDraw, int], None]) -> Image.Image:
    """A mask whose ``shape(pen, scale)`` is drawn ``scale`` times larger in white and shrunk: soft edges."""
    large = Image.new("L", (size[0] * _SMOOTH, size[1] * _SMOOTH))
    shape(ImageDraw.Draw(large), _SMOOTH)
    return large.resize(size, Image.Resampling.BOX)


@lru_cache(maxsize=32)
def rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """The mask of a rectangle with round corners."""

    def shape(pen: ImageDraw.ImageDraw, scale: int) -> None:
        box = (0, 0, size[0] * scale - 1, size[1] * scale - 1)
        pen.rounded_rectangle(box, radius * scale, fill=255)

    return smooth_mask(size, shape)


@lru_cache(maxsize=8)
def boat(size: int) -> Image.Image:
    """The mask of our mark: a sampan with its sail on a wave."""

    def shape(pen: ImageDraw.ImageDraw, scale: int) -> None:
        unit = size * scale / 24

        def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
            return [(x * unit, y * unit) for x, y in points]

        pen.polygon(at((11, 2), (11, 14), (3.5, 14), (5.5, 8)), fill=255)
        pen.polygon(at((12.6, 4), (18.2, 9), (19.5, 14), (12.6, 14)), fill=255)
        pen.polygon(at((1.5, 15.6), (22.5, 15.6), (20, 20), (5, 20)), fill=255)
        pen.line(at((4, 22), (20, 22)), fill=255, width=round(unit))

    return smooth_mask((size, size), shape)


@lru_cache(maxsize=4)
def marked_circle(size: int, good: bool) -> tuple[Image.Image, Image.Image]:
    """The masks of a disc and of the check mark (good) or the cross on it."""

    def disc(pen: ImageDraw.ImageDraw, scale: int) -> None:
        pen.ellipse((0, 0, size * scale - 1, size * scale - 1), fill=255)

    def tick(pen: ImageDraw.ImageDraw, scale: int) -> None:
        unit, wide = size * scale / 24, size * scale // 10
        check = [[(7, 12.6), (10.6, 16.2), (17.2, 8.6)]]
        cross = [[(8, 8), (16, 16)], [(16, 8), (8, 16)]]
        for stroke in check if good else cross:
            points = [(x * unit, y * unit) for x, y in stroke]
            pen.line(points, fill=255, width=wide, joint="curve")
            for x, y in (points[0], points[-1]):
                pen.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=255)

    return smooth_mask((size, size), disc), smooth_mask((size, size), tick)
