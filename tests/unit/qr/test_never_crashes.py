"""Whatever a stranger's picture decodes to, the reader answers: a payment code or BadPayload, and soon."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.qr import BadPayload, PaymentCode, classify, read, tlv

HERE = Path(__file__).parent
PAYLOADS = sorted(
    {
        vector["payload"]
        for name in ("vectors.json", "bolt11.json", "more.json")
        for vector in json.loads((HERE / name).read_text("utf-8"))
    }
)
STARTS = (
    "upi://pay?", "upi://mandate?pa=", "bitcoin:", "bitcoin:?", "ethereum:0x", "lightning:lnbc", "LNBC1", "wxp://",
    "SPC\n0200\n1\n", "BCD\n002\n1\nSCT\n", "weixin://wxpay/", "https://qr.alipay.com/", "000201", "0041000600000101",
)  # fmt: skip
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SOON = 1.0  # seconds of CPU for one payload; a deadline of the wall clock would judge the machine's other work


def judged(payload):
    """What the reader makes of it; anything but its two answers is a failure."""
    before = time.thread_time()
    code = None
    with suppress(BadPayload):
        code = read(payload, NOW)
    assert time.thread_time() - before < SOON
    assert code is None or isinstance(code, PaymentCode)
    return code


@settings(deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=300) | st.text("0123456789", max_size=200))
def test_nonsense_is_refused(nonsense):
    assert judged(nonsense) is None


@settings(deadline=None)
@given(start=st.sampled_from(STARTS), rest=st.text(max_size=120) | st.text("0123456789aAzZ%&=@+/.:?\n", max_size=120))
@example(start="ethereum:0x", rest="a" * 40 + "?value=" + "9" * 78 + "e99")
@example(start="upi://pay?", rest="pa=a@b&pn=\ud800")
@example(start="bitcoin:", rest="?amount=" + "9" * 5000)
def test_what_begins_like_a_code_is_judged_whole(start, rest):
    judged(start + rest)


@settings(deadline=None)
@given(data=st.data())
def test_a_mutated_code_is_judged(data):
    payload = data.draw(st.sampled_from(PAYLOADS))
    at, end = sorted((data.draw(st.integers(0, len(payload))), data.draw(st.integers(0, len(payload)))))
    insert = data.draw(st.text(max_size=4) | st.just(payload[at:end] * 2))
    judged(payload[:at] + insert + payload[end:])


@settings(deadline=None)
@given(data=st.data())
def test_a_sealed_code_of_any_fields_is_judged(data):
    """The checksum is right, as any forger's is: the rules behind it are met by every sort of template."""
    inner = st.lists(
        st.tuples(st.from_regex(r"[0-9]{2}", fullmatch=True), st.text(min_size=1, max_size=20)), max_size=4
    )
    guids = st.sampled_from(["br.gov.bcb.pix", "SG.PAYNOW", "A000000727", "A000000677010111", "A000000677010112",
                             "A0000006150001", "SG.SGQR", "user@bank"])  # fmt: skip
    fields = [("00", "01")]
    for tag in data.draw(
        st.lists(st.sampled_from(["26", "29", "30", "38", "51", "62", "64", "80", "99"]), unique=True)
    ):
        value = tlv.build([("00", data.draw(guids)), *data.draw(inner)])
        fields.append((tag, value[:99]))
    country, currency = data.draw(st.sampled_from([("BR", "986"), ("SG", "702"), ("VN", "704"), ("TH", "764"),
                                                   ("MY", "458"), ("KH", "840"), ("KH", "116")]))  # fmt: skip
    fields += [("52", "0000"), ("53", currency), ("58", country), ("59", "N"), ("60", "C")]
    fields += data.draw(
        st.lists(st.tuples(st.sampled_from(["01", "54", "55", "82"]), st.text(min_size=1, max_size=14)))
    )
    judged(tlv.seal(tlv.build(fields)))


@settings(deadline=None)
@given(st.sampled_from(PAYLOADS), st.binary(max_size=3), st.integers(0, 400))
def test_damaged_bytes_are_judged(payload, noise, at):
    data = payload.encode()
    judged(data[:at] + noise + data[at + 1 :])


@pytest.mark.parametrize(
    "huge",
    ["0" * 10**6, "000201" + "9" * 10**6, "A" * 10**6, "upi://pay?" + "a=1&" * 250_000, "lnbc1" + "q" * 10**6,
     "bitcoin:1" + "1" * 10**6, "BCD\n" * 250_000, b"\xff" * 10**6, "ethereum:0x" + "0" * 10**6,
     "https://qr.alipay.com/" + "a" * 10**6],
    ids=lambda text: f"{text[:12]!r}",
)  # fmt: skip
def test_a_million_characters_are_refused_at_the_door(huge):
    started = time.thread_time()
    with pytest.raises(BadPayload, match="longer than any QR code"):
        read(huge)
    assert classify(str(huge)) is None
    assert time.thread_time() - started < 0.05


@pytest.mark.parametrize(
    "largest",
    [
        "lnbc1" + "q" * 7000,
        "bitcoin:" + "z" * 7000,
        "upi://pay?pa=a@b&pn=x" + "&a=%41" * 1100,
        "ethereum:0x" + "a" * 40 + "?value=1" + "&b=1" * 1700,
        "SPC\n" + "\n" * 7000,
        "BCD\n002\n1\nSCT\n\n" + "a" * 7000,
        "upi://pay?pa=a@b&pn=" + "%C3%A9" * 1100,
        "bitcoin:?lightning=lnbc1" + "p" * 7000,
    ],
    ids=lambda text: f"{text[:22]!r}",
)
def test_the_largest_code_that_fits_is_judged_soon(largest):
    assert len(largest) < 7089
    judged(largest)


def test_templates_inside_templates_end():
    value = "x"
    while len(value) <= 95:
        value = tlv.build([("00", value)])
    with pytest.raises(BadPayload):
        read(tlv.seal(tlv.build([("00", "01"), ("26", value), ("53", "986"), ("58", "BR"), ("26", value)])))
