"""Which characters a font file can show, read from its cmap table (OpenType 1.9, "cmap"): Pillow cannot say."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_UNICODE = {(3, 10): 0, (0, 6): 1, (0, 4): 2, (3, 1): 3, (0, 3): 4}
"""(platform, encoding) of Unicode subtables, the fullest first."""


@dataclass(frozen=True)
class Coverage:
    """Ranges of code points, sorted: ``starts[i]`` to ``ends[i]``, both included."""

    starts: array[int]
    ends: array[int]

    def has(self, char: str) -> bool:
        """Whether the font maps this one character to a glyph."""
        at = bisect_right(self.starts, ord(char)) - 1
        return at >= 0 and ord(char) <= self.ends[at]


def coverage(path: Path, index: int = 0) -> Coverage:
    """Read the coverage of face ``index``. Only the tables needed are read: a CJK file has 30 MB of others.

    Raises ValueError for a font without a Unicode table this reader knows (formats 4 and 12).
    """
    with path.open("rb") as file:
        return _read(file, index)


def _unpack(file: BinaryIO, at: int, form: str) -> tuple[int, ...]:
    file.seek(at)
    return struct.unpack(f">{form}", file.read(struct.calcsize(f">{form}")))


def _read(file: BinaryIO, index: int) -> Coverage:
    face = 0
    if _unpack(file, 0, "I")[0] == 0x74746366:  # "ttcf": a collection of faces
        (face,) = _unpack(file, 12 + 4 * index, "I")
    (tables,) = _unpack(file, face + 4, "H")
    directory = [_unpack(file, face + 12 + 16 * number, "4I") for number in range(tables)]
    cmap = next(offset for tag, _, offset, _ in directory if tag == 0x636D6170)
    (count,) = _unpack(file, cmap + 2, "H")
    records = [_unpack(file, cmap + 4 + 8 * number, "HHI") for number in range(count)]
    known = [(_UNICODE.get((platform, encoding)), offset) for platform, encoding, offset in records]
    for _, offset in sorted((rank, offset) for rank, offset in known if rank is not None):
        (form,) = _unpack(file, cmap + offset, "H")
        if form == 12:
            return _format_12(file, cmap + offset)
        if form == 4:
            return _format_4(file, cmap + offset)
    raise ValueError("the font has no Unicode table of format 4 or 12")


def _format_12(file: BinaryIO, at: int) -> Coverage:
    (groups,) = _unpack(file, at + 12, "I")
    numbers = _unpack(file, at + 16, f"{groups * 3}I")
    return Coverage(array("I", numbers[0::3]), array("I", numbers[1::3]))


def _format_4(file: BinaryIO, at: int) -> Coverage:
    """Whole segments count as covered; the last one (FFFF) maps to nothing."""
    (double,) = _unpack(file, at + 6, "H")
    half = double // 2
    ends = _unpack(file, at + 14, f"{half}H")
    starts = _unpack(file, at + 16 + double, f"{half}H")
    return Coverage(array("I", starts[:-1]), array("I", ends[:-1]))
