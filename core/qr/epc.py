"""EPC069-12 "scan to pay" for SEPA credit transfers (also called GiroCode): build version 002, parse 001 and 002.

The format has no checksum of its own: the check digits of the IBAN and of an ISO 11649 reference are all there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban

from core.qr.errors import BadPayload
from core.qr.reference import is_creditor_reference

LONGEST_BYTES = 331
CHARSETS = {
    "1": "utf-8",
    "2": "iso-8859-1",
    "3": "iso-8859-2",
    "4": "iso-8859-4",
    "5": "iso-8859-5",
    "6": "iso-8859-7",
    "7": "iso-8859-10",
    "8": "iso-8859-15",
}
_AMOUNT = re.compile(r"EUR([0-9]{1,9}(\.[0-9]{1,2})?)")


@dataclass(frozen=True)
class EpcCode:
    """A strictly read transfer order. Absent texts are empty strings."""

    version: str
    charset: str
    bic: str
    name: str
    iban: str
    amount: Decimal | None
    """Euro; None when the payer types it."""
    purpose: str
    reference: str
    text: str
    information: str


def build(*, name: str, iban: str, amount: Decimal, reference: str = "", text: str = "", bic: str = "") -> str:
    """The code that asks for ``amount`` euro to ``iban``, marked with an RF ``reference`` or a free ``text``, not both.

    Written as version 002 in UTF-8 with two decimals. Raises BadPayload when a part breaks the standard.
    """
    if not amount.is_finite() or not 0 < amount < 10**9 or amount != amount.quantize(Decimal("0.01")):
        raise BadPayload("amount", "not in euro and cents")
    if reference and not is_creditor_reference(reference):
        raise BadPayload("reference", "not an ISO 11649 creditor reference")
    lines = ["BCD", "002", "1", "SCT", bic, name, iban, f"EUR{amount:.2f}", "", reference, text]
    if not all(line.isprintable() for line in lines):  # a line feed in a name would move every later part
        raise BadPayload("payload", "holds a control character")
    payload = "\n".join(lines).rstrip("\n")
    parse(payload)
    return payload


def parse(payload: str) -> EpcCode:
    """Read a transfer order by EPC069-12's rules. Raises BadPayload for anything a bank could read in two ways."""
    lines = payload.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if not 7 <= len(lines) <= 12 or not all(line.isprintable() for line in lines):
        raise BadPayload("payload", "needs 7 to 12 lines of plain text")
    tag, version, charset, kind, bic, name, iban, amount, purpose, reference, text, info = lines + [""] * (
        12 - len(lines)
    )
    if tag != "BCD" or version not in ("001", "002") or charset not in CHARSETS or kind != "SCT":
        raise BadPayload("header", "not a SEPA credit transfer")
    _check_size(payload, CHARSETS[charset])
    _check_payee(version, bic, name, iban)
    if purpose and not re.fullmatch(r"[A-Z0-9]{1,4}", purpose):
        raise BadPayload("purpose", "not a purpose code")
    _check_remittance(reference, text, info)
    return EpcCode(version, charset, bic, name, iban, _read_amount(amount), purpose, reference, text, info)


def decode(data: bytes) -> str:
    """The text of an EPC code's bytes, in the character set its third line names. Raises BadPayload."""
    head = data.replace(b"\r\n", b"\n").split(b"\n", 3)
    charset = CHARSETS.get(head[2].decode("ascii", "replace")) if len(head) > 3 else None
    if head[0] != b"BCD" or charset is None:
        raise BadPayload("header", "not a SEPA credit transfer")
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        raise BadPayload("charset", "not text in the character set it names") from None


def _check_size(payload: str, charset: str) -> None:
    try:
        size = len(payload.encode(charset))
    except UnicodeEncodeError:
        raise BadPayload("charset", "holds a character outside the set it names") from None
    if size > LONGEST_BYTES:
        raise BadPayload("payload", f"longer than {LONGEST_BYTES} bytes")


def _check_payee(version: str, bic: str, name: str, iban: str) -> None:
    if (bic or version == "001") and (stdnum_bic.compact(bic) != bic or not stdnum_bic.is_valid(bic)):
        raise BadPayload("bic", "not a BIC")
    if not 1 <= len(name) <= 70 or not name.strip():
        raise BadPayload("name", "a name has 1 to 70 characters")
    if not iban.isascii() or stdnum_iban.compact(iban) != iban or not stdnum_iban.is_valid(iban):
        raise BadPayload("iban", "not an IBAN")


def _check_remittance(reference: str, text: str, information: str) -> None:
    if reference and text:
        raise BadPayload("reference", "a reference and a text exclude each other")
    if len(reference) > 35 or (reference.startswith("RF") and not is_creditor_reference(reference)):
        raise BadPayload("reference", "not a structured reference")
    if len(text) > 140:
        raise BadPayload("text", "longer than 140 characters")
    if len(information) > 70:
        raise BadPayload("information", "longer than 70 characters")


def _read_amount(text: str) -> Decimal | None:
    if not text:
        return None
    written = _AMOUNT.fullmatch(text)
    if written is None or not Decimal(written[1]):
        raise BadPayload("amount", "not EUR0.01 to EUR999999999.99")
    return Decimal(written[1])
