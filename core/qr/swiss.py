"""The Swiss QR-bill (SIX, Implementation Guidelines QR-bill 2.3): who is owed how much, in lines of plain text."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest

from stdnum import iban as stdnum_iban

from core.qr.code import PaymentCode, Scheme, left_open
from core.qr.errors import BadPayload
from core.qr.reference import is_creditor_reference
from core.qr.text import plainly

LONGEST = 997
_LEAST_LINES, _MOST_LINES = 31, 34
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,8})\.[0-9]{2}")
_PARTY = (("name", 70), ("street", 70), ("number", 16), ("postal code", 16), ("town", 35))
_DIGIT_WALK = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
"""The carries of the check digit "modulo 10, recursive"."""


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read a bill. Raises BadPayload for a wrong IBAN or reference, a reference that does not go with its IBAN, and an
    address in the combined form (K), which bills may not use since 22 November 2025.
    """
    lines = payload.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1] and len(lines) > _LEAST_LINES:
        lines.pop()
    if len(payload) > LONGEST or not _LEAST_LINES <= len(lines) <= _MOST_LINES:
        raise BadPayload("payload", f"needs {_LEAST_LINES} to {_MOST_LINES} lines in {LONGEST} characters")
    for number, line in enumerate(lines, 1):
        if plainly(line, f"line {number}") != line.strip():
            raise BadPayload(f"line {number}", "begins or ends with a space")
    if lines[:3] != ["SPC", "0200", "1"] or lines[30] != "EPD":
        raise BadPayload("header", "not a bill of version 2")
    if any(lines[11:18]):
        raise BadPayload("ultimate creditor", "to be left empty")
    iban, kind, reference, message = lines[3], lines[27], lines[28], lines[29]
    _check_iban(iban)
    _check_party(lines[4:11], "creditor")
    if any(lines[20:27]):
        _check_party(lines[20:27], "debtor")
    if lines[19] not in ("CHF", "EUR"):
        raise BadPayload("currency", "neither francs nor euro")
    _check_reference(iban, kind, reference)
    billing, *ways = [line for line, _ in zip_longest(lines[31:], range(3), fillvalue="")]
    if len(message + billing) > 140 or any(len(way) > 100 for way in ways):
        raise BadPayload("message", "longer than 140 characters")
    amount = _amount(lines[18])
    named = {"iban": iban, "creditor": lines[5], "amount": lines[18], "currency": lines[19], "debtor": lines[21]}
    named |= {"ref_type": kind, "reference": reference, "message": message, "billing": billing}
    return PaymentCode(
        scheme=Scheme.SWISS,
        payee=lines[5],
        account=iban,
        amount=amount,
        currency=lines[19],
        reference=reference or message,
        problems=left_open(amount, reference or message),
        fields={key: value for key, value in named.items() if value},
    )


def _check_iban(iban: str) -> None:
    if not re.fullmatch(r"(CH|LI)[0-9]{2}[0-9]{5}[A-Z0-9]{12}", iban) or not stdnum_iban.is_valid(iban):
        raise BadPayload("iban", "not an IBAN of Switzerland or Liechtenstein")


def _check_party(lines: list[str], who: str) -> None:
    kind, *parts, country = lines
    if kind != "S":
        raise BadPayload(who, "its address is not in the structured form")
    for (name, longest), part in zip(_PARTY, parts, strict=True):
        if len(part) > longest or (not part and name in ("name", "postal code", "town")):
            raise BadPayload(who, f"{name} missing or too long")
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise BadPayload(who, "no two-letter country")


def _check_reference(iban: str, kind: str, reference: str) -> None:
    """A QR-IBAN (institution 30000 to 31999) goes with a QR reference, and no other account does."""
    if (kind == "QRR") != (30000 <= int(iban[4:9]) <= 31999):
        raise BadPayload("reference", "its kind does not go with the IBAN")
    good = {
        "QRR": bool(re.fullmatch(r"[0-9]{27}", reference)) and _check_digit(reference[:-1]) == reference[-1:],
        "SCOR": is_creditor_reference(reference),
        "NON": not reference,
    }
    if not good.get(kind, False):
        raise BadPayload("reference", "its check digits are wrong, or it has none to carry")


def _check_digit(digits: str) -> str:
    carry = 0
    for digit in digits:
        carry = _DIGIT_WALK[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    if not _AMOUNT.fullmatch(text) or not Decimal(text):
        raise BadPayload("amount", "not 0.01 to 999999999.99")
    return Decimal(text)
