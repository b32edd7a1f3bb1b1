"""UPI links (NPCI, UPI Linking Specifications 1.6): who is paid in rupees, for which order, and who signed it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from core.qr import curve
from core.qr.code import PaymentCode, Problem, Scheme, expired, left_open
from core.qr.errors import BadPayload
from core.qr.text import parameters

_VERBS = ("pay", "mandate", "collect")
_SIGN = "&sign="
_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,255}@[A-Za-z][A-Za-z0-9.]{1,63}")
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")
_SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
"""What stands before the point in a DER public key of this curve (RFC 5480)."""


def read(payload: str, now: datetime | None = None, keys: Mapping[str, bytes] | None = None) -> PaymentCode:
    """Read a link. ``keys``: the public key of each organisation (orgid) known; with one, the signature must hold.

    Raises BadPayload for a link without payee, another currency, a parameter twice, a signature that is none or is
    wrong. Percent-encoding is undone; a "+" stays a plus, as in the base64 of signatures.
    """
    unsigned, _, signature = payload.rpartition(_SIGN) if _SIGN in payload else (payload, "", "")
    verb, _, query = unsigned[len("upi://") :].partition("?")
    if verb.lower() not in _VERBS:
        raise BadPayload("payload", "not a link to pay, nor to be asked for money")
    given = _once(parameters(query))
    by_name = {key.lower(): value for key, value in given.items()}
    if "sign" in by_name:
        raise BadPayload("sign", "given twice, or not the last")
    if not _ADDRESS.fullmatch(by_name.get("pa", "")):
        raise BadPayload("pa", "not a payment address")
    if not by_name.get("pn", "").strip():
        raise BadPayload("pn", "names nobody")
    if by_name.get("cu", "INR") != "INR":
        raise BadPayload("cu", "UPI pays rupees")
    reference = by_name.get("tr", "")
    if not re.fullmatch(r"\S{0,35}", reference):
        raise BadPayload("tr", "longer than 35 characters, or with spaces")
    amount, ends = _amount(by_name.get("am", ""), "am"), _end(by_name.get("qrexpire", ""))
    problems = left_open(amount, reference) + _editable(amount, by_name) + expired(ends, now)
    problems += (Problem.COLLECT,) if verb.lower() != "pay" else ()
    problems += _signed(unsigned, signature, by_name.get("orgid", ""), keys or {})
    return PaymentCode(
        scheme=Scheme.UPI,
        payee=by_name["pn"],
        account=by_name["pa"],
        amount=amount,
        currency="INR",
        reference=reference,
        problems=problems,
        expires_at=ends,
        fields=given | ({"sign": signature} if signature else {}),
    )


def verify(payload: str, key: bytes) -> bool:
    """Whether the link's signature is by ``key`` (P-256, DER or the 65 bytes of its point), over all before "&sign=".

    Raises BadPayload when the link carries no signature, and when the key is none.
    """
    unsigned, found, signature = payload.rpartition(_SIGN)
    point = key.removeprefix(_SPKI_P256)
    public = (int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big"))
    if not found or len(point) != 65 or point[0] != 4 or not curve.contains(curve.P256, public):
        raise BadPayload("sign", "no signature, or no public key of P-256")
    r, s = _numbers(signature)
    return curve.verify(curve.P256, public, hashlib.sha256(unsigned.encode()).digest(), r, s)


def _once(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The parameters by name. Apps differ in whether "AM" is "am": two that differ only so would show two amounts."""
    if len({key.lower() for key, _ in pairs}) != len(pairs):
        raise BadPayload("parameters", "given twice")
    return dict(pairs)


def _amount(text: str, where: str) -> Decimal | None:
    if not text or text == "null":
        return None
    if not _AMOUNT.fullmatch(text):
        raise BadPayload(where, "not an amount in rupees and paise")
    return Decimal(text) or None  # "am=0" is how some makers let the payer type it


def _editable(amount: Decimal | None, given: dict[str, str]) -> tuple[Problem, ...]:
    """A minimum (mam) below the amount lets the payer give less."""
    least = _amount(given.get("mam", ""), "mam")
    return (Problem.EDITABLE_AMOUNT,) if amount is not None and least is not None and least != amount else ()


def _end(text: str) -> datetime | None:
    if not text:
        return None
    try:
        end = datetime.fromisoformat(text)
        return end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadPayload("QRexpire", "not a time") from None


def _signed(unsigned: str, signature: str, organisation: str, keys: Mapping[str, bytes]) -> tuple[Problem, ...]:
    if not signature:
        return (Problem.UNSIGNED,)
    _numbers(signature)
    if organisation not in keys:
        return (Problem.UNCHECKED_SIGNATURE,)
    if not verify(f"{unsigned}{_SIGN}{signature}", keys[organisation]):
        raise BadPayload("sign", "the signature is wrong")
    return ()


def _numbers(signature: str) -> tuple[int, int]:
    """r and s of a signature in base64 of DER: a sequence of two positive whole numbers in their shortest form."""
    try:
        der = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise BadPayload("sign", "not base64") from None
    numbers, at = [], 2
    while at + 2 <= len(der) and der[at] == 2:
        body = der[at + 2 : at + 2 + der[at + 1]]
        if not body or len(body) != der[at + 1] or body[0] >= 0x80 or (body[0] == 0 and not body[1:2] > b"\x7f"):
            break
        numbers.append(int.from_bytes(body, "big"))
        at += 2 + len(body)
    if len(der) > 72 or der[:1] != b"\x30" or der[1:2] != bytes([len(der) - 2]) or at != len(der) or len(numbers) != 2:
        raise BadPayload("sign", "not a signature on P-256")
    r, s = numbers
    if not (0 < r < curve.P256.n and 0 < s < curve.P256.n):
        raise BadPayload("sign", "not a signature on P-256")
    return r, s
