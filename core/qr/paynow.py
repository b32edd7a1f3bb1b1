"""PayNow and SGQR labels (Singapore): a mobile number, company or address, with an end, and whether the sum is free."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from core.qr import emv, tlv
from core.qr.code import PaymentCode, Problem, Scheme, expired, left_open
from core.qr.errors import BadPayload

IDENTIFIER, LABEL = "SG.PAYNOW", "SG.SGQR"

_SINGAPORE = timezone(timedelta(hours=8))
_PROXIES = {
    "0": ("mobile number", r"\+[1-9][0-9]{7,14}"),
    "2": ("company number (UEN)", r"[0-9A-Z]{9,13}"),
    "3": ("payment address", r"[A-Za-z0-9._#@-]{3,64}"),
}
_DATES = {8: "%Y%m%d", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}
_MUST = {"52": emv.CATEGORY, "53": "702", "58": "SG", "59": emv.NAME, "60": emv.CITY}
_MAY = {"54": emv.CENTS, "61": r".{1,10}"}


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read a code that PayNow can pay. Raises BadPayload for anything a bank could read in two ways.

    The account is the proxy as written; the reference is the bill number, which the payee's bank statement returns.
    """
    fields = emv.profile(payload, _MUST, _MAY)
    tag, inside = emv.account_of(fields, (IDENTIFIER,))
    name, rule = _PROXIES.get(inside.get("01", ""), ("known kind of payee", ""))
    if not rule or not re.fullmatch(rule, inside.get("02", "")):
        raise BadPayload(f"{tag}.02", f"not a {name}")
    if inside.get("03", "0") not in ("0", "1"):
        raise BadPayload(f"{tag}.03", "neither editable nor fixed")
    amount = emv.amount_of(fields["54"]) if "54" in fields else None
    ends = _end(inside["04"], f"{tag}.04") if "04" in inside else None
    extra = tlv.template(fields["62"], "62") if "62" in fields else {}
    reference = extra.get("01", "")
    problems = left_open(amount, reference) + expired(ends, now)
    problems += (Problem.EDITABLE_AMOUNT,) if inside.get("03") == "1" else ()
    return PaymentCode(
        scheme=Scheme.PAYNOW,
        payee=fields["59"],
        account=inside["02"],
        amount=amount,
        currency="SGD",
        reference=reference,
        problems=problems + emv.besides(fields),
        expires_at=ends,
        fields=emv.spoken(payload, fields),
    )


def read_label(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read an SGQR label without PayNow: many schemes' accounts under one registered label (51). Raises BadPayload."""
    fields = emv.profile(payload, _MUST, _MAY)
    label = emv.account_of({"51": fields.get("51", "")}, (LABEL,))[1]
    if not re.fullmatch(r"[0-9A-Z]{12}", label.get("01", "")):
        raise BadPayload("51.01", "not the number of a label")
    code = emv.parse(payload)
    accounts = [account for identifier, account in code.accounts if identifier.upper() != LABEL]
    if not accounts:
        raise BadPayload("26", "a label without an account")
    return PaymentCode(
        scheme=Scheme.SGQR,
        payee=code.name,
        account=accounts[0],
        amount=code.amount,
        currency="SGD",
        reference=code.reference,
        problems=left_open(code.amount, code.reference) + emv.besides(fields),
        fields=emv.spoken(payload, fields),
    )


def _end(text: str, where: str) -> datetime:
    """The end of a day in Singapore, or the second that is named; all three spellings are in use."""
    try:
        if not re.fullmatch(r"[0-9]+", text):
            raise ValueError
        end = datetime.strptime(text, _DATES[len(text)]).replace(tzinfo=_SINGAPORE)
        return (end + timedelta(days=1) if len(text) == 8 else end).astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        raise BadPayload(where, "not a date") from None
