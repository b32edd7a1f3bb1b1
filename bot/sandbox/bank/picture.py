"""From the pixels of a picture to the texts of the QR codes in it. Guards against bombs; decides nothing."""

import io
from collections.abc import Iterator

import zxingcpp
from PIL import Image, ImageOps

from bot.sandbox.bank.codes import decode_bytes

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 25_000_000
MAX_SIDE = 1600  # a phone's camera gives more than a decoder needs


class NotAPicture(Exception):
    """The bytes are no JPEG, PNG or WebP that could be opened, or more pixels than the bank looks at."""


def codes_in(data: bytes) -> list[str]:
    """The distinct texts of the QR codes found, best attempt first. CPU work: call it in a thread."""
    picture = _open(data)
    for attempt, binarizer in _attempts(picture):
        found = zxingcpp.read_barcodes(
            attempt, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), binarizer=binarizer
        )
        if found:
            return list(dict.fromkeys(decode_bytes(bytes(code.bytes)) for code in found))
    return []


def _open(data: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
        if picture.width * picture.height > MAX_PIXELS:
            raise NotAPicture("too many pixels")
        shrink = max(1.0, max(picture.size) / MAX_SIDE)
        picture.draft("L", (int(picture.width / shrink), int(picture.height / shrink)))  # a JPEG is decoded smaller
        turned = ImageOps.exif_transpose(picture)
        if turned.mode in ("RGBA", "LA", "P"):  # a code on a transparent ground is meant for paper
            turned = Image.alpha_composite(Image.new("RGBA", turned.size, "white"), turned.convert("RGBA"))
        grey = turned.convert("L")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, SyntaxError, ValueError) as fault:
        raise NotAPicture(type(fault).__name__) from None
    grey.thumbnail((MAX_SIDE, MAX_SIDE))
    return grey


def _attempts(picture: Image.Image) -> Iterator[tuple[Image.Image, zxingcpp.Binarizer]]:
    """Cheapest first; the later ones help with uneven light and with small codes without a margin."""
    yield picture, zxingcpp.Binarizer.LocalAverage
    yield picture, zxingcpp.Binarizer.GlobalHistogram
    framed = ImageOps.expand(picture, border=40, fill="white")
    if max(picture.size) <= 900:
        framed = framed.resize((framed.width * 2, framed.height * 2), Image.Resampling.BICUBIC)
    yield framed, zxingcpp.Binarizer.LocalAverage
