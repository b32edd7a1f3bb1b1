"""Photos of products: a stranger's upload made safe and clean, and its thumbnail for the cards."""

from __future__ import annotations

import io
import warnings
from enum import StrEnum

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.pictures import paint
from bot.pictures.demo import draw_demo

__all__ = ["BadPhoto", "PhotoFault", "draw_demo", "normalise", "thumbnail"]

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 25_000_000
MOST_SIDE = 16_384
"""Pixels a side; a decoder keeps an address for each row, and 25 million rows of one pixel are 400 MB."""
LONGEST_SIDE = 1280
MOST_BYTES = 20 * 1024 * 1024
"""What the Bot API lets a bot download."""


class PhotoFault(StrEnum):
    """Why a photo is refused."""

    EMPTY = "empty"
    NOT_A_PHOTO = "not-a-photo"
    DAMAGED = "damaged"
    TOO_LARGE = "too-large"


class BadPhoto(ValueError):
    """An upload that is no usable photo; ``fault`` says why."""

    def __init__(self, fault: PhotoFault) -> None:
        super().__init__(f"photo refused: {fault}")
        self.fault = fault


def normalise(upload: bytes) -> bytes:
    """A clean JPEG of the upload: at most 1280 pixels a side, turned as its EXIF says, transparency on white.

    Whatever else the file carried (place, device, comments) is left behind. Raises BadPhoto for an empty or damaged
    file, another format than JPEG, PNG or WEBP, and anything that `is_vast`, judged before decoding.
    """
    try:
        picture = _opened(upload, LONGEST_SIDE)
    except BadPhoto:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow's decoders raise on broken data
        raise BadPhoto(PhotoFault.DAMAGED) from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return paint.jpeg(picture, quality=88)


def thumbnail(photo: bytes, side: int) -> Image.Image:
    """The middle of a clean photo as a square of ``side`` pixels. Raises BadPhoto as normalise does."""
    try:
        picture = _opened(photo, side)
    except BadPhoto:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadPhoto(PhotoFault.DAMAGED) from error
    return ImageOps.fit(picture, (side, side), Image.Resampling.BILINEAR)


def is_vast(picture: Image.Image) -> bool:
    """Whether decoding a picture would cost more than any photo is worth."""
    return picture.width * picture.height > MOST_PIXELS or max(picture.size) > MOST_SIDE


def _opened(data: bytes, wanted: int) -> Image.Image:
    """The decoded, upright RGB picture, decoded at a fraction where JPEG allows and ``wanted`` pixels are left."""
    if not data:
        raise BadPhoto(PhotoFault.EMPTY)
    if len(data) > MOST_BYTES:
        raise BadPhoto(PhotoFault.TOO_LARGE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own bound below is stricter
            file = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise BadPhoto(PhotoFault.TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise BadPhoto(PhotoFault.NOT_A_PHOTO) from error
    with file:
        if is_vast(file):
            raise BadPhoto(PhotoFault.TOO_LARGE)
        shrink = wanted / min(file.size)
        if shrink < 1:  # draft wants the picture's own proportions, or it does nothing
            file.draft("RGB", (round(file.width * shrink), round(file.height * shrink)))
        file.load()
        clean = _flattened(ImageOps.exif_transpose(file))
    clean.info.clear()  # Pillow would write a JPEG's comment, and more, into the next file
    return clean


def _flattened(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        ground = Image.new("RGB", seen.size, paint.WHITE)
        ground.paste(seen, mask=seen.getchannel("A"))
        return ground
    return picture.convert("RGB")
