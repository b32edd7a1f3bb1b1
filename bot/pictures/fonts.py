"""Text on pictures: Noto Sans for Latin, Greek and Cyrillic, Noto Sans CJK for Chinese, chosen glyph by glyph.

Both fonts come with our dependencies (OFL) and are mapped, not read: the 32 MB of CJK cost what is really drawn.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bot.pictures.cmap import Coverage, coverage

Colour = tuple[int, int, int]

LATIN = "latin"
CJK = "cjk"
FILES = {
    LATIN: (Path(str(files("fontpkg_noto_sans"))) / "files" / "NotoSans[wdth,wght].ttf", 0),
    CJK: (Path(str(files("manimgx_fonts_cjk"))) / "NotoSansCJK-VF.otf.ttc", 2),  # face 2: simplified Chinese forms
}
_MISSING = "\N{WHITE SQUARE}"
"""Shown for a character neither font has: a visible defect, so that somebody reports it."""
_ELLIPSIS = "…"


@dataclass(frozen=True)
class Style:
    """Size in pixels (em) and weight (400 regular, 600 semibold, 700 bold)."""

    size: int
    weight: int = 400


@lru_cache(maxsize=1024)
def clean(text: str) -> str:
    """``text`` as it may be drawn: composed, on one line, without control, bidi, joining or variation characters.

    Bidi controls are how "exe.gpj" is made to read "jpg.exe": a name on a payment card reads in the order it is stored.
    """
    composed = unicodedata.normalize("NFC", text)
    kept = (" " if char.isspace() else char for char in composed if char.isspace() or not _invisible(char))
    return " ".join("".join(kept).split())


def missing(text: str) -> set[str]:
    """The characters of ``text`` that neither font can show; each is drawn as a square. Empty is right."""
    return {char for char in clean(text) if font_of(char) is None}


def width(text: str, style: Style) -> int:
    """Pixels this line takes."""
    return _width(clean(text), style)


def draw(picture: Image.Image, at: tuple[int, int], text: str, style: Style, colour: Colour, anchor: str = "l") -> int:
    """Draw one line; ``at`` is the left ("l"), middle ("m") or right ("r") of its baseline. Returns its width."""
    if not (line := clean(text)):
        return 0
    taken = _width(line, style)
    if (ink := _ink(line, style)) is not None:
        mask, right, down = ink
        left = at[0] - {"l": 0, "m": taken // 2, "r": taken}[anchor]
        picture.paste(colour, (left + right, at[1] + down), mask)
    return taken


def cut(text: str, style: Style, room: int) -> str:
    """``text``, shortened with an ellipsis when it is wider than ``room`` pixels."""
    line = clean(text)
    if width(line, style) <= room:
        return line
    low, high = 0, len(line)
    while low < high:  # the longest beginning that still leaves room for the ellipsis
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(line[:middle].rstrip() + _ELLIPSIS, style) <= room else (low, middle - 1)
    return line[:low].rstrip() + _ELLIPSIS


def fit(text: str, style: Style, room: int, smallest: int) -> tuple[str, Style]:
    """The line and the largest style down to ``smallest`` pixels that stays within ``room``; then it is cut."""
    line = clean(text)
    taken = width(line, style)
    if taken > room:
        style = replace(style, size=max(smallest, style.size * room // taken))
    return cut(line, style, room), style


def wrap(text: str, style: Style, room: int, lines: int) -> list[str]:
    """At most ``lines`` lines within ``room`` pixels, the last one cut. Breaks at spaces, and anywhere in Chinese."""
    rest = clean(text)
    done: list[str] = []
    while rest and len(done) < lines - 1 and width(rest, style) > room:
        head = _first_line(rest, style, room)
        done.append(head.rstrip())
        rest = rest[len(head) :].lstrip()
    return [*done, cut(rest, style, room)] if rest else done


def _first_line(text: str, style: Style, room: int) -> str:
    """The longest beginning that fits and ends where a line may break; at least one character."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(text[:middle].rstrip(), style) <= room else (low, middle - 1)
    for end in range(low, 0, -1):
        if text[end - 1] == " " or text[end : end + 1] == " " or _breakable(text[end - 1], text[end : end + 1]):
            return text[:end]
    return text[:low]


def _breakable(before: str, after: str) -> bool:
    """Between two characters, one of them Chinese, unless punctuation there belongs to its neighbour."""
    wide = any(unicodedata.east_asian_width(char) in "WF" for char in (before, after) if char)
    opens = unicodedata.category(before) in ("Ps", "Pi")
    return wide and not opens and not unicodedata.category(after or " ").startswith("P")


def _invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") or 0xFE00 <= ord(char) <= 0xFE0F


@lru_cache(maxsize=2)
def _coverage(name: str) -> Coverage:
    return coverage(*FILES[name])


@lru_cache(maxsize=8192)
def font_of(char: str) -> str | None:
    """Which font shows a character; None when neither can."""
    return next((name for name in (LATIN, CJK) if _coverage(name).has(char)), None)


@lru_cache(maxsize=64)
def _font(name: str, style: Style) -> ImageFont.FreeTypeFont:
    path, face = FILES[name]
    font = ImageFont.truetype(path, style.size, index=face, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([style.weight, 100] if name == LATIN else [style.weight])
    return font


@lru_cache(maxsize=4096)
def _glyph(char: str, style: Style) -> tuple[Image.Image | None, int, int, float]:
    """A character's mask (None for a blank), where it goes from the pen (right, down), and how far the pen moves on."""
    name = font_of(char)
    shown = char if name else _MISSING
    font = _font(name or CJK, style)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(shown, anchor="ls"))
    if right <= left or bottom <= top:
        return None, 0, 0, font.getlength(shown)
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).text((-left, -top), shown, fill=255, font=font, anchor="ls")
    return mask, left, top, font.getlength(shown)


@lru_cache(maxsize=2048)
def _width(line: str, style: Style) -> int:
    return math.ceil(sum(_glyph(char, style)[3] for char in line))


@lru_cache(maxsize=512)
def _ink(line: str, style: Style) -> tuple[Image.Image, int, int] | None:
    """A line's mask, no larger than its ink, and where it goes from the pen (right, down); None for blanks alone.

    Set glyph by glyph: amounts and dates are new on every card, but made of the same digits. Kept, because lines recur.
    """
    placed: list[tuple[Image.Image, int, int]] = []
    pen = 0.0
    for char in line:
        mask, right, down, advance = _glyph(char, style)
        if mask is not None:
            placed.append((mask, round(pen) + right, down))
        pen += advance
    if not placed:
        return None
    left, top = min(right for _, right, _ in placed), min(down for _, _, down in placed)
    wide = max(right + mask.width for mask, right, _ in placed) - left
    tall = max(down + mask.height for mask, _, down in placed) - top
    ink = Image.new("L", (wide, tall))
    for mask, right, down in placed:
        ink.paste(255, (right - left, down - top), mask)
    return ink, left, top
