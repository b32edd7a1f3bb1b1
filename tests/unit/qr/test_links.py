"""Codes that are links (UPI, Ethereum, Bitcoin, Lightning, wallets' tokens), and links that would pass for one."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.qr import BadPayload, Problem, read

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
VECTORS = [
    v
    for name in (
        "vectors.json",
        "bolt11.json",
    )
    for v in json.loads((HERE / name).read_text("utf-8"))
]


SIGNED = next(v for v in VECTORS if v["kind"].startswith("signed intent"))["payload"]


@pytest.mark.parametrize(
    ("field", "link"),
    [
        ("payload", "upi://refund?pa=shop@bank&pn=Shop"),
        ("pa", "upi://pay?pn=Shop"),
        ("pa", "upi://pay?pa=shop&pn=Shop"),
        ("pa", "upi://pay?pa=shop@bank@bank&pn=Shop"),
        ("pn", "upi://pay?pa=shop@bank"),
        ("pn", "upi://pay?pa=shop@bank&pn=%20"),
        ("pn", "upi://pay?pa=shop@bank&pn=%FF"),
        ("pn", "upi://pay?pa=shop@bank&pn=%4"),
        ("cu", "upi://pay?pa=shop@bank&pn=Shop&cu=USD"),
        ("am", "upi://pay?pa=shop@bank&pn=Shop&am=1,00"),
        ("am", "upi://pay?pa=shop@bank&pn=Shop&am=-1"),
        ("am", "upi://pay?pa=shop@bank&pn=Shop&am=1.005"),
        ("am", "upi://pay?pa=shop@bank&pn=Shop&am=1e3"),
        ("mam", "upi://pay?pa=shop@bank&pn=Shop&am=1&mam=x"),
        ("tr", "upi://pay?pa=shop@bank&pn=Shop&tr=" + "x" * 36),
        ("parameters", "upi://pay?pa=shop@bank&pn=Shop&am=1.00&AM=9.00"),
        ("parameters", "upi://pay?pa=shop@bank&pa=thief@bank&pn=Shop"),
        ("parameters", "upi://pay?pa=shop@bank&pn"),
        ("QRexpire", "upi://pay?pa=shop@bank&pn=Shop&QRexpire=soon"),
        ("sign", "upi://pay?pa=shop@bank&pn=Shop&sign=AAAA"),
        ("sign", SIGNED.replace("+", "%2B")),
        ("sign", SIGNED.replace("+", " ")),
        ("sign", SIGNED + "&am=9.00"),
        ("sign", SIGNED + SIGNED[SIGNED.index("&sign=") :]),
        ("sign", "upi://pay?sign=AAAA&pa=shop@bank&pn=Shop"),
    ],
)
def test_a_upi_link_off_its_rules_is_refused_by_name(field, link):
    with pytest.raises(BadPayload) as refusal:
        read(link, NOW)
    assert refusal.value.field == field


def test_a_link_that_would_take_money_is_named():
    for verb in ("mandate", "collect"):
        assert Problem.COLLECT in read(f"upi://{verb}?pa=thief@bank&pn=Refund&am=1.00").problems
    assert Problem.COLLECT not in read("upi://pay?pa=shop@bank&pn=Shop&am=1.00").problems
    allowance = f"ethereum:{TOKEN}@1/approve?address={ADDRESS}&uint256=1e30"
    assert Problem.COLLECT in read(allowance).problems


def test_a_plus_in_a_upi_link_stays_a_plus():
    assert read("upi://pay?pa=shop@bank&pn=Tea+Oil&am=1.00").payee == "Tea+Oil"
    assert "+" in read(SIGNED).fields["sign"]


def test_a_upi_minimum_below_the_amount_lets_the_payer_give_less():
    link = "upi://pay?pa=shop@bank&pn=Shop&tr=S1042&am=100.00"
    assert read(f"{link}&mam=100").problems == (Problem.UNSIGNED,)
    assert Problem.EDITABLE_AMOUNT in read(f"{link}&mam=1").problems
    assert Problem.OPEN_AMOUNT in read("upi://pay?pa=shop@bank&pn=Shop&am=0").problems


# Ethereum, Bitcoin


ADDRESS = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
TOKEN = "0xdAC17F958D2ee523a2206206994597C13D831ec7"


@pytest.mark.parametrize(
    ("value", "wei"),
    [("1", 1), ("2.014e18", 2014 * 10**15), ("1e18", 10**18), (".5e1", 5), ("+1", 1), ("1E18", 10**18),
     (str(2**256 - 1), 2**256 - 1)],
)  # fmt: skip
def test_an_amount_in_scientific_notation_is_exact(value, wei):
    code = read(f"ethereum:{ADDRESS}@1?value={value}")
    assert code.fields["value_wei"] == str(wei)
    assert code.amount is not None
    assert int(f"{code.amount:f}".replace(".", "").ljust(1)) % 10 == int(str(wei).rstrip("0") or 0) % 10
    assert Decimal(f"{wei}e-18") == code.amount


@pytest.mark.parametrize(
    "link",
    [
        f"ethereum:{ADDRESS}@1?value=1.5",
        f"ethereum:{ADDRESS}@1?value=2.0141e3",
        f"ethereum:{ADDRESS}@1?value=-1",
        f"ethereum:{ADDRESS}@1?value=0",
        f"ethereum:{ADDRESS}@1?value=1e99",
        f"ethereum:{ADDRESS}@1?value={2**256}",
        f"ethereum:{ADDRESS}@1?value=",
        f"ethereum:{ADDRESS}@1?value=1&value=2",
        f"ethereum:{ADDRESS}@1?value=1&VALUE=2",
        f"ethereum:{ADDRESS}@1?gas=1&gasLimit=2",
        f"ethereum:{ADDRESS}@1?address={ADDRESS}&uint256=1",
        f"ethereum:{ADDRESS}@x?value=1",
        f"ethereum:{ADDRESS[:-1]}@1?value=1",
        f"ethereum:ox{ADDRESS[2:]}",
        f"ethereum:link-{ADDRESS}@1?value=1",
        f"ethereum:{ADDRESS.replace('fB', 'Fb')}@1?value=1",
        f"ethereum:{TOKEN}@1/transfer?uint256=1",
        f"ethereum:{TOKEN}@1/transfer?address={ADDRESS}&uint256=1&value=1",
        f"ethereum:{TOKEN}@1/transfer?address={ADDRESS}&uint256=0",
        f"ethereum:{TOKEN}@1/transfer?address=shop.eth&uint256=1",
        f"ethereum:{TOKEN}@1/transfer?address={ADDRESS.replace('fB', 'Fb')}&uint256=1",
    ],
)
def test_a_link_that_a_wallet_could_pay_wrongly_is_refused(link):
    with pytest.raises(BadPayload):
        read(link)


def test_a_link_says_which_chain_and_what_the_wallet_would_run():
    assert read(f"ethereum:{ADDRESS}?value=1").problems == (Problem.NO_CHAIN,)
    assert read(f"ethereum:{ADDRESS}@11155111?value=1").problems == (Problem.TEST_NETWORK,)
    assert read(f"ethereum:{ADDRESS}@137?value=1").currency == "eip155:137"
    assert Problem.REMOTE in read("ethereum:pay-shop.eth@1?value=1").problems
    assert Problem.CONTRACT_CALL in read(f"ethereum:{TOKEN}@1/mint?uint256=1").problems
    assert read(f"ethereum:{ADDRESS.lower()}@1?value=1").problems == ()
    assert read(f"ethereum:0x{ADDRESS[2:].upper()}@1?value=1").problems == ()


INVOICE = next(v for v in VECTORS if v["kind"] == "a cup of coffee within one minute")["payload"]
GENESIS = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"


def test_an_invoice_that_rides_along_is_judged_too():
    code = read(f"bitcoin:{GENESIS}?amount=0.0025&lightning={INVOICE}", NOW)
    assert code.problems == (Problem.SEVERAL_PAYEES, Problem.EXPIRED)
    assert code.reference == read(INVOICE).reference
    assert read(f"bitcoin:?lightning={INVOICE}").account == read(INVOICE).account
    for bad in (
        f"bitcoin:{GENESIS}?amount=0.0026&lightning={INVOICE}",
        f"bitcoin:{GENESIS}?lightning={INVOICE[:-1]}q",
        f"bitcoin:{GENESIS}?lightning={INVOICE}&lightning={INVOICE}",
        f"bitcoin:{GENESIS}?lightning=" + next(v for v in VECTORS if "testnet" in v["kind"])["payload"],
    ):
        with pytest.raises(BadPayload):
            read(bad)


def test_the_example_address_of_the_standard_is_told_from_a_real_one():
    code = read("bitcoin:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W?amount=20.3&label=Luke-Jr")
    assert code.problems == (Problem.ADDRESS_CHECKSUM,)
    with pytest.raises(BadPayload, match="checksum"):
        read("bitcoin:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245X?amount=20.3")


@settings(deadline=None)  # the signature of an invoice takes its time on a busy machine
@given(st.data())
def test_a_mistyped_address_never_passes(data):
    segwit = "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    link = data.draw(st.sampled_from([f"bitcoin:{GENESIS}", segwit, INVOICE]))
    at = data.draw(st.integers(link.find(":") + 1, len(link) - 1))
    other = data.draw(st.sampled_from("0123456789abcdefghijkmnpqrstuvwxyzABCDEFGH"))
    if link != f"bitcoin:{GENESIS}" and other.lower() == link[at]:
        return
    changed = link[:at] + other + link[at + 1 :]
    if changed != link:
        with pytest.raises(BadPayload):
            read(changed)


# What is no payment code, and links that would pass for one


@pytest.mark.parametrize(
    "text",
    [
        "https://qr.alipay.com.evil.example/bavh4wjlxf12tper3a",
        "https://qr.alipay.com@evil.example/bavh4wjlxf12tper3a",
        "http://qr.alipay.com/bavh4wjlxf12tper3a",
        "https://qr.alipay.com/bavh4wjlxf12tper3a?redirect=https://evil.example",
        "https://qr.alipay.com/../evil",
        "https://qr.alipay.com:8443/bavh4wjlxf12tper3a",
        "weixin://wxpay/other?pr=PR6u79czz",
        "weixin://dl/business/?t=abc",
        "https://t.me/login/12345",
        "tg://login?token=abc",
        "tg://resolve?domain=sampan_bot",
        "javascript:alert(1)",
        "upi:pay?pa=shop@bank&pn=Shop",
        "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        "WIFI:T:WPA;S:net;P:pass;;",
        "otpauth://totp/x?secret=ABC",
        "lnurl1dp68gurn8ghj7um9wfmxjcm99e3k7mf0v9cxj0m385ekvcenxc6r2c35xvukxefcv5mkvv34x5ekzd3ev56nyd3hxqurzepexejxxepnxscrvwfnv9nxzcn9xq6xyefhvgcxxcmyxymnserxfq5fns",
    ],
)
def test_what_is_no_payment_code_is_refused(text):
    with pytest.raises(BadPayload):
        read(text)


def test_printed_alipay_codes_stand_in_capitals():
    assert read("HTTPS://QR.ALIPAY.COM/FKX01234ABCD").reference == "FKX01234ABCD"
