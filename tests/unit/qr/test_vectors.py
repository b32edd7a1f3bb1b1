"""Published and derived codes are judged as their sources say. vectors.json names the source of each."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from core.qr import BadPayload, Scheme, emv, epc, pix, read, tlv

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
CHECK_VALUE = "123456789"
READABLE = [v for v in VECTORS if v["scheme"] in ("PIX", "EMV-MPM", "EPC069-12") and v["payload"] != CHECK_VALUE]
SEALED = [v for v in VECTORS if v.get("crc_expected")]


def _name(vector: dict) -> str:
    return f"{vector['scheme']}: {vector['kind']}"


def test_the_checksum_has_its_catalogued_check_value():
    assert tlv.crc16(CHECK_VALUE.encode()) == "29B1"


def test_the_vectors_are_all_there():
    assert len(READABLE) == 12
    assert len(SEALED) >= 30


@pytest.mark.parametrize("vector", READABLE, ids=_name)
def test_a_published_code_is_judged_right(vector):
    if vector["valid"]:
        assert read(vector["payload"]).payee
    else:
        with pytest.raises(BadPayload):
            read(vector["payload"])


@pytest.mark.parametrize("vector", SEALED, ids=_name)
def test_every_scheme_of_the_emv_family_has_its_checksum_and_lengths_judged_right(vector):
    if not vector["crc_ok"]:
        with pytest.raises(BadPayload, match="checksum is wrong"):
            tlv.unseal(vector["payload"])
        return
    fields = dict(tlv.unseal(vector["payload"]))
    for tag, expected in vector["decoded"].items():
        if isinstance(expected, dict):
            assert dict(tlv.parse(fields[tag])) == expected
        elif tag != "63":
            assert fields[tag] == expected


@pytest.mark.parametrize("vector", [v for v in SEALED if v["valid"]], ids=_name)
def test_every_valid_code_of_the_emv_family_names_its_payee(vector):
    code = emv.parse(vector["payload"])
    assert any(account for _, account in code.accounts)
    assert code.currency == vector["decoded"]["53"]
    assert code.amount == (Decimal(vector["decoded"]["54"]) if "54" in vector["decoded"] else None)


def test_a_thai_slip_is_sealed_by_tag_91():
    slip = next(v for v in VECTORS if v["scheme"] == "Thai slip mini-QR")
    assert dict(tlv.unseal(slip["payload"], tag="91")).keys() == {"00", "51"}


@pytest.mark.parametrize("vector", [v for v in READABLE if v["scheme"] == "PIX" and v["valid"]], ids=_name)
def test_a_pix_code_is_read_as_the_central_bank_explains_it(vector):
    code, told = pix.parse(vector["payload"]), vector["decoded"]
    assert code.key == told["26"].get("01")
    assert code.url == told["26"].get("25")
    assert code.recurrence_url == told.get("80", {}).get("25")
    assert (code.merchant_name, code.merchant_city, code.txid) == (told["59"], told["60"], None)


@pytest.mark.parametrize("vector", [v for v in READABLE if v["scheme"] == "EPC069-12" and v["valid"]], ids=_name)
def test_an_epc_code_is_read_as_the_guidelines_explain_it(vector):
    code, told = epc.parse(vector["payload"]), vector["decoded"]
    assert (code.version, code.charset, code.bic, code.name, code.iban) == tuple(
        told[field] for field in ("version", "charset", "bic", "name", "iban")
    )
    assert code.amount == Decimal(told["amount"])
    assert (code.reference, code.text) == (told.get("reference", ""), told.get("text", ""))
    charset = epc.CHARSETS[told["charset"]]
    assert epc.decode(vector["payload"].encode(charset)) == vector["payload"]


def test_the_sample_of_the_emv_specification_is_read_with_its_chinese_text():
    sample = next(v for v in READABLE if "spec sample" in v["kind"])
    code = read(sample["payload"].encode())
    assert (code.scheme, code.payee, code.amount, code.currency) == (
        Scheme.EMV,
        "BEST TRANSPORT",
        Decimal("23.72"),
        "CNY",
    )
