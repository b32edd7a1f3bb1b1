"""Merchant-presented codes of any EMV scheme, read by the common rules only: enough to name payee, amount, currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from core.qr import tlv
from core.qr.errors import BadPayload

_AMOUNT = re.compile(r"\d+(\.\d*)?")


@dataclass(frozen=True)
class EmvCode:
    """A sealed, well-formed code; ``fields`` keeps every top-level object by tag, unjudged."""

    fields: dict[str, str]
    accounts: tuple[tuple[str, str], ...]
    """(scheme identifier, first account value) of each template 26-51 that could be read."""
    amount: Decimal | None
    currency: str
    """ISO 4217 numeric code, three digits."""
    name: str
    reference: str
    """The reference label 62-05, or the bill number 62-01; empty when the code has neither."""


def amount_of(text: str, tag: str = "54") -> Decimal:
    """A tag-54 amount: digits and at most one point, no sign, 13 characters at most, more than nothing."""
    if len(text) > 13 or not text.isascii() or not _AMOUNT.fullmatch(text):
        raise BadPayload(tag, "not an amount")
    amount = Decimal(text)
    if not amount:
        raise BadPayload(tag, "an amount of nothing")
    return amount


def top_level(payload: str) -> dict[str, str]:
    """The fields of a sealed payload by tag, when it begins with 00 as every EMV code must."""
    fields = tlv.unseal(payload)
    if not fields or fields[0][0] != "00":
        raise BadPayload("00", "the format indicator is not the first field")
    return tlv.once(fields)


def parse(payload: str) -> EmvCode:
    """Read a code by the rules all EMV schemes share. Raises BadPayload; a scheme's own rules are not checked."""
    fields = top_level(payload)
    currency = fields.get("53", "")
    if not re.fullmatch(r"[0-9]{3}", currency):
        raise BadPayload("53", "no three-digit currency")
    if not re.fullmatch(r"[A-Z]{2}", fields.get("58", "")):
        raise BadPayload("58", "no two-letter country")
    extra = tlv.template(fields["62"], "62") if "62" in fields else {}
    return EmvCode(
        fields=fields,
        accounts=_accounts(fields),
        amount=amount_of(fields["54"]) if "54" in fields else None,
        currency=currency,
        name=fields.get("59", ""),
        reference=next((extra[tag] for tag in ("05", "01") if extra.get(tag, "***") != "***"), ""),
    )


def _accounts(fields: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Who is paid. Tags 02-25 hold a card scheme's plain number, 26-51 a template led by its identifier (00)."""
    found = []
    for tag, value in sorted(fields.items()):
        if "02" <= tag <= "25":
            found.append((tag, value))
        elif "26" <= tag <= "51":
            inside = tlv.template(value, tag)
            guid = inside.get("00", tag)
            account = next((inside[sub] for sub in sorted(inside) if sub != "00"), guid)  # KHQR: 00 is the account
            found.append((guid, account))
    if not found:
        raise BadPayload("26", "no payee account")
    return tuple(found)
