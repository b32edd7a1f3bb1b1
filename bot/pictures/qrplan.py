"""What a QR version and level fix for every payload, laid out once from qrcode's own tables, for qrfast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from qrcode import base, util
from qrcode.main import QRCode


@dataclass(frozen=True)
class Plan:
    """Everything about one version and level that no payload changes."""

    version: int
    side: int
    data_counts: tuple[int, ...]
    """Data codewords of each block."""
    check_count: int
    """Error correction codewords of every block."""
    place: itemgetter[str]
    """Picks the side*side modules out of the codewords' bits followed by "01": a light and a dark constant."""
    masks: tuple[int, ...]
    formats: tuple[int, ...]
    """Per mask, the dark modules of format and version information."""
    not_last_column: int
    not_last_row: int
    room_for_eleven: int
    """Modules with at least ten more to their right."""


@lru_cache(maxsize=160)
def plan_of(version: int, level: int) -> Plan:
    """The plan of a version (1 to 40) at one of qrcode's levels. Takes 5 to 35 ms the first time, then nothing."""
    blocks = base.rs_blocks(version, level)
    side = version * 4 + 17
    blank = _function_modules(version, level, mask=None)
    places = [(row, column) for row, column in _zigzag(side) if blank[row][column] is None]
    everything = (1 << side * side) - 1
    row = ((1 << side) - 1) ^ 1
    return Plan(
        version=version,
        side=side,
        data_counts=tuple(block.data_count for block in blocks),
        check_count=blocks[0].total_count - blocks[0].data_count,
        place=_placement(blank, places, blocks),
        masks=tuple(_mask(side, places, number) for number in range(8)),
        formats=tuple(_dark_format(version, level, mask, blank) for mask in range(8)),
        not_last_column=_repeat(row, side),
        not_last_row=everything ^ ((1 << side) - 1),
        room_for_eleven=_repeat(((1 << side) - 1) >> 10 << 10, side),
    )


def _function_modules(version: int, level: int, mask: int | None) -> list[list[bool | None]]:
    """The fixed modules as qrcode draws them, None where data goes; format and version bits light without a mask."""
    drawn = QRCode(version=version, error_correction=level)
    side = drawn.modules_count = version * 4 + 17
    drawn.modules = [[None] * side for _ in range(side)]
    for row, column in ((0, 0), (side - 7, 0), (0, side - 7)):
        drawn.setup_position_probe_pattern(row, column)
    drawn.setup_position_adjust_pattern()
    drawn.setup_timing_pattern()
    drawn.setup_type_info(mask is None, mask or 0)
    if version >= 7:
        drawn.setup_type_number(mask is None)
    modules: list[list[bool | None]] = drawn.modules
    return modules


def _zigzag(side: int) -> Iterable[tuple[int, int]]:
    """The order in which data fills a symbol: pairs of columns from the right, up and down in turn, never column 6."""
    upward = True
    for right in range(side - 1, 0, -2):
        column = right if right > 6 else right - 1
        for row in range(side - 1, -1, -1) if upward else range(side):
            yield row, column
            yield row, column - 1
        upward = not upward


def _placement(
    blank: Sequence[Sequence[bool | None]], places: Sequence[tuple[int, int]], blocks: Sequence[base.RSBlock]
) -> itemgetter[str]:
    """For each module, which character of the codewords' bits + "01" it shows."""
    total = sum(block.total_count for block in blocks) * 8
    source = dict(zip(places, _interleaved(blocks), strict=False))
    picked = []
    for row, modules in enumerate(blank):
        for column, dark in enumerate(modules):
            # places past the last codeword are remainder bits: light
            picked.append(source.get((row, column), total) if dark is None else total + dark)
    return itemgetter(*picked)


def _interleaved(blocks: Sequence[base.RSBlock]) -> list[int]:
    """Positions of bits in the codewords as _codewords orders them, in the order a symbol carries them."""
    words = []
    data_starts, check_starts, data_total, check_total = [], [], 0, 0
    for block in blocks:
        data_starts.append(data_total)
        check_starts.append(check_total)
        data_total += block.data_count
        check_total += block.total_count - block.data_count
    for at in range(max(block.data_count for block in blocks)):
        words += [start + at for start, block in zip(data_starts, blocks, strict=True) if at < block.data_count]
    for at in range(blocks[0].total_count - blocks[0].data_count):
        words += [data_total + start + at for start in check_starts]
    return [word * 8 + bit for word in words for bit in range(8)]


def _mask(side: int, places: Iterable[tuple[int, int]], number: int) -> int:
    flips = util.mask_func(number)
    last = side * side - 1
    return sum(1 << (last - row * side - column) for row, column in places if flips(row, column))


def _dark_format(version: int, level: int, mask: int, blank: Sequence[Sequence[bool | None]]) -> int:
    """The format and version modules that this mask turns dark; all are light while masks are scored, as in qrcode."""
    drawn = _function_modules(version, level, mask)
    side = len(drawn)
    last = side * side - 1
    return sum(
        1 << (last - row * side - column)
        for row in range(side)
        for column in range(side)
        if drawn[row][column] and not blank[row][column]
    )


def _repeat(row: int, side: int) -> int:
    """The same row on every line of a symbol."""
    return row * sum(1 << side * line for line in range(side))
