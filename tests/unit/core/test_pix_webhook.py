"""The PIX webhook: what the bank tells is read strictly, and no body whatever makes anything but BadWebhook."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.channels.pix import BadWebhook, Returned, read_webhook
from core.payments.receiving import Fact
from tests.builders import money

ROW: dict[str, Any] = {
    "endToEndId": "E12345678202610301200abcdef12345",
    "txid": "7978c0c97ea847e78e8849634473c1f1",
    "valor": "110.00",
    "chave": "pix@sampan.example",
    "horario": "2026-10-30T12:00:00.358Z",
    "pagador": {"cpf": "12345678909", "nome": "Maya Rossi"},
    "infoPagador": "0123456789",
}
RETURN = {"id": "0P12345", "rtrId": "D123", "valor": "110.00", "horario": {}, "status": "DEVOLVIDO"}


def webhook(**changes: Any) -> bytes:
    return json.dumps({"pix": [{**ROW, **changes}]}).encode()


def test_a_payment_is_told_with_its_reference_amount_moment_and_payer() -> None:
    assert list(read_webhook(webhook())) == [
        Fact(
            channel="pix",
            id="E12345678202610301200abcdef12345",
            reference="7978c0c97ea847e78e8849634473c1f1",
            amount=money("110.00 BRL"),
            at=datetime(2026, 10, 30, 12, 0, 0, 358_000, tzinfo=UTC),
            debtor_account="12345678909",
            debtor_name="Maya Rossi",
        )
    ]


def test_several_payments_come_in_one_message() -> None:
    body = json.dumps({"pix": [ROW, {**ROW, "endToEndId": "E2", "valor": "1.00"}]}).encode()
    assert [one.id for one in read_webhook(body)] == [ROW["endToEndId"], "E2"]


def test_a_payment_without_a_txid_or_payer_is_still_a_payment() -> None:
    body = json.dumps({"pix": [{key: ROW[key] for key in ("endToEndId", "valor", "horario")}]}).encode()
    (fact,) = read_webhook(body)
    assert isinstance(fact, Fact)
    assert (fact.reference, fact.debtor_account, fact.debtor_name) == ("", "", "")


def test_a_company_pays_by_its_cnpj_and_a_moment_in_another_zone_is_the_same_moment() -> None:
    (fact,) = read_webhook(webhook(pagador={"cnpj": "12345678000195"}, horario="2026-10-30T09:00:00-03:00"))
    assert isinstance(fact, Fact)
    assert (fact.debtor_account, fact.at) == ("12345678000195", datetime(2026, 10, 30, 12, tzinfo=UTC))


def test_a_refund_is_told_inside_its_payment() -> None:
    fact, returned = read_webhook(webhook(devolucoes=[RETURN]))
    assert isinstance(fact, Fact)
    assert returned == Returned("0P12345", "DEVOLVIDO", "D123", str(ROW["endToEndId"]), money("110.00 BRL"))


@pytest.mark.parametrize("changes", [
    {"valor": "0.00"}, {"valor": "-1.00"}, {"valor": "1,0,0"}, {"valor": "1.001"}, {"valor": "NaN"}, {"valor": None},
    {"valor": True}, {"valor": {}}, {"valor": "99999999999999999"}, {"endToEndId": ""}, {"endToEndId": "E 1"},
    {"endToEndId": "E" * 36}, {"endToEndId": None}, {"endToEndId": "Ｅ１"}, {"txid": "a b"}, {"txid": "x" * 36},
    {"txid": ["a"]}, {"horario": "noon"}, {"horario": None}, {"horario": 0}, {"pagador": "Maya"}, {"pagador": [1]},
    {"devolucoes": "x"}, {"devolucoes": {"id": 1}}, {"devolucoes": [1]}, {"devolucoes": 7},
    {"devolucoes": [{"id": "\ud800", "status": "DEVOLVIDO"}]}, {"devolucoes": [{"status": "DEVOLVIDO"}]},
    {"devolucoes": [{**RETURN, "valor": "1,0,0"}]}, {"devolucoes": [{**RETURN, "valor": None}]},
    {"horario": "0001-01-01T00:00:00+14:00"},
])  # fmt: skip
def test_a_row_with_a_wrong_field_is_refused_with_the_whole_message(changes: dict[str, Any]) -> None:
    body = json.dumps({"pix": [{**ROW, "endToEndId": "E1"}, {**ROW, **changes}]}).encode()
    with pytest.raises(BadWebhook) as fault:
        read_webhook(body)
    assert "Maya" not in str(fault.value) and "12345678909" not in str(fault.value)


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b'"pix"', b"{}", b'{"pix": null}', b'{"pix": {}}', b'{"pix": [1]}', b'{"pix": [null]}',
    b'{"pix": [[]]}', b'{"pix": ["endToEndId"]}', b"\xff\xfe", b"[" * 100_000, b'{"pix": ' + b"[" * 100_000,
    b'{"pix": [{"endToEndId": ' + b"9" * 5000 + b"}]}",
])  # fmt: skip
def test_what_is_no_pix_message_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook):
        read_webhook(body)


def test_a_message_without_payments_tells_nothing() -> None:
    assert list(read_webhook(b'{"pix": []}')) == []


def test_a_name_in_broken_characters_can_still_be_kept() -> None:
    (fact,) = read_webhook(webhook(pagador={"cpf": "1\ud800", "nome": "Ma\ud800ya\x00"}))
    assert isinstance(fact, Fact)
    fact.debtor_name.encode()
    fact.debtor_account.encode()
    assert "\x00" not in fact.debtor_name


@given(st.binary())
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook):
        read_webhook(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_ROWS = st.fixed_dictionaries(
    {},
    optional={name: st.just(value) | _JSON for name, value in ROW.items()} | {"devolucoes": _JSON | st.just([RETURN])},
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_ROWS | _JSON, max_size=3))
def test_any_json_is_facts_that_can_be_kept_or_is_refused(rows: list[Any]) -> None:
    try:
        told = list(read_webhook(json.dumps({"pix": rows}).encode()))
    except BadWebhook:
        return
    for one in told:
        if isinstance(one, Fact):
            assert one.amount.minor > 0
            one.at.astimezone(UTC)
            assert f"{one.id}{one.reference}".isascii()
            f"{one.debtor_account}{one.debtor_name}".encode()
        else:
            assert f"{one.id}{one.status}{one.evidence}".isascii()
