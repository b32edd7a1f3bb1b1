"""Other people's payment-code libraries build and read the same codes as core/qr."""

import io
import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import segno.helpers
import zxingcpp
from brcode import static as starkbank
from PIL import Image

from bot.pictures import qrfast
from core.qr import BadPayload, epc, pix, read, tlv

VECTORS = json.loads((Path(__file__).parents[1] / "unit/qr/vectors.json").read_text(encoding="utf-8"))
NODE = Path(__file__).parent / "qr"

PIX_ORDERS = [
    ("123e4567-e12b-12d1-a456-426655440000", "Casa do Sol", "Salvador", "S1042K7QX", Decimal("320.00")),
    ("loja@example.com", "A", "B", "x" * 25, Decimal("0.01")),
    ("+5571999990000", "Feira de Artesanato Bahia", "Rio de Janeiro", "1", None),
    ("16727230000197", "Cafe do Cerrado", "Patrocinio", "Ab9", Decimal("999999.99")),
]
SEPA_ORDERS = [
    ("Lampion GmbH", "DE71110220330123456789", Decimal("12.30"), "RF18539007547034", ""),
    ("Franz Mustermänn", "FR1420041010050500013M02606", Decimal("0.01"), "", "Order S-1042"),
    ("灯火", "NL91ABNA0417164300", Decimal("999999999.99"), "RF36S1042K7QX0", ""),
]


def _pix(key: str, name: str, city: str, txid: str, amount: Decimal | None) -> str:
    return pix.build_static(key=key, merchant_name=name, merchant_city=city, txid=txid, amount=amount)


def _ask_node(*questions: dict[str, Any]) -> list[dict[str, Any]]:
    """The judges' answers, in order. Skips where they are not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("the npm judges need Node.js: apt-get install nodejs npm")
    if not (NODE / "node_modules").is_dir():
        pytest.skip("the npm judges are not installed: npm install --prefix tests/peers/qr")
    command = [node, str(NODE / "judge.cjs")]
    ran = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, check=True, timeout=60)
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers


@pytest.mark.parametrize("order", PIX_ORDERS, ids=lambda order: order[0])
def test_starkbank_builds_the_same_pix_code(order):
    key, name, city, txid, amount = order
    asked = {"key": key, "name": name, "city": city, "txid": txid}
    if amount is not None:
        asked["amount"] = int(amount * 100)
    theirs = starkbank.fromJson(asked)
    ours = _pix(*order)
    assert pix.parse(theirs) == pix.parse(ours)
    assert sorted(tlv.unseal(theirs)) == sorted(tlv.unseal(ours))


def test_pix_utils_reads_our_codes_as_we_meant_them():
    answers = _ask_node(*({"judge": "pix", "payload": _pix(*order)} for order in PIX_ORDERS))
    for (key, name, city, txid, amount), answer in zip(PIX_ORDERS, answers, strict=True):
        assert answer == {"key": key, "name": name, "city": city, "txid": txid, "amount": float(amount or 0)}


def test_emvqr_takes_our_codes_apart_as_we_do():
    payloads = [_pix(*order) for order in PIX_ORDERS]
    payloads += [vector["payload"] for vector in VECTORS if vector.get("crc_ok") and vector["valid"]]
    answers = _ask_node(*({"judge": "emv", "payload": payload} for payload in payloads))
    for payload, answer in zip(payloads, answers, strict=True):
        if (
            payload[-4] == "0"
        ):  # emvqr 0.2.3 does not pad its checksum to four digits; pix-utils does, and agrees with us
            continue
        for tag, value in tlv.unseal(payload):
            if tag == "62":  # emvqr stops at "***" there and takes values apart that look like templates
                continue
            theirs = answer[tag]
            assert theirs == (value if isinstance(theirs, str) else dict(tlv.parse(value)))


def test_emvqr_refuses_what_was_damaged_as_we_do():
    damaged = [_pix(*order).replace("BR", "BS", 1) for order in PIX_ORDERS]
    for payload, answer in zip(damaged, _ask_node(*({"judge": "emv", "payload": p} for p in damaged)), strict=True):
        assert "refused" in answer
        with pytest.raises(BadPayload):
            read(payload)


@pytest.mark.parametrize("order", SEPA_ORDERS, ids=lambda order: order[1])
def test_segno_draws_the_transfer_that_we_build(order):
    name, iban, amount, reference, text = order
    drawn = io.BytesIO()
    segno.helpers.make_epc_qr(
        name, iban, amount, text=text or None, reference=reference or None, encoding="utf-8"
    ).save(drawn, kind="png", scale=4)
    with Image.open(drawn) as picture:
        [code] = zxingcpp.read_barcodes(picture.convert("L"))
    ours = epc.build(name=name, iban=iban, amount=amount, reference=reference, text=text)
    assert epc.parse(epc.decode(code.bytes)) == epc.parse(ours)


def test_sepa_payment_qr_code_builds_the_transfer_that_we_build():
    questions = []
    for name, iban, amount, reference, text in SEPA_ORDERS:
        mark = {"structuredReference": reference} if reference else {"unstructuredReference": text}
        questions.append({"judge": "sepa", "order": {"name": name, "iban": iban, "amount": float(amount), **mark}})
    for (name, iban, amount, reference, text), answer in zip(SEPA_ORDERS, _ask_node(*questions), strict=True):
        ours = epc.build(name=name, iban=iban, amount=amount, reference=reference, text=text)
        assert epc.parse(answer["payload"]) == epc.parse(ours)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['scheme']}: {vector['kind']}")
def test_zxing_reads_every_drawn_vector_byte_for_byte(vector):
    payload = vector["payload"].encode()
    with Image.open(io.BytesIO(qrfast.png(qrfast.matrix(payload), scale=3))) as picture:
        [code] = zxingcpp.read_barcodes(picture.convert("L"))
    assert code.bytes == payload
