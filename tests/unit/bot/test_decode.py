"""Reading the codes in somebody’s picture: read right or not at all, never wrong, and bombs do not go off."""

from __future__ import annotations

import io
import random
import struct
import time
import zlib

import pytest
from PIL import Image

from bot.pictures.decode import LONGEST_SIDE, read_codes
from bot.pictures.product import BadPhoto, PhotoFault
from tests.benchmarks.decoding import (
    CONDITIONS,
    Condition,
    code,
    noisy,
    padded,
    png,
    spoilt,
    uneven,
    without_a_code,
)

ONE, OTHER = "00020126PIX-ONE", "00020126PIX-OTHER"
HARD = {"blur 0.6 module", "logo on 9 % of the area", "hard phone photo", "no quiet zone, dark ground"}


@pytest.mark.parametrize("condition", [c for c in CONDITIONS if c.name not in HARD], ids=lambda c: c.name)
def test_a_code_in_a_bad_picture_is_read(condition: Condition) -> None:
    payload, picture = spoilt(condition, 0)

    assert read_codes(picture) == [payload]


@pytest.mark.parametrize("condition", [c for c in CONDITIONS if c.name in HARD], ids=lambda c: c.name)
def test_a_code_that_is_hardly_there_is_read_right_or_not_at_all(condition: Condition) -> None:
    for number in range(3):
        payload, picture = spoilt(condition, number)
        assert read_codes(picture) in ([payload], [])


def test_a_picture_without_a_code_has_none() -> None:
    assert read_codes(without_a_code(0)) == []


def side_by_side(one: Image.Image, other: Image.Image) -> bytes:
    ground = Image.new("L", (one.width + other.width, max(one.height, other.height)), 255)
    ground.paste(one, (0, 0))
    ground.paste(other, (one.width, 0))
    return png(ground)


def test_two_codes_in_one_picture_are_both_read() -> None:
    assert set(read_codes(side_by_side(code(ONE, 8, 4), code(OTHER, 8, 4)))) == {ONE.encode(), OTHER.encode()}


def test_a_sticker_in_faint_grey_beside_a_black_code_is_read_too() -> None:
    faint = code(OTHER, 8, 4).point(lambda byte: 140 + byte * 115 // 255)

    assert set(read_codes(side_by_side(code(ONE, 8, 4), faint))) == {ONE.encode(), OTHER.encode()}


def test_a_code_in_the_shade_beside_one_in_the_grain_is_read_too() -> None:
    chance = random.Random(0)
    shaded, grained = uneven(padded(code(ONE, 8, 4)), chance, 0.03), noisy(code(OTHER, 8, 4), chance, 70)

    assert set(read_codes(side_by_side(shaded, grained))) == {ONE.encode(), OTHER.encode()}


def test_a_code_shown_twice_is_one_code() -> None:
    assert read_codes(side_by_side(code(ONE, 8, 4), code(ONE, 6, 4))) == [ONE.encode()]


def test_contents_are_bytes_whatever_they_mean() -> None:
    payload = "收款人 Zoë\u202e"

    assert read_codes(png(code(payload, 8, 4))) == [payload.encode()]


def test_a_transparent_ground_is_paper() -> None:
    drawn = code(ONE, 8, 4).convert("RGBA")
    drawn.putalpha(code(ONE, 8, 4).point(lambda byte: 255 - byte))

    assert read_codes(png(drawn)) == [ONE.encode()]


def test_a_camera_s_big_picture_is_read_smaller() -> None:
    big = code(ONE, 8, 4).resize((LONGEST_SIDE * 2, LONGEST_SIDE * 2))
    out = io.BytesIO()
    big.save(out, "JPEG")

    assert read_codes(out.getvalue()) == [ONE.encode()]


def bomb(side: int) -> bytes:
    """A PNG that is 17 KB on disk and side x side pixels in memory."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + side // 8)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [5008, 12_000, 30_000])
def test_an_image_bomb_is_refused_before_it_goes_off(side: int) -> None:
    data = bomb(side)
    started = time.process_time()
    with pytest.raises(BadPhoto) as refused:
        read_codes(data)

    assert refused.value.fault is PhotoFault.TOO_LARGE
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", PhotoFault.EMPTY),
        (b"%PDF-1.7 not a picture", PhotoFault.NOT_A_PHOTO),
        (b"GIF89a" + bytes(40), PhotoFault.NOT_A_PHOTO),
        (png(code(ONE, 8, 4))[:200], PhotoFault.DAMAGED),
        (bytes(21 * 1024 * 1024), PhotoFault.TOO_LARGE),
    ],
    ids=["empty", "a document", "a format nobody asked for", "cut off", "too many bytes"],
)
def test_what_is_no_picture_is_refused(data: bytes, fault: PhotoFault) -> None:
    with pytest.raises(BadPhoto) as refused:
        read_codes(data)

    assert refused.value.fault is fault
