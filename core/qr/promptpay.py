"""PromptPay, Thai QR Payment: a transfer to a registered number (tag 29), or a bill of a biller (tag 30)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from core.qr import emv
from core.qr.code import PaymentCode, Scheme, left_open
from core.qr.errors import BadPayload
from core.qr.text import plainly

TRANSFER, ONE_TIME = "A000000677010111", "A000000677010114"
BILL, BILL_ABROAD = "A000000677010112", "A000000677012006"
IDENTIFIERS = (TRANSFER, ONE_TIME, BILL, BILL_ABROAD)

_PROXIES = {
    "01": ("mobile", r"0066[0-9]{9}"),
    "02": ("national or tax id", r"[0-9]{13}"),
    "03": ("e-wallet", r"[0-9]{15}"),
    "04": ("bank account", r"[0-9]{3}[0-9A-Za-z]{1,40}"),
}
_REFERENCE = r"[0-9A-Za-z]{1,20}"


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read a code of either kind. Raises BadPayload for anything a bank could read in two ways.

    A transfer carries no reference at all: only a bill (ref 1) can be tied to an order.
    """
    fields = emv.profile(
        payload,
        must={"53": "764", "58": "TH"},
        may={"54": emv.CENTS, "59": emv.NAME, "60": emv.CITY, "52": emv.CATEGORY},
    )
    tag, inside = emv.account_of(fields, IDENTIFIERS)
    bill = inside["00"] in (BILL, BILL_ABROAD)
    if tag != ("30" if bill else "29"):
        raise BadPayload(tag, "an account of another tag")
    account, reference = _biller(inside) if bill else (_proxy(inside), "")
    amount = emv.amount_of(fields["54"]) if "54" in fields else None
    return PaymentCode(
        scheme=Scheme.PROMPTPAY,
        payee=fields.get("59", ""),
        account=account,
        amount=amount,
        currency="THB",
        reference=reference,
        problems=left_open(amount, reference) + emv.besides(fields),
        fields=emv.spoken(payload, fields) | _message(fields),
    )


def _proxy(inside: dict[str, str]) -> str:
    found = [tag for tag in inside if tag != "00"]
    if len(found) != 1 or found[0] not in _PROXIES:
        raise BadPayload("29", "needs exactly one mobile number, id, e-wallet or account")
    name, rule = _PROXIES[found[0]]
    if not re.fullmatch(rule, inside[found[0]]):
        raise BadPayload(f"29.{found[0]}", f"not a {name}")
    return inside[found[0]]


def _biller(inside: dict[str, str]) -> tuple[str, str]:
    """The biller (tax id, with its two digits of suffix or without) and the first reference."""
    rules = {"01": r"[0-9]{13}([0-9]{2})?", "02": _REFERENCE, "03": f"({_REFERENCE})?"}
    for tag, rule in rules.items():
        if not re.fullmatch(rule, inside.get(tag, "")):
            raise BadPayload(f"30.{tag}", "missing, or not as bills fix it")
    return inside["01"], inside["02"]


def _message(fields: dict[str, str]) -> dict[str, Any]:
    """The note of a TrueMoney code (tag 81): UTF-16 in hex."""
    if not re.fullmatch(r"([0-9A-Fa-f]{4})+", fields.get("81", "")):
        return {}
    try:
        return {"message": plainly(bytes.fromhex(fields["81"]).decode("utf-16-be"), "81")}
    except UnicodeDecodeError:
        raise BadPayload("81", "not UTF-16 text") from None
