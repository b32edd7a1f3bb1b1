"""The settlement report of Pix: a CSV of ours that says what it means, or is refused whole."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.channels.camt import BadStatement
from core.channels.pix_report import read_report
from core.payments.recon.bankline import LineKind
from core.payments.recon.reported import Reported
from tests.builders import money

HEAD = "account,type,id,settled_at,gross,fee,net,txid,our_id,of,batch"
PAID = "pix@shop,payment,E1,2026-10-30T09:00:00-03:00,100.00,0.99,99.01,TX1,,,"
BACK = "pix@shop,refund,D1,2026-10-30T12:00:00Z,-40.00,0.00,-40.00,,OP1,E1,"
REPORT = "\n".join([HEAD, PAID, BACK]) + "\n"


def read(text: str | bytes) -> list[Reported]:
    body = text.encode() if isinstance(text, str) else text
    (told,) = read_report(body, "pix@shop")
    assert told.final
    return list(told.lines)


def test_a_payment_and_a_refund_are_told_with_their_fees_and_names() -> None:
    paid, back = read(REPORT)
    assert (paid.kind, paid.fact, paid.reference, paid.firm) == (LineKind.PAYMENT, "E1", "TX1", True)
    assert (paid.gross, paid.kept) == (money("100.00 BRL"), money("0.99 BRL"))
    assert paid.at == datetime(2026, 10, 30, 12, tzinfo=UTC)
    assert (back.kind, back.fact, back.name, back.of) == (LineKind.REFUND, "D1", "OP1", "E1")
    assert back.gross == money("-40.00 BRL")


def test_columns_may_come_in_any_order_by_semicolons_with_strangers_among_them() -> None:
    rows = [line.split(",") for line in REPORT.splitlines()]
    turned = "\r\n".join(";".join([*reversed(row), "X"]) for row in rows)
    assert read("\ufeff" + turned) == read(REPORT)


def test_the_same_bytes_are_the_same_document() -> None:
    one, other = (read_report(text.encode(), "pix@shop")[0] for text in (REPORT, REPORT + "\n"))
    assert one.document == read_report(REPORT.encode(), "pix@shop")[0].document != other.document


@pytest.mark.parametrize("text", [
    b"", b"\xff\xfe", b"\x00", "hello", HEAD, HEAD.replace(",net", ""), REPORT.replace("payment", "income"),
    REPORT.replace("pix@shop,payment", "other@shop,payment"), REPORT.replace("99.01", "99.02"),
    REPORT.replace("100.00,0.99,99.01", "100,0.99,99.01"), REPORT.replace("100.00,0.99,99.01", "-100.00,0.99,-100.99"),
    REPORT.replace("-40.00,0.00,-40.00", "40.00,0.00,40.00"), REPORT.replace("100.00,0.99,99.01", "0.00,0.00,0.00"),
    REPORT.replace("2026-10-30T09:00:00-03:00", "yesterday"), REPORT.replace(",E1,2026", ",,2026"),
    REPORT.replace(",E1,2026", ",E 1,2026"), REPORT + PAID, REPORT.replace("TX1", "=cmd()"),
    REPORT.replace("100.00,0.99,99.01", "1e2.00,0.99,99.01"), '"' + REPORT, REPORT.replace("D1", "D1" * 40),
])  # fmt: skip
def test_what_is_no_report_is_refused_whole(text: str | bytes) -> None:
    with pytest.raises(BadStatement):
        read(text)


@given(st.binary())
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(BadStatement):
        read(body)


def test_a_batch_that_has_arrived_is_told_as_a_settlement_and_is_part_of_none() -> None:
    arrived = "pix@shop,settlement,T1,2026-10-30T12:00:00Z,99.01,0.00,99.01,,,,PO-77"
    (line,) = read(f"{HEAD}\n{arrived}\n")
    assert (line.kind, line.reference, line.batch, line.gross) == (
        LineKind.SETTLEMENT, "PO-77", "", money("99.01 BRL"),
    )  # fmt: skip
