"""The card a shopper really gets can be paid from its pixels, whatever a chat does to them."""

import io
from dataclasses import replace
from decimal import Decimal

import pytest
import zxingcpp
from PIL import Image

from bot.pictures import card, demo, qrfast
from bot.pictures.card import PaymentCard, Receipt, Row
from bot.pictures.product import BadPhoto
from core.qr import epc, pix

EPC = epc.build(
    name="Lampion Handelsgesellschaft mbH",
    iban="DE71110220330123456789",
    amount=Decimal("1284.50"),
    reference="RF18539007547034",
)
PIX = pix.build_static(
    key="123e4567-e12b-12d1-a456-426655440000",
    merchant_name="Casa do Sol",
    merchant_city="Salvador",
    txid="S1042K7QXT5Y8Z2W4B6C9D1F3",
    amount=Decimal("320.00"),
)
CARD = PaymentCard(
    payload=EPC,
    shop="Lampion & Silk",
    method="SEPA transfer",
    title="To pay for order S-1042",
    amount="€1,284.50",
    items="2 × Silk scarf, 1 × Celadon bowl",
    hint="Scan with your bank's app",
    rows=(Row("Payee", "Lampion GmbH"), Row("Reference", "RF18 5390 0754 7034"), Row("Pay by", "20:45", urgent=True)),
)
SLIP = Receipt(
    shop=CARD.shop,
    method=CARD.method,
    title="Receipt for order S-1042",
    amount=CARD.amount,
    items=CARD.items,
    stamp="PAID",
    note="Received 22 Nov 2026",
    rows=CARD.rows,
)
ENDLESS = "灯火阑珊处丝绸与青瓷 a shop with a name that never ends \u202e" * 6


def _opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    picture.load()
    return picture


def _read(picture: Image.Image) -> list[bytes]:
    return [code.bytes for code in zxingcpp.read_barcodes(picture)]


def _worse(jpeg: bytes, quality: int) -> Image.Image:
    out = io.BytesIO()
    _opened(jpeg).save(out, "JPEG", quality=quality)
    return _opened(out.getvalue())


@pytest.mark.parametrize("payload", [EPC, PIX, "x" * 331, "灯" * 100], ids=["epc", "pix", "331 bytes", "chinese"])
@pytest.mark.parametrize("photo", [None, demo.draw_demo("fan")], ids=["plain", "photo"])
def test_the_code_on_the_card_is_read_byte_for_byte_even_after_a_chat_recompressed_it(payload, photo):
    jpeg = card.payment_card(replace(CARD, payload=payload, photo=photo))
    assert _opened(jpeg).size == (card.WIDTH, card.HEIGHT)
    assert _read(_opened(jpeg)) == [payload.encode()]
    assert _read(_worse(jpeg, 30)) == [payload.encode()]


@pytest.mark.parametrize("payload", [EPC, "https://a.example/" + "x" * 300], ids=["on blocks", "too many for blocks"])
def test_every_module_is_a_whole_number_of_pixels_in_a_quiet_zone(payload):
    symbol = qrfast.matrix(payload)
    picture = _opened(card.payment_card(replace(CARD, payload=payload))).convert("L")
    corners = zxingcpp.read_barcodes(picture)[0].position
    left, top = corners.top_left.x, corners.top_left.y
    scale = round((corners.top_right.x - left) / symbol.side)
    assert card.QR_ROOM * 3 // 4 <= scale * (symbol.side + 8) <= card.QR_ROOM
    for row in range(symbol.side):
        for column in range(symbol.side):
            shade = picture.getpixel((left + column * scale + scale // 2, top + row * scale + scale // 2))
            assert (shade < 128) == symbol.is_dark(row, column)
    side = (symbol.side + 8) * scale
    around = picture.crop((left - 4 * scale, top - 4 * scale, left - 4 * scale + side, top - 4 * scale + side))
    assert min(around.crop((0, 0, side, 4 * scale - 4)).getextrema()) > 240
    assert min(around.crop((0, 0, 4 * scale - 4, side)).getextrema()) > 240


@pytest.mark.parametrize("field", ["shop", "method", "title", "amount", "items", "hint"])
def test_no_text_reaches_the_margins_or_the_code_however_long_it_is(field):
    shown = _opened(card.payment_card(replace(CARD, **{field: ENDLESS})))
    blank = _opened(card.payment_card(replace(CARD, **{field: ""})))
    _assert_margins_untouched(shown, blank)
    assert _read(shown) == [EPC.encode()]


def test_no_row_reaches_the_margins_however_long_it_is():
    rows = tuple(Row(ENDLESS, ENDLESS) for _ in range(6))
    shown = _opened(card.payment_card(replace(CARD, rows=rows)))
    _assert_margins_untouched(shown, _opened(card.payment_card(replace(CARD, rows=()))))
    assert _read(shown) == [EPC.encode()]


def _assert_margins_untouched(shown: Image.Image, blank: Image.Image) -> None:
    """The outermost pixels are the same with and without the text (JPEG blocks bleed a little)."""
    edge = card.MARGIN - 16
    for box in (
        (0, 0, edge, card.HEIGHT),
        (card.WIDTH - edge, 0, card.WIDTH, card.HEIGHT),
        (0, 0, card.WIDTH, 8),
        (0, card.HEIGHT - 8, card.WIDTH, card.HEIGHT),
    ):
        pairs = zip(shown.crop(box).tobytes(), blank.crop(box).tobytes(), strict=True)
        assert max(abs(one - other) for one, other in pairs) < 24


def test_a_receipt_carries_no_code_that_could_be_paid_again():
    for slip in (
        SLIP,
        replace(SLIP, stamp="已付款", photo=demo.draw_demo("tea")),
        replace(SLIP, good=False, stamp=ENDLESS),
    ):
        picture = _opened(card.receipt(slip))
        assert picture.size == (card.WIDTH, card.HEIGHT)
        assert _read(picture) == []


def test_a_receipt_that_is_good_looks_other_than_one_that_is_not():
    assert card.receipt(SLIP) != card.receipt(replace(SLIP, good=False))


def test_the_same_card_is_the_same_file():
    assert card.payment_card(CARD) == card.payment_card(replace(CARD))


def test_a_payload_no_phone_could_scan_is_refused():
    with pytest.raises(qrfast.TooLong):
        card.payment_card(replace(CARD, payload="x" * 2332))
    with pytest.raises(qrfast.TooLong):
        card.payment_card(replace(CARD, payload="x" * 2331))


def test_a_broken_photo_is_refused():
    with pytest.raises(BadPhoto):
        card.payment_card(replace(CARD, photo=b"no photo"))
