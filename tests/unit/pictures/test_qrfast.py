"""The fast QR path draws the very modules qrcode draws, and its PNG holds the pixels a decoder reads back."""

import io
import random
import string

import pytest
import zxingcpp
from PIL import Image
from qrcode.main import QRCode

from bot.pictures import qrfast

KINDS = [string.digits, "ABC123 $%*+-./:", string.ascii_letters + string.digits, "最佳运输éß", "\x00\x7f~"]


def _payload(rnd: random.Random) -> str:
    parts = rnd.choices(KINDS, k=rnd.randint(1, 4))
    return "".join("".join(rnd.choices(kind, k=rnd.randint(1, 70))) for kind in parts)


def _modules(symbol: qrfast.Matrix) -> list[list[bool]]:
    return [[symbol.is_dark(row, column) for column in range(symbol.side)] for row in range(symbol.side)]


@pytest.mark.parametrize("seed", range(20))
def test_random_payloads_get_the_symbol_that_qrcode_makes(seed):
    rnd = random.Random(seed)
    for _ in range(12):
        data, level = _payload(rnd), rnd.choice([0, 0, 0, 1, 2, 3])
        slow = QRCode(error_correction=level)
        slow.add_data(data)
        slow.best_fit()
        mask = slow.best_mask_pattern()
        slow.makeImpl(False, mask)
        fast = qrfast.matrix(data, level)
        assert (fast.version, fast.mask) == (slow.version, mask)
        assert _modules(fast) == slow.modules


@pytest.mark.parametrize("length", [1, 14, 213, 214, 331, 512, 1500, 2331])
def test_every_length_up_to_the_largest_code_fits(length):
    symbol = qrfast.matrix("x" * length)
    assert symbol.side == symbol.version * 4 + 17


def test_more_than_the_largest_code_holds_is_refused():
    with pytest.raises(qrfast.TooLong):
        qrfast.matrix("x" * 2332)


@pytest.mark.parametrize("scale", [1, 3, 8, 10])
def test_the_png_shows_each_module_as_a_square_in_a_quiet_zone(scale):
    symbol = qrfast.matrix("00020101021226…")
    with Image.open(io.BytesIO(qrfast.png(symbol, scale))) as picture:
        assert picture.mode == "1"
        assert picture.size == ((symbol.side + 8) * scale,) * 2
        light = picture.resize((symbol.side + 8,) * 2, Image.Resampling.NEAREST)
        assert light.resize(picture.size, Image.Resampling.NEAREST).tobytes() == picture.tobytes()
        inner = [[not light.getpixel((x + 4, y + 4)) for x in range(symbol.side)] for y in range(symbol.side)]
        assert inner == _modules(symbol)
        frame = [light.getpixel((x, y)) for x in range(symbol.side + 8) for y in (0, 3, symbol.side + 4)]
        assert all(frame)


def test_a_decoder_reads_the_bytes_that_were_drawn():
    data = "BCD\n002\n1\nSCT\n\nFranz Mustermänn 灯\nDE71110220330123456789\nEUR12.30".encode()
    with Image.open(io.BytesIO(qrfast.png(qrfast.matrix(data)))) as picture:
        [code] = zxingcpp.read_barcodes(picture.convert("L"))
    assert code.bytes == data


def test_a_module_smaller_than_a_pixel_is_refused():
    with pytest.raises(ValueError, match="pixel"):
        qrfast.png(qrfast.matrix("x"), scale=0)


def test_warming_lays_out_the_plans():
    qrfast.warm([1, 2])
    assert qrfast.matrix("x").version == 1
