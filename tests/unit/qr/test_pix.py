"""PIX codes: what we build is read back whole, and what is damaged or ambiguous is refused."""

import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj, cpf

from core.qr import BadPayload, Scheme, classify, pix, read, tlv

EVP = "123e4567-e12b-12d1-a456-426655440000"
ASCII = string.ascii_letters + string.digits + " .,-*/&"

ASKED = {"key": EVP, "merchant_name": "Casa do Sol", "merchant_city": "Salvador", "txid": "S1042"}


def _cpf(number: int) -> str:
    body = f"{number:09d}"
    return body + cpf._calc_check_digits(body)


def _cnpj(body: str) -> str:
    return body + cnpj.calc_check_digits(body)


keys = st.one_of(
    st.uuids().map(str),
    st.integers(1, 999_999_999).map(_cpf),
    st.from_regex(r"[1-9A-Z][0-9A-Z]{11}", fullmatch=True).map(_cnpj),
    st.from_regex(r"\+55[1-9]{2}9[0-9]{8}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,20}@[a-z]{1,20}\.(com|com\.br)", fullmatch=True),
)
names = st.text(ASCII, min_size=1, max_size=60).filter(lambda text: pix.plain(text, 15))
txids = st.text(string.ascii_letters + string.digits, min_size=1, max_size=25)
amounts = st.integers(1, 10**12 - 1).map(lambda cents: Decimal(cents) / 100)


@given(key=keys, name=names, city=names, txid=txids, amount=st.none() | amounts, note=st.just("") | names)
def test_what_is_built_is_read_back(key, name, city, txid, amount, note):
    payload = pix.build_static(
        key=key, merchant_name=name, merchant_city=city, txid=txid, amount=amount, description=note
    )
    code = pix.parse(payload)
    assert (code.kind, code.key, code.txid, code.amount) == (pix.PixKind.STATIC, key, txid, amount)
    assert code.merchant_name == pix.plain(name, 25)
    assert code.merchant_city == pix.plain(city, 15)
    assert pix.plain(note, 72).startswith(code.description)


@given(data=st.data(), txid=txids, amount=amounts)
def test_a_single_changed_character_is_refused(data, txid, amount):
    payload = pix.build_static(**{**ASKED, "txid": txid}, amount=amount)
    at = data.draw(st.integers(0, len(payload) - 1))
    other = data.draw(st.characters().filter(lambda char: char != payload[at]))
    with pytest.raises(BadPayload):
        read(payload[:at] + other + payload[at + 1 :])


def test_every_lower_case_turn_of_a_code_is_refused():
    payload = pix.build_static(**ASKED)
    for at, char in enumerate(payload):
        if char.swapcase() != char:
            with pytest.raises(BadPayload):
                pix.parse(payload[:at] + char.swapcase() + payload[at + 1 :])


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (EVP, pix.PixKey.EVP),
        ("+5571999990000", pix.PixKey.PHONE),
        ("loja@example.com", pix.PixKey.EMAIL),
        ("52998224725", pix.PixKey.CPF),
        ("16727230000197", pix.PixKey.CNPJ),
        ("12ABC34501DE35", pix.PixKey.CNPJ),
    ],
)
def test_each_kind_of_key_is_told_from_the_others(key, kind):
    assert pix.key_kind(key) is kind


@pytest.mark.parametrize(
    "key",
    [
        "",
        "52998224724",
        "16727230000198",
        "529.982.247-25",
        "Loja@example.com",
        EVP.upper(),
        "5571999990000",
        "+5571",
        "a@b",
        "٥٢٩٩٨٢٢٤٧٢٥",
        "a" * 70 + "@example.com",
    ],
)
def test_a_key_that_no_bank_registers_is_refused(key):
    with pytest.raises(BadPayload, match="not a PIX key"):
        pix.build_static(**{**ASKED, "key": key})


@pytest.mark.parametrize(
    "amount", [Decimal(0), Decimal(-1), Decimal("0.001"), Decimal("1E30"), Decimal("NaN"), Decimal("Infinity")]
)
def test_an_amount_that_reais_cannot_say_is_refused(amount):
    with pytest.raises(BadPayload, match="54"):
        pix.build_static(**ASKED, amount=amount)


@pytest.mark.parametrize("txid", ["", "S-1042", "x" * 26, "***", "é"])
def test_a_txid_that_banks_would_drop_is_refused(txid):
    with pytest.raises(BadPayload, match=r"62\.05"):
        pix.build_static(**{**ASKED, "txid": txid})


def test_names_are_folded_to_what_br_codes_can_carry():
    code = pix.parse(
        pix.build_static(**{**ASKED, "merchant_name": "São João\nArmazém de Produtos", "merchant_city": "Brasília"})
    )
    assert (code.merchant_name, code.merchant_city) == ("Sao Joao Armazem de Produ", "Brasilia")
    with pytest.raises(BadPayload, match="59"):
        pix.build_static(**{**ASKED, "merchant_name": "茶舍"})


