"""Judge: bank messages that other people wrote, read by our reader of camt.05x."""

from datetime import UTC, datetime
from pathlib import Path

from core.channels.camt import Debited, read_camt
from core.payments.receiving import Fact
from tests.builders import NOON, money

SAMPLES = Path(__file__).parent / "camt"


def test_a_notification_with_a_prefixed_namespace_and_a_debit_without_a_bank_reference() -> None:
    document = (SAMPLES / "camt.054.001.08-notification.xml").read_bytes()
    assert read_camt(document, "DE89370400440532013000", NOON, "sepa") == [
        Fact(
            channel="sepa",
            id="TX-20260116-0001",
            reference="INVOICE 2026-0042",
            amount=money("1500.00 EUR"),
            at=datetime(2026, 1, 16, 17, 45, tzinfo=UTC),
            debtor_name="Example Corp",
        ),
        Debited("E2E-0002", "NTFY-001/E2E-0002", money("42.50 USD")),
    ]


def test_a_days_statement() -> None:
    document = (SAMPLES / "camt.053.001.08-sepa-statement.xml").read_bytes()
    assert read_camt(document, "NL91ABNA0417164300", NOON, "sepa") == [
        Debited("INV-10042", "BK0000000001", money("12500.00 EUR")),
        Fact("sepa", "BK0000000002", "", money("98750.00 EUR"), NOON, debtor_name="Pacific Imports GmbH"),
    ]
