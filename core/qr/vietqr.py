"""VietQR (NAPAS 247): a transfer in dong to an account or a card at a Vietnamese bank."""

from __future__ import annotations

import re
from datetime import datetime

from core.qr import emv, tlv
from core.qr.code import PaymentCode, Scheme, left_open
from core.qr.errors import BadPayload

IDENTIFIER = "A000000727"

_SERVICES = {"QRIBFTTA": r"[0-9A-Za-z]{1,19}", "QRIBFTTC": r"[0-9]{12,19}", "QRPUSH": r"[0-9A-Za-z]{1,19}"}
"""To an account, to a card, to a merchant."""


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read a code. Raises BadPayload for anything a bank could read in two ways.

    The account is "bank number/account"; the reference is the purpose (62-08), which the payee's statement shows, or
    the bill number (62-01).
    """
    fields = emv.profile(
        payload,
        must={"53": "704", "58": "VN"},
        may={"54": emv.WHOLE, "52": emv.CATEGORY, "59": emv.NAME, "60": emv.CITY},
    )
    tag, inside = emv.account_of(fields, (IDENTIFIER,))
    if tag != "38":
        raise BadPayload(tag, "an account of another tag")
    payee = tlv.template(inside.get("01", ""), "38.01")
    bank, account = payee.get("00", ""), payee.get("01", "")
    if not re.fullmatch(r"[0-9]{6}", bank):
        raise BadPayload("38.01.00", "not the number of a bank")
    rule = _SERVICES.get(inside.get("02", ""))
    if rule is None or not re.fullmatch(rule, account):
        raise BadPayload("38.01.01", "not an account or a card, as its service says")
    extra = tlv.template(fields["62"], "62") if "62" in fields else {}
    if any(len(value) > 25 for value in extra.values()):
        raise BadPayload("62", "longer than 25 characters")
    amount = emv.amount_of(fields["54"]) if "54" in fields else None
    reference = extra.get("08") or extra.get("01", "")
    return PaymentCode(
        scheme=Scheme.VIETQR,
        payee=fields.get("59", ""),
        account=f"{bank}/{account}",
        amount=amount,
        currency="VND",
        reference=reference,
        problems=left_open(amount, reference) + emv.besides(fields),
        fields=emv.spoken(payload, fields) | {"bank": bank, "account_number": account},
    )
