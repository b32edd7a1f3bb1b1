"""The payment card a shopper gets, and the receipt it turns into."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from bot.pictures import fonts, paint, product, qrfast
from bot.pictures.fonts import Colour, Style

WIDTH, HEIGHT = 720, 1008
MARGIN = 48
QR_ROOM = 480
"""Pixels the QR may take, quiet zone included: most codes have 49 to 60 modules, of eight pixels each."""

_HEADER = 104
_PANEL = (MARGIN, 312, WIDTH - MARGIN, 840)
_THUMB = 152
_BLOCK = 8  # pixels: a block of JPEG


@dataclass(frozen=True)
class Row:
    """One fact under the code: a label and its value, both translated and formatted; ``urgent`` ones stand out."""

    label: str
    value: str
    urgent: bool = False


@dataclass(frozen=True)
class PaymentCard:
    """What to draw on a payment card. Texts are ready to read; ``payload`` is the content of the QR, whole."""

    payload: str
    shop: str
    method: str
    title: str
    """The line above the amount, such as "To pay for order S-1042"."""
    amount: str
    items: str
    hint: str
    """The line under the code, such as "Scan with your bank's app"."""
    rows: tuple[Row, ...]
    """Payee, reference, deadline; at most four are drawn."""
    photo: bytes | None = None
    """A clean product photo (product.normalise) or its small_photo, or none."""
    mark: str = ""
    """A few letters behind the hint by which the code is told from others."""


@dataclass(frozen=True)
class Receipt:
    """What to draw on a receipt: the card's texts again, and in place of the code the word of its stamp."""

    shop: str
    method: str
    title: str
    amount: str
    items: str
    stamp: str
    """What the stamp says, such as "PAID"."""
    note: str
    """The line under the stamp, such as when the payment arrived."""
    rows: tuple[Row, ...]
    photo: bytes | None = None
    good: bool = True
    """False for what takes the card's place when its order ended unpaid: a cross in grey, and no code either."""


def payment_card(card: PaymentCard) -> bytes:
    """The card as JPEG, 720 x 1008. Raises qrfast.TooLong when no legible code holds the payload, and BadPhoto."""
    picture = _frame(card, paint.TEAL)
    _draw_code(picture, card.payload)
    _draw_hint(picture, card.hint, card.mark)
    return paint.jpeg(picture)


def small_photo(photo: bytes) -> bytes:
    """All that a card shows of a photo, as PNG: the card is the same with it. Raises BadPhoto."""
    out = io.BytesIO()
    product.thumbnail(photo, _THUMB).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _draw_hint(picture: Image.Image, hint: str, mark: str) -> None:
    """The hint and the mark, drawn apart: the hint is the same on every card, and kept."""
    strong, level = Style(22, 600), _PANEL[3] - 20
    room = fonts.width(mark, strong) + 8 if mark else 0
    text, style = fonts.fit(hint, Style(22), _PANEL[2] - _PANEL[0] - 60 - room, 16)
    end = (WIDTH + fonts.width(text, style) - room) // 2
    fonts.draw(picture, (end, level), text, style, paint.MUTED, "r")
    if mark:
        fonts.draw(picture, (end + room, level), mark, strong, paint.INK, "r")


