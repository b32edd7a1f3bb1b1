"""The codes of Cambodia, Malaysia, Singapore, Thailand and Vietnam: their traps, and what is refused by name."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.qr import BadPayload, Problem, Scheme, khqr, read, tlv

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
VECTORS = [v for name in ("vectors.json",) for v in json.loads((HERE / name).read_text("utf-8"))]


# The traps: what is widely copied, or widely misread.


def test_the_checksum_printed_in_the_napas_document_is_wrong():
    """F4E5 belongs to a misprint with the inner length 0112; the code as it is meant has 9E6F."""
    printed = next(v for v in VECTORS if "TRAP: the CRC F4E5" in v["kind"])["payload"]
    with pytest.raises(BadPayload, match="checksum is wrong"):
        read(printed)
    assert read(printed[:-4] + "9E6F").account == "970403/0011012345678"
    misprint = printed.replace("01130011012345678", "01120011012345678")
    with pytest.raises(BadPayload):  # sealed right, and its inner lengths do not add up
        read(misprint)


def test_a_length_counts_characters_and_the_checksum_bytes():
    name = "最佳运输"
    body = tlv.build([("00", "01"), ("26", tlv.build([("00", "a.b")])), ("53", "156"), ("58", "CN"), ("59", name)])
    assert f"5904{name}" in body
    assert read(tlv.seal(body)).payee == name
    by_characters = "".join(chr(ord(char) & 0xFF) for char in f"{body}6304")
    with pytest.raises(BadPayload, match="checksum"):  # as a library that sums up character codes would seal it
        read(f"{body}6304{tlv.crc16(by_characters.encode('latin-1'))}")


def _khqr(**change: str | None) -> str:
    fields: dict[str, str | None] = {
        "00": "01", "01": "12", "29": tlv.build([("00", "john_smith@devb")]), "52": "5999", "53": "116", "54": "5000",
        "58": "KH", "59": "John Smith", "60": "Phnom Penh", "62": tlv.build([("01", "S-1042")]),
    }  # fmt: skip
    fields |= {tag.removeprefix("t"): value for tag, value in change.items()}
    return tlv.seal(tlv.build([(tag, value) for tag, value in fields.items() if value is not None]))


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def test_a_dynamic_khqr_lives_until_the_moment_in_its_tag_99():
    end = NOW + timedelta(minutes=10)
    payload = _khqr(t99=tlv.build([("00", _milliseconds(NOW)), ("01", _milliseconds(end))]))
    assert read(payload, NOW).problems == ()
    assert read(payload, NOW).expires_at == end
    assert read(payload, end - timedelta(milliseconds=1)).problems == ()
    assert read(payload, end).problems == (Problem.EXPIRED,)
    assert read(payload).problems == ()  # nobody said what time it is
    for bad in ("179540422416", "17954042241x6"):
        with pytest.raises(BadPayload, match="milliseconds"):
            read(_khqr(t99=tlv.build([("01", bad)])))


def test_a_khqr_is_known_by_its_md5_at_the_operator():
    payload = next(v for v in VECTORS if v["scheme"] == "KHQR")["payload"]
    assert read(payload).fields["md5"] == khqr.lookup(payload)
    assert khqr.lookup("abc") == "900150983cd24fb0d6963f7d28e17f72"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("29", {"t30": tlv.build([("00", "a@bank"), ("01", "1"), ("02", "b")])}),
        ("29.00", {"t29": tlv.build([("00", "nobody")])}),
        ("30", {"t29": None, "t30": tlv.build([("00", "a@bank"), ("01", "1")])}),
        ("53", {"t53": "764"}),
        ("54", {"t54": "5000.5"}),
        ("54", {"t53": "840", "t54": "1.005"}),
        ("54", {"t54": "0"}),
        ("62", {"t62": tlv.build([("01", "x" * 26)])}),
        ("59", {"t59": None}),
        ("60", {"t60": "x" * 16}),
    ],
)
def test_a_sealed_khqr_off_its_rules_is_refused_by_name(field, change):
    with pytest.raises(BadPayload) as refusal:
        read(_khqr(**change))
    assert refusal.value.field == field


def _duitnow(**change: str | None) -> str:
    fields: dict[str, str | None] = {
        "00": "02", "01": "11", "26": tlv.build([("00", "A0000006150001"), ("01", "501664"), ("02", "123456789")]),
        "52": "0000", "53": "458", "54": "10.00", "58": "MY", "59": "AUSERNAME", "60": "BANGI",
    }  # fmt: skip
    fields |= {tag.removeprefix("t"): value for tag, value in change.items()}
    return tlv.seal(tlv.build([(tag, value) for tag, value in fields.items() if value is not None]))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("00", {"t00": "03"}),
        ("26.01", {"t26": tlv.build([("00", "A0000006150001"), ("01", "50166"), ("02", "1")])}),
        ("26.02", {"t26": tlv.build([("00", "A0000006150001"), ("01", "501664"), ("02", "x" * 29)])}),
        ("53", {"t53": "702"}),
        ("54", {"t54": "10.001"}),
        ("59", {"t59": None}),
        ("82", {"t82": "f879ac62"}),
    ],
)
def test_a_sealed_duitnow_code_off_its_rules_is_refused_by_name(field, change):
    assert read(_duitnow()).account == "501664/123456789"
    with pytest.raises(BadPayload) as refusal:
        read(_duitnow(**change))
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("field", "account"),
    [
        ("38.01.00", (("01", tlv.build([("00", "97040"), ("01", "1")])), ("02", "QRIBFTTA"))),
        ("38.01.01", (("01", tlv.build([("00", "970403"), ("01", "1" * 20)])), ("02", "QRIBFTTA"))),
        ("38.01.01", (("01", tlv.build([("00", "970403"), ("01", "ABC")])), ("02", "QRIBFTTC"))),
        ("38.01.01", (("01", tlv.build([("00", "970403"), ("01", "1")])), ("02", "OTHER"))),
        ("38.01.00", (("02", "QRIBFTTA"),)),
    ],
)
def test_a_sealed_vietqr_off_its_rules_is_refused_by_name(field, account):
    inside = tlv.build([("00", "A000000727"), *account])
    payload = tlv.seal(tlv.build([("00", "01"), ("38", inside), ("53", "704"), ("58", "VN")]))
    with pytest.raises(BadPayload) as refusal:
        read(payload)
    assert refusal.value.field == field


def test_a_vietqr_account_of_another_tag_is_refused():
    payload = next(v for v in VECTORS if v["kind"] == "static ACB")["payload"]
    moved = [("39" if tag == "38" else tag, value) for tag, value in tlv.unseal(payload)]
    with pytest.raises(BadPayload, match="another tag"):
        read(tlv.seal(tlv.build(moved)))


def test_a_fraction_of_a_dong_is_refused():
    account = tlv.build([("00", "970403"), ("01", "1")])
    inside = tlv.build([("00", "A000000727"), ("01", account), ("02", "QRIBFTTA")])
    with pytest.raises(BadPayload) as refusal:
        read(tlv.seal(tlv.build([("00", "01"), ("38", inside), ("53", "704"), ("54", "180000.5"), ("58", "VN")])))
    assert refusal.value.field == "54"


def _paynow(**change: str | None) -> str:
    account = {"00": "SG.PAYNOW", "01": "2", "02": "201403121W", "03": "0", "04": "20261123"}
    account |= {tag.removeprefix("a"): value for tag, value in change.items() if tag.startswith("a") and value}
    fields: dict[str, str | None] = {
        "00": "01", "01": "12", "26": tlv.build(account.items()), "52": "0000", "53": "702", "54": "50.0", "58": "SG",
        "59": "ACME Pte Ltd.", "60": "Singapore", "62": tlv.build([("01", "S-1042")]),
    }  # fmt: skip
    fields |= {tag.removeprefix("t"): value for tag, value in change.items() if tag.startswith("t")}
    return tlv.seal(tlv.build([(tag, value) for tag, value in fields.items() if value is not None]))


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("20261123", "2026-11-24T00:00:00+08:00"),
        ("261123095959", "2026-11-23T09:59:59+08:00"),
        ("20261123095959", "2026-11-23T09:59:59+08:00"),
    ],
)
def test_a_paynow_code_ends_by_singapores_clock_however_it_is_written(written, end):
    payload, moment = _paynow(a04=written), datetime.fromisoformat(end)
    assert read(payload, moment - timedelta(seconds=1)).problems == ()
    assert read(payload, moment).problems == (Problem.EXPIRED,)
    assert read(payload).expires_at == moment


def test_a_paynow_amount_that_the_payer_may_change_is_named():
    assert read(_paynow(), NOW).problems == ()
    assert read(_paynow(a03="1"), NOW).problems == (Problem.EDITABLE_AMOUNT,)
    assert read(_paynow(a03="1", t54=None), NOW).problems == (Problem.OPEN_AMOUNT, Problem.EDITABLE_AMOUNT)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("26.02", {"a01": "0"}),
        ("26.02", {"a01": "1"}),
        ("26.02", {"a02": "x"}),
        ("26.03", {"a03": "2"}),
        ("26.04", {"a04": "20261301"}),
        ("26.04", {"a04": "2026112"}),
        ("26.04", {"a04": "99991231"}),
        ("26.04", {"a04": "2026-1-1"}),
        ("53", {"t53": "840"}),
        ("54", {"t54": "1,50"}),
        ("54", {"t54": "1.505"}),
        ("58", {"t58": "MY"}),
        ("59", {"t59": None}),
    ],
)
def test_a_sealed_paynow_code_off_its_rules_is_refused_by_name(field, change):
    with pytest.raises(BadPayload) as refusal:
        read(_paynow(**change))
    assert refusal.value.field == field


def _thai(tag: str, *objects: tuple[str, str], **change: str) -> str:
    fields = {"00": "01", "01": "11", tag: tlv.build(objects), "53": "764", "58": "TH"}
    return tlv.seal(tlv.build((fields | {key.removeprefix("t"): value for key, value in change.items()}).items()))


TRANSFER, BILL = ("00", "A000000677010111"), ("00", "A000000677010112")


def test_thai_codes_of_every_kind_of_payee_are_read():
    assert read(_thai("29", TRANSFER, ("03", "012345678901234"))).account == "012345678901234"
    assert read(_thai("29", ("00", "A000000677010114"), ("04", "0140123456789"))).account == "0140123456789"
    bill = read(_thai("30", BILL, ("01", "011223344556600"), ("02", "S1042"), ("03", "REF2"), t54="99.50"))
    assert (bill.account, bill.reference, bill.amount, bill.problems) == (
        "011223344556600",
        "S1042",
        Decimal("99.5"),
        (),
    )
    assert read(_thai("30", ("00", "A000000677012006"), ("01", "0112233445566"), ("02", "A"))).reference == "A"


def test_a_truemoney_code_shows_its_note():
    """promptparse 1.6.0 built it."""
    payload = ("00020101021229390016A000000677010111031514000080111111153037645802TH540510.0081480048006500"
               "6C006C006F00200057006F0072006C0064002163043591")  # fmt: skip
    code = read(payload)
    assert (code.account, code.amount, code.fields["message"]) == ("140000801111111", Decimal(10), "Hello World!")


@pytest.mark.parametrize(
    ("field", "payload"),
    [
        ("29", _thai("29", TRANSFER)),
        ("29", _thai("29", TRANSFER, ("01", "0066812223333"), ("02", "0" * 13))),
        ("29.01", _thai("29", TRANSFER, ("01", "0065812223333"))),
        ("29.02", _thai("29", TRANSFER, ("02", "12"))),
        ("30", _thai("30", TRANSFER, ("01", "0066812223333"))),
        ("29", _thai("29", BILL, ("01", "0" * 13), ("02", "A"))),
        ("30.01", _thai("30", BILL, ("01", "0" * 14), ("02", "A"))),
        ("30.02", _thai("30", BILL, ("01", "0" * 13))),
        ("30.03", _thai("30", BILL, ("01", "0" * 13), ("02", "A"), ("03", "no spaces"))),
        ("26", _thai("29", TRANSFER, ("01", "0066812223333"), t30=tlv.build([BILL, ("01", "0" * 13), ("02", "A")]))),
        ("53", _thai("29", TRANSFER, ("01", "0066812223333"), t53="704")),
        ("81", _thai("29", TRANSFER, ("01", "0066812223333"), t81="202E")),
    ],
)
def test_a_sealed_thai_code_off_its_rules_is_refused_by_name(field, payload):
    with pytest.raises(BadPayload) as refusal:
        read(payload)
    assert refusal.value.field == field


def test_a_slip_is_never_taken_for_a_code_to_pay():
    bank = next(v for v in VECTORS if v["scheme"] == "Thai slip mini-QR")["payload"]
    wallet = "00480002010102010203P2P0313TXN0123456789040825012024910426a8"  # promptparse 1.6.0 built it
    for payload, transfer in ((bank, "00111222233344ABCD12"), (wallet, "TXN0123456789")):
        code = read(payload)
        assert (code.scheme, code.reference, code.amount) == (Scheme.THAI_SLIP, transfer, None)
        assert code.problems == (Problem.SLIP,)
        with pytest.raises(BadPayload, match="checksum"):
            read(payload[:-1] + "0")
    transfer = tlv.build([("00", "000001"), ("01", "014"), ("02", "1")])
    with pytest.raises(BadPayload, match="not a Thai slip"):
        read(tlv.seal(tlv.build([("00", transfer), ("51", "TH"), ("54", "9.00")]), "91"))
    with pytest.raises(BadPayload, match="not a Thai slip"):
        read(
            tlv.seal(tlv.build([("00", tlv.build([("00", "000001"), ("01", "014"), ("02", "1")])), ("51", "VN")]), "91")
        )


def test_a_second_payee_in_a_code_is_named():
    """A forger adds an account of another app's to our own code: what we judge is not what that app pays."""
    ours = next(v for v in VECTORS if v["kind"] == "static, no amount, txid ***")["payload"]
    theirs = tlv.build([("00", "SG.PAYNOW"), ("01", "0"), ("02", "+6584554295")])
    both = tlv.seal(tlv.build([*tlv.unseal(ours), ("27", theirs)]))
    assert Problem.SEVERAL_PAYEES not in read(ours).problems
    assert Problem.SEVERAL_PAYEES in read(both).problems


def test_a_scheme_is_told_by_its_account_and_not_by_a_name():
    account = tlv.build([("00", "com.example"), ("01", "7")])
    fields = [
        ("00", "01"),
        ("26", account),
        ("53", "986"),
        ("58", "BR"),
        ("59", "br.gov.bcb.pix SG.PAYNOW"),
        ("60", "B"),
    ]
    assert read(tlv.seal(tlv.build(fields))).scheme is Scheme.EMV
