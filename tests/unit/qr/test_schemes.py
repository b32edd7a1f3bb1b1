"""Every scheme's published codes are judged as their sources say, and forgeries of each are refused by name."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.qr import BadPayload, Problem, Scheme, classify, read, tlv

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CHECK_VALUE = "123456789"


def _load(name: str) -> list[dict]:
    return json.loads((HERE / name).read_text("utf-8"))


VECTORS = [v for v in _load("vectors.json") if v["payload"] != CHECK_VALUE] + _load("more.json") + _load("bolt11.json")
NAMES = {
    "EMV-MPM": {Scheme.EMV},
    "PIX": {Scheme.PIX},
    "PromptPay": {Scheme.PROMPTPAY},
    "Thai slip mini-QR": {Scheme.THAI_SLIP},
    "PayNow/SGQR": {Scheme.PAYNOW, Scheme.SGQR},
    "VietQR/NAPAS247": {Scheme.VIETQR},
    "KHQR": {Scheme.KHQR},
    "DuitNow": {Scheme.DUITNOW},
    "UPI": {Scheme.UPI},
    "EPC069-12": {Scheme.EPC},
    "Swiss QR-bill": {Scheme.SWISS},
    "WeChat Pay Native": {Scheme.WECHAT},
    "Alipay precreate": {Scheme.ALIPAY},
    "BIP-21/BIP-321": {Scheme.BIP21},
    "EIP-681": {Scheme.EIP681},
    "BOLT11": {Scheme.BOLT11, None},
}
MADE = datetime(2017, 6, 1, 10, 57, 38, tzinfo=UTC)  # the examples' time stamp, and that of one of them
PICO_MADE = datetime(2019, 10, 30, 20, 51, 43, tzinfo=UTC)
NO_CODE_AT_ALL = "no 1 in it"  # a Lightning invoice without its beginning: nothing tells it from any word


def _name(vector: dict) -> str:
    return f"{vector['scheme']}: {vector['kind']}"


def test_the_vectors_are_all_there():
    assert {v["scheme"] for v in VECTORS} == NAMES.keys()
    assert len(VECTORS) >= 48 + 40 + 18
    assert all(v["source"] for v in VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=_name)
def test_a_published_code_is_judged_as_its_source_says(vector):
    scheme = classify(vector["payload"])
    assert scheme in NAMES[vector["scheme"]]
    assert scheme is not None or vector["kind"] == NO_CODE_AT_ALL
    if not vector["valid"]:
        with pytest.raises(BadPayload):
            read(vector["payload"], NOW)
        return
    code = read(vector["payload"], NOW)
    assert code.scheme is scheme
    assert code == read(vector["payload"].encode() if scheme is not Scheme.EPC else vector["payload"], NOW)


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["valid"] and v["scheme"] != "BOLT11"], ids=_name)
def test_a_code_is_taken_apart_as_its_source_says(vector):
    fields = read(vector["payload"], NOW).fields
    for key, told in vector["decoded"].items():
        if vector["scheme"] == "UPI":  # the source's decoder took every plus for a space
            assert fields[key].replace("+", " ") == told
        elif (vector["scheme"], key) in (("EIP-681", "to"), ("EPC069-12", "bic")):
            assert fields.get(key, "").lower() == told.lower()  # as printed: its capitals are no checksum
        elif isinstance(fields[key], dict) and isinstance(told, str):
            assert dict(tlv.parse(told)) == fields[key]
        else:
            assert fields[key] == told


@pytest.mark.parametrize(
    ("kind", "account", "amount", "currency", "reference", "problems"),
    [
        ("composite dynamic + recurrence", "pix.example.com/8b3da2f39a4140d1a91abd93113bd441", None, "BRL", "",
         "remote recurring"),
        ("bill payment tag 30: biller id, ref1 CUSTOMER001, ref2 INV001", "0112233445566", None, "THB", "CUSTOMER001",
         "open-amount"),
        ("amount 4.22 dynamic", "0066000000000", "4.22", "THB", "", "no-reference"),
        ("bank transfer slip (proof of payment shown by shopper; CRC in tag 91)", "014", None, "THB",
         "00111222233344ABCD12", "slip"),
        ("PayNow UEN+suffix, 50.0, not editable, expiry yymmddHHMMSS, bill no 62-01", "201509555BNN1", "50", "SGD",
         "0870-0000VL6", "expired"),
        ("PayNow UEN editable, expiry 20301231", "201403121W", None, "SGD", "",
         "open-amount no-reference editable-amount"),
        ("SGQR label (NETS 26 + SGQR 51), real merchant", "1198500065G991231235900", None, "SGD", "",
         "open-amount no-reference"),
        ("dynamic to account 180000, 62-01 bill NPS6869, 62-08 purpose", "970403/0011012345678", "180000", "VND",
         "thanh toan don hang", ""),
        ("static to card", "970403/9704031101234567", None, "VND", "", "open-amount no-reference"),
        ("individual dynamic KHR (expired; no 99-01)", "john_smith@devb", "5000", "KHR", "#INV-2003",
         "no-expiry expired"),
        ("UnionPay tag 15 + merchant USD", "abaakhppxxx@abaa/316600770110242", None, "USD", "115B02750",
         "open-amount several-payees"),
        ("with data-integrity hash tag 82", "501664/123456789", "10", "MYR", "", "no-reference unchecked-signature"),
        ("NPCI signing sample: the exact string that is signed (SHA256withECDSA, secp256r1)", "merchant@npci", "100",
         "INR", "MerRef123", "expired unsigned"),
        ("signed intent (mode 05): DER ECDSA P-256 in base64, &sign= is the last parameter", "bankit.tanishatest@fin",
         "1", "INR", "539910035872742262", "unchecked-signature"),
        ("QR-IBAN + QRR (structured addresses)", "CH4431999123000889012", "1949.75", "CHF",
         "210000000003139471430009017", ""),
        ("v3 code_url", "", None, "CNY", "PR6u79czz", "opaque"),
        ("chain id 42161, gas", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "2.014", "ETH", "", ""),
        ("pay- prefix ERC-20 USDT", "0x00d02d4A148bCcc66C6de20C4EB1CbAB4298cDcc", "20000000",
         "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7", "", "raw-amount"),
        ("native 2.014 ETH", "0xfb6916095ca1df60bb79Ce92ce3ea74c37c5d359", "2.014", "ETH", "",
         "no-chain address-checksum"),
        ("spec sample (dynamic, UTF-8 language template, unreserved template 91)", "A93FO3230Q", "23.72", "CNY", "",
         "no-reference several-payees extra-charge"),
    ],
)  # fmt: skip
def test_a_code_says_who_is_paid_what_for_which_order(kind, account, amount, currency, reference, problems):
    code = read(next(v for v in VECTORS if v["kind"] == kind)["payload"], NOW)
    assert (code.account, code.currency, code.reference) == (account, currency, reference)
    assert code.amount == (Decimal(amount) if amount else None)
    assert sorted(code.problems) == sorted(problems.split())


def test_a_lightning_invoice_is_taken_apart_as_the_standard_explains_it():
    for vector in (v for v in VECTORS if v["scheme"] == "BOLT11" and v["valid"]):
        told, code = vector["decoded"], read(vector["payload"], NOW)
        assert code.account == told["node"], vector["kind"]
        assert code.reference == told["payment_hash"]
        assert code.fields["description"] == told["description"]
        assert code.amount == (Decimal(told["amount"]) if told["amount"] else None)
        made = PICO_MADE if "pico" in vector["kind"] else MADE
        assert code.expires_at == made + timedelta(seconds=told["expiry"])
        assert Problem.EXPIRED in code.problems
        assert (Problem.TEST_NETWORK in code.problems) == (code.fields["network"] == "tb")
    for vector in (v for v in VECTORS if v["scheme"] == "BOLT11" and not v["valid"]):
        with pytest.raises(BadPayload) as refusal:
            read(vector["payload"], NOW)
        assert refusal.value.field == vector["decoded"]["refused"], vector["kind"]


def test_every_problem_is_explained_where_it_is_defined():
    source = (HERE.parents[2] / "core/qr/code.py").read_text("utf-8")
    for problem in Problem:
        assert f'{problem.name} = "{problem.value}"\n    """' in source