def receipt(slip: Receipt) -> bytes:
    """The receipt as JPEG, 720 x 1008, without a code: nothing on it can be paid again. Raises BadPhoto."""
    colour = paint.GREEN if slip.good else paint.MUTED
    picture = _frame(slip, colour)
    disc, sign = paint.marked_circle(220, slip.good)
    corner = ((WIDTH - disc.width) // 2, _PANEL[1] + 40)
    picture.paste(colour, corner, disc)
    picture.paste(paint.WHITE, corner, sign)
    _draw_stamp(picture, slip.stamp, _PANEL[1] + 356, colour)
    text, style = fonts.fit(slip.note, Style(24), _PANEL[2] - _PANEL[0] - 60, 16)
    fonts.draw(picture, (WIDTH // 2, _PANEL[3] - 48), text, style, paint.MUTED, "m")
    return paint.jpeg(picture)


def _frame(card: PaymentCard | Receipt, colour: Colour) -> Image.Image:
    """Everything but what is on the panel."""
    picture = _ground(colour).copy()
    pill = fonts.cut(card.method, Style(21, 600), 260)
    taken = fonts.width(pill, Style(21, 600))
    fonts.draw(picture, (WIDTH - MARGIN, 62), pill, Style(21, 600), paint.SAND, "r")
    name, style = fonts.fit(card.shop, Style(34, 700), WIDTH - 2 * MARGIN - 72 - taken - 32, 24)
    fonts.draw(picture, (MARGIN + 72, 64), name, style, paint.WHITE)
    room = WIDTH - 2 * MARGIN
    if card.photo:
        picture.paste(_thumb(card.photo), (WIDTH - MARGIN - _THUMB, 134))
        room -= _THUMB + 28
    fonts.draw(picture, (MARGIN, 156), fonts.cut(card.title, Style(22), room), Style(22), paint.MUTED)
    amount, style = fonts.fit(card.amount, Style(68, 700), room, 30)
    fonts.draw(picture, (MARGIN, 222), amount, style, paint.INK)
    for number, line in enumerate(fonts.wrap(card.items, Style(21), room, 2)):
        fonts.draw(picture, (MARGIN, 262 + 28 * number), line, Style(21), paint.INK)
    _draw_rows(picture, card.rows[:4])
    return picture


def _draw_rows(picture: Image.Image, rows: tuple[Row, ...]) -> None:
    pitch = 39 if len(rows) < 4 else 33
    top = 896 if len(rows) < 4 else 884
    for number, row in enumerate(rows):
        level = top + pitch * number
        label = fonts.cut(row.label, Style(21), 250)
        fonts.draw(picture, (MARGIN, level), label, Style(21), paint.MUTED)
        room = WIDTH - 2 * MARGIN - fonts.width(label, Style(21)) - 24
        value, style = fonts.fit(row.value, Style(24, 600), room, 16)
        colour = paint.CORAL if row.urgent else paint.INK
        fonts.draw(picture, (WIDTH - MARGIN, level), value, style, colour, "r")


def _draw_code(picture: Image.Image, payload: str) -> None:
    """Whole pixels a module, black on white, never blended: the one part of the card that machines read."""
    symbol = qrfast.matrix(payload)
    scale = _scale(symbol.side + 2 * qrfast.QUIET_ZONE)
    modules, rows = qrfast.raster(symbol, 1, border=0)  # the quiet zone is the panel's white
    small = Image.frombytes("1", (modules, modules), b"".join(rows)).convert("RGB")
    side = modules * scale
    code = small.resize((side, side), Image.Resampling.NEAREST)
    left, top = (WIDTH - side) // 2, _PANEL[1] + 8 + (QR_ROOM - side) // 2
    picture.paste(code, (left - left % _BLOCK, top - top % _BLOCK))


def _scale(modules: int) -> int:
    """Pixels a module. Where it costs at most a quarter of the size, modules fill JPEG's blocks of eight by eight.

    A block of one colour stays one colour however often it is packed anew (Telegram does), and packs to almost nothing:
    the card has 54 KB instead of 127.
    """
    scale = QR_ROOM // modules
    if scale < 3:
        raise qrfast.TooLong("modules under three pixels do not survive a phone's screen and camera")
    whole = scale - scale % _BLOCK
    return whole if 4 * whole >= 3 * scale else scale


def _draw_stamp(picture: Image.Image, word: str, middle: int, colour: Colour) -> None:
    stamp = _stamp(word)
    picture.paste(colour, ((WIDTH - stamp.width) // 2, middle - stamp.height // 2), stamp)


@lru_cache(maxsize=16)
def _stamp(word: str) -> Image.Image:
    """The mask of a rubber stamp: the word in a double frame, a little askew."""
    text, style = fonts.fit(word, Style(58, 700), 420, 24)
    size = (fonts.width(text, style) + 84, 116)
    flat = Image.new("RGB", size)
    pen = ImageDraw.Draw(flat)
    pen.rounded_rectangle((2, 2, size[0] - 3, size[1] - 3), 18, outline=paint.WHITE, width=6)
    pen.rounded_rectangle((13, 13, size[0] - 14, size[1] - 14), 10, outline=paint.WHITE, width=2)
    fonts.draw(flat, (size[0] // 2, 58 + style.size * 37 // 100), text, style, paint.WHITE, "m")
    return flat.convert("L").rotate(6, Image.Resampling.BICUBIC, expand=True)


@lru_cache(maxsize=32)
def _thumb(photo: bytes) -> Image.Image:
    """The photo as a small square with round corners on paper. Kept, because a product is sold more than once."""
    ground = Image.new("RGB", (_THUMB, _THUMB), paint.PAPER)
    ground.paste(product.thumbnail(photo, _THUMB), (0, 0), paint.rounded(ground.size, 22))
    return ground


@lru_cache(maxsize=4)
def _ground(colour: Colour) -> Image.Image:
    """The parts no order changes, drawn once: paper, header with our mark, and the white panel."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), paint.PAPER)
    picture.paste(colour, (0, 0, WIDTH, _HEADER))
    mark = paint.boat(52)
    picture.paste(paint.WHITE, (MARGIN, (_HEADER - mark.height) // 2 - 2), mark)
    size = (_PANEL[2] - _PANEL[0], _PANEL[3] - _PANEL[1])
    edge = paint.rounded((size[0] + 2, size[1] + 2), 29)
    picture.paste(paint.LINE, (_PANEL[0] - 1, _PANEL[1] - 1), edge)
    picture.paste(paint.WHITE, _PANEL[:2], paint.rounded(size, 28))
    return picture
