"""Judge: bank messages that other people wrote, read by our reader of camt.05x."""

from datetime import UTC, datetime
from pathlib import Path

from core.channels.camt import read_camt
from core.payments.recon.bankline import LineKind
from tests.builders import NOON, money

SAMPLES = Path(__file__).parent / "camt"


def test_a_notification_with_a_prefixed_namespace_and_a_debit_without_a_bank_reference() -> None:
    document = (SAMPLES / "camt.054.001.08-notification.xml").read_bytes()
    (told,) = read_camt(document, "DE89370400440532013000", NOON, "sepa")
    paid, sent = told.lines
    assert not told.final
    assert (paid.kind, paid.fact, paid.reference) == (LineKind.PAYMENT, "TX-20260116-0001", "INVOICE 2026-0042")
    assert (paid.gross, paid.at) == (money("1500.00 EUR"), datetime(2026, 1, 16, 17, 45, tzinfo=UTC))
    assert paid.debtor_name == "Example Corp"
    assert (sent.kind, sent.name, sent.fact) == (LineKind.REFUND, "E2E-0002", "NTFY-001/E2E-0002")
    assert sent.gross == money("-42.50 USD")


def test_a_days_statement() -> None:
    document = (SAMPLES / "camt.053.001.08-sepa-statement.xml").read_bytes()
    (told,) = read_camt(document, "NL91ABNA0417164300", NOON, "sepa")
    sent, paid = told.lines
    assert (sent.kind, sent.name, sent.fact, sent.gross) == (
        LineKind.REFUND,
        "INV-10042",
        "BK0000000001",
        money("-12500.00 EUR"),
    )
    assert (paid.kind, paid.fact, paid.gross, paid.at) == (
        LineKind.PAYMENT,
        "BK0000000002",
        money("98750.00 EUR"),
        NOON,
    )
    assert paid.debtor_name == "Pacific Imports GmbH"
    # The sample is abridged: its balance falls by 148,057.25 while the entries left in it add 86,250.00.
    assert (told.final, told.gap) == (True, money("-234307.25 EUR"))
