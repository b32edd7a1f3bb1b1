"""From the pixels of somebody's picture to the bytes of the QR codes in it. Guards against bombs; judges no content."""

from __future__ import annotations

import io
import signal
import threading
import warnings
from collections.abc import Callable, Iterator

import zxingcpp
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from bot.pictures.product import FORMATS, MOST_BYTES, BadPhoto, PhotoFault, is_vast

LONGEST_SIDE = 1600
"""Pixels: a camera gives many more than a decoder needs, and every one of them costs time."""
MOST_SECONDS = 4.0
MOST_CODES = 8
"""A picture full of codes is nobody's bill: the rest of them is left unread."""

_SMALL = 900
_MARGIN = 40
_LOCAL, _GLOBAL = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram


def read_codes(data: bytes) -> list[bytes]:
    """The distinct contents of all QR codes in a picture; an empty list when none is legible. CPU work.

    Bytes, not text: a checksum covers bytes, and two readers may see two texts in them. Raises BadPhoto for what is
    empty, damaged, no JPEG, PNG or WEBP, over 20 MiB or `is_vast`, judged before a pixel is decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = _grey(data)
    except BadPhoto:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPhoto(PhotoFault.TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise BadPhoto(PhotoFault.NOT_A_PHOTO) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow's decoders raise on broken data
        raise BadPhoto(PhotoFault.DAMAGED) from error
    # Both binarisers always: of two codes in a picture, one may show to one of them alone.
    found = dict.fromkeys(_read(picture, _LOCAL) + _read(picture, _GLOBAL))
    if not found:
        found = next((dict.fromkeys(codes) for codes in _harder(picture) if codes), {})
    return list(found)[:MOST_CODES]


def read_codes_or_die(data: bytes, seconds: float = MOST_SECONDS) -> list[bytes]:
    """As `read_codes`, in a process of its own, which is ended when it takes longer than so many seconds.

    In a thread beside others (the demo's) it takes what it takes.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        return read_codes(data)
    # No handler: the kernel ends the process, even inside a decoder that never comes back to the interpreter.
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return read_codes(data)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _grey(data: bytes) -> Image.Image:
    if not data:
        raise BadPhoto(PhotoFault.EMPTY)
    if len(data) > MOST_BYTES:
        raise BadPhoto(PhotoFault.TOO_LARGE)
    with Image.open(io.BytesIO(data), formats=FORMATS) as file:
        if is_vast(file):
            raise BadPhoto(PhotoFault.TOO_LARGE)
        shrink = LONGEST_SIDE / max(file.size)
        if shrink < 1:  # draft wants the picture's own proportions, or it does nothing
            file.draft("L", (round(file.width * shrink), round(file.height * shrink)))
        file.load()
        picture = _on_white(ImageOps.exif_transpose(file)).convert("L")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    """A code on a transparent ground is meant for paper."""
    if picture.mode not in ("RGBA", "LA", "PA") and "transparency" not in picture.info:
        return picture
    seen = picture.convert("RGBA")
    ground = Image.new("RGBA", seen.size, "white")
    ground.alpha_composite(seen)
    return ground


def _read(picture: Image.Image, binarizer: zxingcpp.Binarizer) -> list[bytes]:
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [bytes(one.bytes) for one in zxingcpp.read_barcodes(picture, formats=formats, binarizer=binarizer)]


def _harder(picture: Image.Image) -> Iterator[list[bytes]]:
    """What the codes of a bad photo may still give, the cheap attempts first."""
    attempts: list[Callable[[], Image.Image]] = [
        lambda: picture.filter(ImageFilter.BoxBlur(1.5)),  # noise
        lambda: picture.filter(ImageFilter.UnsharpMask(4, 400, 0)),  # blur
        lambda: ImageOps.expand(picture, border=_MARGIN, fill="white"),  # cut off without the margin that a code needs
    ]
    if max(picture.size) <= _SMALL:
        twice = (picture.width * 2, picture.height * 2)
        attempts.append(lambda: picture.resize(twice, Image.Resampling.BICUBIC))  # few pixels a module
    for attempt in attempts:
        yield _read(attempt(), _LOCAL)