def _sealed(*, change: dict[str, str | None], last: tuple[tuple[str, str], ...] = ()) -> str:
    fields: dict[str, str | None] = {
        "00": "01",
        "26": tlv.build([("00", pix.GUID), ("01", EVP)]),
        "52": "0000",
        "53": "986",
        "58": "BR",
        "59": "A",
        "60": "B",
        "62": tlv.build([("05", "T1")]),
    } | change
    return tlv.seal(tlv.build([(tag, value) for tag, value in fields.items() if value is not None] + list(last)))


def _pix_template(*fields: tuple[str, str]) -> str:
    return tlv.build([("00", pix.GUID), *fields])


def test_the_plain_code_these_refusals_are_made_from_is_good():
    assert pix.parse(_sealed(change={})).txid == "T1"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("00", {"00": "02"}),
        ("01", {"01": "13"}),
        ("26", {"26": None, "27": tlv.build([("00", "another.scheme")])}),
        ("26", {"26": _pix_template(("02", "no account at all"))}),
        ("26", {"26": _pix_template(("01", EVP), ("25", "pix.example.com/x"))}),
        ("26.01", {"26": tlv.build([("00", pix.GUID), ("01", "a@b.com"), ("01", "c@d.com")])}),
        ("27", {"27": _pix_template(("01", "a@b.com"))}),
        ("26.25", {"26": _pix_template(("25", "user@pix.example.com/x")), "62": tlv.build([("05", "***")])}),
        ("26.25", {"26": _pix_template(("25", "pix.example.com")), "62": tlv.build([("05", "***")])}),
        ("62.05", {"26": _pix_template(("25", "pix.example.com/x"))}),
        ("52", {"52": "000"}),
        ("53", {"53": "840"}),
        ("54", {"54": "0.00"}),
        ("54", {"54": "1.234"}),
        ("54", {"54": "1,50"}),
        ("58", {"58": "AR"}),
        ("59", {"59": None}),
        ("59", {"59": "x" * 26}),
        ("60", {"60": "x" * 16}),
        ("62", {"62": None}),
        ("62.05", {"62": tlv.build([("05", "x" * 26)])}),
        ("62.05", {"62": tlv.build([("01", "T1")])}),
        ("80.25", {"80": _pix_template(("25", "https://pix.example.com/rec"))}),
    ],
)
def test_a_sealed_code_that_breaks_the_rules_of_pix_is_refused_by_name(field, change):
    with pytest.raises(BadPayload) as refusal:
        pix.parse(_sealed(change=change))
    assert refusal.value.field == field


def test_a_tag_given_twice_is_refused():
    with pytest.raises(BadPayload, match="given twice"):
        read(_sealed(change={}, last=(("59", "Another name"),)))


def test_the_identifier_may_be_upper_case_and_in_another_template():
    payload = _sealed(
        change={"26": tlv.build([("00", "SG.PAYNOW"), ("02", "x")]), "30": _pix_template(("01", EVP)).upper()}
    )
    with pytest.raises(BadPayload):  # EVP keys are lower case
        pix.parse(payload)
    good = tlv.build([("00", pix.GUID.upper()), ("01", EVP)])
    assert pix.parse(_sealed(change={"26": tlv.build([("00", "SG.PAYNOW"), ("02", "x")]), "30": good})).key == EVP


def test_a_standing_order_beside_a_charge_is_named():
    payload = _sealed(change={"80": _pix_template(("25", "pix.example.com/rec/1"))})
    assert pix.parse(payload).kind is pix.PixKind.COMPOSITE
    assert "recurring" in read(payload).problems


def test_a_standing_order_alone_is_no_way_to_pay_once():
    """pix-utils 2.8.2 builds it: an account template without an account, and the address of the order to accept."""
    rec = _pix_template(("25", "pix.example.com/rec/1"))
    payload = _sealed(change={"26": _pix_template(), "62": tlv.build([("05", "***")]), "80": rec})
    assert pix.parse(payload).kind is pix.PixKind.RECURRENCE
    assert read(payload).problems == ("remote", "recurring", "collect")


def test_what_a_code_leaves_open_is_told():
    assert read(pix.build_static(**ASKED)).problems == ("open-amount",)
    assert read(pix.build_static(**ASKED, amount=Decimal("10"))).problems == ()
    assert read(_sealed(change={"62": tlv.build([("05", "***")])})).problems == ("open-amount", "no-reference")


def test_a_refusal_never_quotes_the_code():
    payload = _sealed(change={"26": _pix_template(("01", "secret@person"))})
    with pytest.raises(BadPayload) as refusal:
        read(payload)
    assert "secret" not in str(refusal.value)


@given(st.text(max_size=120) | st.binary(max_size=120) | st.text("0123456789", max_size=80))
def test_nonsense_is_refused_and_never_crashes(nonsense):
    with pytest.raises(BadPayload):
        read(nonsense)


def test_links_and_words_are_no_payment_code():
    for text in ("https://example.com/pay", "tg://resolve?domain=sampan", "", "hello"):
        assert classify(text) is None
    assert classify(pix.build_static(**ASKED)) is Scheme.PIX
