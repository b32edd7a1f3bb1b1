"""One small TrueType font for a document: just the characters it needs, from both fonts, in one weight.

The Chinese font is a variable CFF2 of 32 MB: a PDF can hold neither variations nor CFF2. The few outlines that are
needed are drawn at their weight, turned into quadratic curves and put together with the Latin ones.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from bot.pictures.fonts import CJK, FILES, LATIN, clean, font_of

EM = 1000  # units, of both fonts
_EPOCH = 2_082_844_800  # 1970 in the seconds since 1904 that TrueType counts in
_ERROR = 1.0  # units that a quadratic curve may leave a cubic one
_SQUARE = "\N{WHITE SQUARE}"  # for what neither font has: a visible defect, as on pictures


def font_for(text: str, weight: int) -> bytes:
    """A TrueType file with the characters of `text`, at a weight of 400 to 700."""
    characters = sorted({*clean(text), " ", _SQUARE})
    glyphs: dict[str, Any] = {".notdef": TTGlyphPen(None).glyph()}
    widths = {".notdef": (EM // 2, 0)}
    codes = {}
    for character in characters:
        name = f"u{ord(character):05X}"
        glyphs[name], width = _outline(character, weight)
        widths[name] = (width, getattr(glyphs[name], "xMin", 0))  # the bearing: else glyphs are moved
        codes[ord(character)] = name
    built = FontBuilder(EM, isTTF=True)
    built.updateHead(created=_EPOCH, modified=_EPOCH)  # the same characters are the same file
    built.setupGlyphOrder(list(glyphs))
    built.setupCharacterMap(codes)
    built.setupGlyf(glyphs)
    built.setupHorizontalMetrics(widths)
    built.setupHorizontalHeader(ascent=880, descent=-120)
    built.setupNameTable({"familyName": f"Statement{weight}", "styleName": "Regular"})
    built.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWeightClass=weight)
    built.setupPost()
    file = BytesIO()
    built.save(file)
    return file.getvalue()


@lru_cache(maxsize=2)
def _opened(name: str) -> TTFont:
    path, face = FILES[name]
    return TTFont(path, fontNumber=face, lazy=True)


@lru_cache(maxsize=4)
def _set_at(name: str, weight: int) -> tuple[Any, dict[int, str]]:
    font = _opened(name)
    place = {"wght": weight, "wdth": 100} if name == LATIN else {"wght": weight}
    return font.getGlyphSet(location=place), font.getBestCmap()


@lru_cache(maxsize=4096)
def _outline(character: str, weight: int) -> tuple[Any, int]:
    """A glyph in quadratic curves, and how far the pen moves on after it."""
    name = font_of(character)
    glyphs, codes = _set_at(name or CJK, weight)
    glyph = glyphs[codes[ord(character if name else _SQUARE)]]
    drawn = DecomposingRecordingPen(glyphs)
    glyph.draw(drawn)
    pen = TTGlyphPen(None)
    # Cubic outlines run against the clock, quadratic ones with it.
    drawn.replay(Cu2QuPen(pen, _ERROR, reverse_direction=name != LATIN))
    made = pen.glyph()
    made.recalcBounds(None)
    return made, round(glyph.width)
