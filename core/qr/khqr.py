"""KHQR (Bakong, National Bank of Cambodia): a person's account (tag 29) or a merchant's (tag 30), riel or dollars."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.qr import emv, tlv
from core.qr.code import PaymentCode, Problem, Scheme, expired, left_open
from core.qr.errors import BadPayload

ACCOUNT = re.compile(r"(?=.{3,32}$)[A-Za-z0-9._-]+@[A-Za-z0-9._-]+")

_PERSON, _MERCHANT = "29", "30"
_CURRENCIES = {"116": "KHR", "840": "USD"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def claims(fields: dict[str, str]) -> bool:
    """Whether these fields look like a KHQR: Cambodia, and an account at a bank of Bakong's in tag 29 or 30."""
    return fields.get("58") == "KH" and bool(fields.keys() & {_PERSON, _MERCHANT})


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read a code. Raises BadPayload for anything a bank could read in two ways.

    The account is the Bakong id; a merchant's own number follows after a "/". A dynamic code must carry the moment it
    ends (99-01, milliseconds): without one, as old samples are, the operator's app treats it as expired.
    """
    fields = emv.profile(
        payload,
        must={"52": emv.CATEGORY, "53": "116|840", "58": "KH", "59": emv.NAME, "60": emv.CITY},
        may={"54": r"[0-9.]{1,13}", "61": r".{1,10}"},
    )
    if (_PERSON in fields) == (_MERCHANT in fields):
        raise BadPayload(_PERSON, "needs a person's account or a merchant's, never both")
    extra = tlv.template(fields["62"], "62") if "62" in fields else {}
    if any(len(value) > 25 for value in extra.values()):
        raise BadPayload("62", "longer than 25 characters")
    currency = _CURRENCIES[fields["53"]]
    amount, reference = _amount(fields, currency), extra.get("01") or extra.get("05", "")
    ends, late = _life(fields, now)
    return PaymentCode(
        scheme=Scheme.KHQR,
        payee=fields["59"],
        account=_account(fields),
        amount=amount,
        currency=currency,
        reference=reference,
        problems=left_open(amount, reference) + late + emv.besides(fields),
        expires_at=ends,
        fields=emv.spoken(payload, fields) | {"md5": lookup(payload)},
    )


def lookup(payload: str) -> str:
    """The handle by which Bakong's open API finds the payment of this code. It is no signature."""
    return hashlib.md5(payload.encode(), usedforsecurity=False).hexdigest()


def _account(fields: dict[str, str]) -> str:
    tag = _PERSON if _PERSON in fields else _MERCHANT
    inside = tlv.template(fields[tag], tag)
    if not ACCOUNT.fullmatch(inside.get("00", "")):
        raise BadPayload(f"{tag}.00", "not a Bakong account")
    if any(len(value) > 32 for value in inside.values()):
        raise BadPayload(tag, "longer than 32 characters")
    if tag == _PERSON:
        return inside["00"]
    if not inside.get("01") or not inside.get("02"):
        raise BadPayload(tag, "needs the merchant's number and its bank")
    return f"{inside['00']}/{inside['01']}"


def _amount(fields: dict[str, str], currency: str) -> Decimal | None:
    if "54" not in fields:
        return None
    amount = emv.amount_of(fields["54"])
    if amount * (1 if currency == "KHR" else 100) % 1:
        raise BadPayload("54", "a fraction of the smallest unit")
    return amount


def _life(fields: dict[str, str], now: datetime | None) -> tuple[datetime | None, tuple[Problem, ...]]:
    if "54" not in fields and fields.get("01") != "12":
        return None, ()  # a sticker, for good; what its tag 99 may hold is the bank's own
    times = tlv.template(fields["99"], "99") if "99" in fields else {}
    if not all(re.fullmatch(r"[0-9]{13}", times.get(tag, "0" * 13)) for tag in ("00", "01")):
        raise BadPayload("99", "not a time in milliseconds")
    if "01" not in times:
        return None, (Problem.NO_EXPIRY, Problem.EXPIRED)
    ends = _EPOCH + timedelta(milliseconds=int(times["01"]))
    return ends, expired(ends, now)
