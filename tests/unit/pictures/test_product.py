"""A stranger's upload becomes a clean photo or a plain refusal."""

import io
import struct
import zlib

import pytest
from PIL import Image

from bot.pictures import demo, product
from bot.pictures.product import BadPhoto, PhotoFault

RED, BLUE = (200, 30, 30), (30, 30, 200)


def _photo(size=(60, 40), form="JPEG", mode="RGB", **options) -> bytes:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    out = io.BytesIO()
    picture.convert(mode).save(out, form, **options)
    return out.getvalue()


def _opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data), formats=["JPEG"])
    picture.load()
    return picture


def _near(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return max(abs(one - other) for one, other in zip(pixel, colour, strict=True)) < 60


def _bomb(side: int) -> bytes:
    """A PNG header that promises side x side pixels, and a few bytes of them."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_in_each_allowed_format_becomes_a_jpeg(form):
    picture = _opened(product.normalise(_photo(form=form)))
    assert picture.size == (60, 40)
    assert _near(picture.getpixel((10, 20)), RED)
    assert _near(picture.getpixel((50, 20)), BLUE)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "I;16"])
def test_every_kind_of_png_is_understood(mode):
    assert _opened(product.normalise(_photo(form="PNG", mode=mode))).mode == "RGB"


def test_printing_colours_are_understood():
    assert _opened(product.normalise(_photo(mode="CMYK"))).mode == "RGB"


def test_transparency_becomes_white_paper():
    glass = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    out = io.BytesIO()
    glass.save(out, "PNG")
    assert _near(_opened(product.normalise(out.getvalue())).getpixel((10, 10)), (255, 255, 255))


@pytest.mark.parametrize("size", [(3000, 1500), (1500, 3000), (1281, 10)])
def test_a_large_photo_is_brought_down_to_1280_pixels_in_its_proportions(size):
    small = _opened(product.normalise(_photo(size)))
    assert max(small.size) == 1280
    assert small.width * size[1] == pytest.approx(small.height * size[0], rel=0.06)


def test_a_small_photo_is_not_blown_up():
    assert _opened(product.normalise(_photo((5, 7)))).size == (5, 7)


def test_a_photo_is_turned_as_its_camera_says_and_what_the_camera_wrote_is_left_behind():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated to the right
    exif[0x010F] = "Camera of somebody"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 0.0)
    upload = _photo((80, 40), exif=exif, comment=b"secret comment", icc_profile=b"profile of somebody")
    clean = product.normalise(upload)
    picture = _opened(clean)
    assert picture.size == (40, 80)
    assert _near(picture.getpixel((20, 10)), RED)
    assert _near(picture.getpixel((20, 70)), BLUE)
    assert not picture.getexif()
    for word in (b"Exif", b"somebody", b"secret"):
        assert word in upload
        assert word not in clean


@pytest.mark.parametrize(
    ("fault", "upload"),
    [
        (PhotoFault.EMPTY, b""),
        (PhotoFault.NOT_A_PHOTO, b"<html>hello</html>"),
        (PhotoFault.NOT_A_PHOTO, b"\xff\xd8\xff"),
        (PhotoFault.NOT_A_PHOTO, _photo(form="GIF")),
        (PhotoFault.NOT_A_PHOTO, _photo(form="BMP")),
        (PhotoFault.NOT_A_PHOTO, _photo(form="TIFF")),
        (PhotoFault.DAMAGED, _photo((300, 300))[:-900]),
        (PhotoFault.DAMAGED, _photo((300, 300), "PNG")[:-200]),
        (PhotoFault.DAMAGED, _bomb(1000)),
        (PhotoFault.TOO_LARGE, _bomb(5001)),
        (PhotoFault.TOO_LARGE, _bomb(12_000)),
        (PhotoFault.TOO_LARGE, _bomb(30_000)),
        (PhotoFault.TOO_LARGE, b"x" * (20 * 1024 * 1024 + 1)),
    ],
    ids=range(13),
)
def test_an_upload_that_is_no_usable_photo_is_refused_with_its_reason(fault, upload):
    with pytest.raises(BadPhoto) as refusal:
        product.normalise(upload)
    assert refusal.value.fault is fault


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_cut_anywhere_never_crashes(form):
    whole = _photo((64, 48), form)
    for end in range(0, len(whole), 7):
        try:
            product.normalise(whole[:end])
        except BadPhoto:
            continue


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_damaged_anywhere_never_crashes(form):
    whole = bytearray(_photo((64, 48), form))
    for at in range(0, len(whole), 5):
        damaged = bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        try:
            product.normalise(damaged)
        except BadPhoto:
            continue


def test_a_thumbnail_is_the_middle_of_the_photo():
    thumb = product.thumbnail(_photo((400, 100)), 50)
    assert thumb.size == (50, 50)
    assert _near(thumb.getpixel((5, 25)), RED)
    assert _near(thumb.getpixel((45, 25)), BLUE)


@pytest.mark.parametrize("name", sorted(demo.DEMO_PICTURES))
def test_every_picture_of_the_demo_shop_is_a_clean_square_photo(name):
    picture = _opened(product.draw_demo(name))
    assert picture.size == (800, 800)
    assert len(picture.getcolors(1_000_000) or range(1_000_000)) > 100


def test_the_pictures_of_the_demo_shop_differ():
    assert len({product.draw_demo(name) for name in demo.DEMO_PICTURES}) == len(demo.DEMO_PICTURES)
