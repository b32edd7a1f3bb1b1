"""QR codes quickly: the very modules qrcode 8.2 would make with its automatic mask, in a thirtieth of its CPU.

How: all that depends only on version and level is laid out once in a plan (qrplan), from qrcode's own tables. A symbol
is then one big int, row by row with the top left module as its highest bit; a mask is an XOR, and the penalty of
ISO/IEC 18004 7.8.3 is a few dozen shifts, ANDs and bit counts.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from qrcode import base, constants, util

from bot.pictures.qrplan import Plan, plan_of

LEVEL_M: int = constants.ERROR_CORRECT_M
QUIET_ZONE = 4
"""Modules of light margin a reader may count on (ISO/IEC 18004 9.1)."""


class TooLong(ValueError):
    """More data than the largest QR code of this level holds."""


@dataclass(frozen=True)
class Matrix:
    """The modules of a symbol, without its quiet zone."""

    version: int
    side: int
    mask: int
    bits: int
    """Row by row, the top left module highest; 1 is dark."""

    def is_dark(self, row: int, column: int) -> bool:
        """Whether the module at this place (0,0 is top left) is dark."""
        return bool(self.bits >> (self.side * self.side - 1 - row * self.side - column) & 1)


def matrix(data: str | bytes, level: int = LEVEL_M) -> Matrix:
    """The symbol that qrcode makes of ``data`` (text as UTF-8) with automatic version and mask. Raises TooLong."""
    version, bits, length = _segments(data, level)
    plan = plan_of(version, level)
    words = _codewords(plan, bits, length)
    text = f"{int.from_bytes(words, 'big'):0{len(words) * 8}b}01"
    bare = int("".join(plan.place(text)), 2)
    candidates = [bare ^ mask for mask in plan.masks]
    scores = [_penalty(candidate, plan) for candidate in candidates]
    best = scores.index(min(scores))
    return Matrix(version, plan.side, best, candidates[best] | plan.formats[best])


def raster(symbol: Matrix, scale: int, border: int = QUIET_ZONE) -> tuple[int, list[bytes]]:
    """Width in pixels, and one packed 1-bit pixel row (1 is white) for each row of modules, quiet zone included.

    Every module is ``scale`` pixels wide; draw each row ``scale`` times. Raises ValueError for a scale below 1.
    """
    if scale < 1 or border < 0:
        raise ValueError("a module is at least one pixel, a border at least nothing")
    modules = symbol.side + 2 * border
    padding = -modules % 8
    width = modules * scale
    expand, size = _expander(scale), -(-width // 8)
    row_mask = (1 << symbol.side) - 1
    blank = (b"\xff" * size,) * border
    rows = []
    for row in range(symbol.side):
        dark = symbol.bits >> (symbol.side * (symbol.side - 1 - row)) & row_mask
        packed = (dark << border + padding).to_bytes((modules + padding) // 8, "big")
        rows.append(b"".join([expand[byte] for byte in packed])[:size])
    return width, [*blank, *rows, *blank]


def png(symbol: Matrix, scale: int = 10, border: int = QUIET_ZONE) -> bytes:
    """A 1-bit grayscale PNG of the symbol. Rows that repeat the one above cost a filter byte and zeros."""
    width, rows = raster(symbol, scale, border)
    again = (b"\x02" + bytes(len(rows[0]))) * (scale - 1)
    pixels = zlib.compress(b"".join([b"\x00" + row + again for row in rows]), 1)
    header = struct.pack(">2I5B", width, width, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def warm(versions: Iterable[int] = range(5, 11), level: int = LEVEL_M) -> None:
    """Lay out plans ahead (5 to 35 ms each), so that the first shopper does not wait. Payment codes need 5 to 10."""
    for version in versions:
        plan_of(version, level)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@lru_cache(maxsize=32)
def _expander(scale: int) -> tuple[bytes, ...]:
    """For eight modules as a byte, their ``scale`` bytes of pixels; dark turns to 0, PNG's and Pillow's black."""
    pixel = {"0": "1" * scale, "1": "0" * scale}
    return tuple(int("".join(pixel[bit] for bit in f"{byte:08b}"), 2).to_bytes(scale, "big") for byte in range(256))


# -- data to codewords ------------------------------------------------------------------------------------------------


def _segments(data: str | bytes, level: int) -> tuple[int, int, int]:
    """The smallest version that fits, the message bits, and how many they are; split in modes as qrcode splits."""
    chunks = list(util.optimal_data_chunks(data, minimum=20))
    written = [(chunk.mode, len(chunk), *_segment_bits(chunk)) for chunk in chunks]
    version = 1
    while True:  # a larger version may have longer length fields, and so need a larger version still
        sizes = util.mode_sizes_for_version(version)
        needed = sum(4 + sizes[mode] + length for mode, _, _, length in written)
        fit = bisect_left(util.BIT_LIMIT_TABLE[level], needed, version)
        if fit > 40:
            raise TooLong(f"{needed} bits are more than one QR code holds")
        version = fit
        if sizes is util.mode_sizes_for_version(fit):
            break
    bits = 0
    for mode, count, value, length in written:
        bits = (((bits << 4 | mode) << sizes[mode] | count) << length) | value
    return version, bits, needed


def _segment_bits(chunk: util.QRData) -> tuple[int, int]:
    """The bits of one chunk as (value, how many)."""
    data: bytes = chunk.data
    if chunk.mode == util.MODE_8BIT_BYTE:
        return int.from_bytes(data, "big"), len(data) * 8
    value = length = 0
    step = 3 if chunk.mode == util.MODE_NUMBER else 2
    for at in range(0, len(data), step):
        part = data[at : at + step]
        if chunk.mode == util.MODE_NUMBER:
            number, size = int(part), util.NUMBER_LENGTH[len(part)]
        else:
            places = [util.ALPHA_NUM.find(char) for char in part]
            number, size = (places[0] * 45 + places[1], 11) if len(part) == 2 else (places[0], 6)
        value, length = value << size | number, length + size
    return value, length


def _codewords(plan: Plan, bits: int, length: int) -> bytes:
    """Terminated and padded data codewords of all blocks, then the check codewords of all blocks: not interleaved."""
    total = sum(plan.data_counts)
    terminator = min(4, total * 8 - length)
    terminator += -(length + terminator) % 8
    head = (bits << terminator).to_bytes((length + terminator) // 8, "big")
    data = (head + b"\xec\x11" * ((total - len(head) + 1) // 2))[:total]
    table = _remainders(plan.check_count)
    top = 8 * (plan.check_count - 1)
    low = (1 << top) - 1
    checks = []
    at = 0
    for count in plan.data_counts:
        rest = 0
        for byte in data[at : at + count]:
            rest = (rest & low) << 8 ^ table[byte ^ rest >> top]
        checks.append(rest.to_bytes(plan.check_count, "big"))
        at += count
    return data + b"".join(checks)


@lru_cache(maxsize=32)
def _remainders(check_count: int) -> tuple[int, ...]:
    """For each factor, that multiple of the Reed-Solomon generator (without its leading 1), as one big int."""
    generator = base.Polynomial([1], 0)
    for power in range(check_count):
        generator = generator * base.Polynomial([1, base.gexp(power)], 0)
    logs = [base.glog(term) for term in list(generator)[1:]]
    multiples = (
        int.from_bytes(bytes(base.gexp(base.glog(factor) + log) for log in logs), "big") for factor in range(1, 256)
    )
    return (0, *multiples)


# -- the penalty of a mask --------------------------------------------------------------------------------------------


def _penalty(bits: int, plan: Plan) -> int:
    """ISO/IEC 18004 7.8.3.1 exactly, with qrcode's rounding. A shift by 1 looks right, one by the side looks down."""
    side = plan.side
    same_right = (bits ^ bits << 1) & plan.not_last_column ^ plan.not_last_column
    same_below = (bits ^ bits << side) & plan.not_last_row ^ plan.not_last_row
    blocks = same_right & same_right << side & same_below
    light = bits ^ ((1 << side * side) - 1)
    finders = (_finders(bits, light, 1) & plan.room_for_eleven).bit_count() + _finders(bits, light, side).bit_count()
    dark = float(bits.bit_count()) / (side * side)
    return (
        _runs(same_right, 1)
        + _runs(same_below, side)
        + 3 * blocks.bit_count()
        + 40 * finders
        + 10 * int(abs(dark * 100 - 50) / 5)
    )


def _runs(same: int, step: int) -> int:
    """Length - 2 for every run of five or more: one for each window of five, two for each first window."""
    pairs = same & same << step
    windows = pairs & pairs << 2 * step
    return windows.bit_count() + 2 * (windows & ~(windows >> step)).bit_count()


def _finders(dark: int, light: int, step: int) -> int:
    """Where 1011101 stands with 0000 behind or before it: the two patterns never start on the same module."""
    finder = dark & light << step & dark << 2 * step & dark << 3 * step & dark << 4 * step
    finder &= light << 5 * step & dark << 6 * step
    two = light & light << step
    four = two & two << 2 * step
    return finder & four << 7 * step | four & finder << 4 * step
