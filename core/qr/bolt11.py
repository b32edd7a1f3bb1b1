"""Lightning invoices (BOLT 11): amount, payment hash and end, and the node that signed, found by its signature."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.qr import bech32, curve
from core.qr.code import PaymentCode, Problem, Scheme, expired, left_open, scaled
from core.qr.errors import BadPayload
from core.qr.text import plainly

_PREFIX = re.compile(r"ln(bcrt|bc|tbs|tb)(?:([1-9][0-9]{0,17})([munp]?))?")
_PICO = {"m": 10**9, "u": 10**6, "n": 10**3, "p": 1, "": 10**12}
_SIGNATURE = 104  # 5-bit values: 64 bytes of signature and the hint for recovery
_TIME = 7
_HASH, _SECRET, _TEXT, _NODE, _TEXT_HASH, _EXPIRY, _FEATURES = 1, 16, 13, 19, 23, 6, 5  # the field types p s d n h x 9
_FIXED = {_HASH: 52, _SECRET: 52, _TEXT_HASH: 52, _NODE: 53}
_KNOWN_FEATURES = frozenset({8, 14, 16, 24, 48})
"""Even bits of BOLT 9 that an invoice may demand: onions, payment secret, many parts, blinded routes, metadata."""
_AN_HOUR = 3600


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read an invoice, with or without "lightning:" before it. Raises BadPayload for what no wallet may pay.

    The account is the node's public key in hex; the reference is the payment hash. A valid code's signature holds.
    """
    found = _decode(re.sub(r"(?i)^lightning:", "", payload))
    problems = expired(found.expires_at, now) + left_open(found.amount, found.payment_hash)
    problems += (Problem.TEST_NETWORK,) if found.network != "bc" else ()
    return PaymentCode(
        scheme=Scheme.BOLT11,
        payee="",
        account=found.node,
        amount=found.amount,
        currency="BTC",
        reference=found.payment_hash,
        problems=problems,
        expires_at=found.expires_at,
        fields={
            "network": found.network,
            "payment_hash": found.payment_hash,
            "node": found.node,
            "description": found.description,
        },
    )


@dataclass(frozen=True)
class _Invoice:
    network: str
    amount: Decimal | None
    payment_hash: str
    node: str
    description: str
    expires_at: datetime


def _decode(text: str) -> _Invoice:
    prefix, values, encoding = bech32.decode(text, "invoice")
    stated = _PREFIX.fullmatch(prefix)
    if stated is None or encoding != bech32.BECH32:
        raise BadPayload("prefix", "not an amount of bitcoin on a network known here")
    if len(values) < _TIME + _SIGNATURE:
        raise BadPayload("invoice", "too short")
    body, signature = values[:-_SIGNATURE], values[-_SIGNATURE:]
    fields = _first_of_each(body[_TIME:])
    _check_features(fields.get(_FEATURES, []))
    if _HASH not in fields or _SECRET not in fields or (_TEXT in fields) == (_TEXT_HASH in fields):
        raise BadPayload("invoice", "needs a payment hash, a payment secret, and one description")
    signed = hashlib.sha256(prefix.encode() + _padded(body))
    made = datetime.fromtimestamp(_number(body[:_TIME]), UTC)
    return _Invoice(
        network=stated[1],
        amount=_amount(stated[2], stated[3] or ""),
        payment_hash=bech32.to_bytes(fields[_HASH], "payment hash", whole=False).hex(),
        node=_signer(signed.digest(), signature, fields.get(_NODE)).hex(),
        description=_description(fields.get(_TEXT, [])),
        expires_at=_end(made, _number(fields[_EXPIRY]) if _EXPIRY in fields else _AN_HOUR),
    )


def _padded(values: list[int]) -> bytes:
    """The bytes that are signed: zeros fill up the last."""
    bits = len(values) * 5
    return (_number(values) << -bits % 8).to_bytes(-(-bits // 8), "big")


def _number(values: list[int]) -> int:
    number = 0
    for value in values:
        number = number << 5 | value
    return number


def _tagged(values: list[int]) -> Iterator[tuple[int, list[int]]]:
    at = 0
    while at < len(values):
        if at + 3 > len(values):
            raise BadPayload("invoice", "broken field")
        end = at + 3 + (values[at + 1] << 5 | values[at + 2])
        if end > len(values):
            raise BadPayload("invoice", "shorter than a field's length says")
        yield values[at], values[at + 3 : end]
        at = end


def _first_of_each(values: list[int]) -> dict[int, list[int]]:
    """The first field of each type; those of another length than their type has are skipped, as the standard says."""
    fields: dict[int, list[int]] = {}
    for kind, value in _tagged(values):
        if len(value) == _FIXED.get(kind, len(value)):
            fields.setdefault(kind, value)
    return fields


def _check_features(values: list[int]) -> None:
    bits = _number(values)
    demanded = {place for place in range(0, bits.bit_length(), 2) if bits >> place & 1}
    if not demanded <= _KNOWN_FEATURES:
        raise BadPayload("features", "demands a feature unknown here")


def _amount(digits: str | None, multiplier: str) -> Decimal | None:
    if digits is None:
        return None
    pico = int(digits) * _PICO[multiplier]
    if pico % 10 or pico >= 21_000_000 * 10**12:
        raise BadPayload("amount", "not a whole number of millisatoshi")
    return scaled(pico, 12)


def _description(values: list[int]) -> str:
    try:
        return plainly(bech32.to_bytes(values, "description", whole=False).decode(), "description")
    except UnicodeDecodeError:
        raise BadPayload("description", "not UTF-8 text") from None


def _signer(digest: bytes, values: list[int], stated: list[int] | None) -> bytes:
    """The 33-byte public key that signed: the one the invoice states, or else the one its signature leads to."""
    signature = bech32.to_bytes(values, "signature")
    r, s, hint = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if stated is not None:
        node = bech32.to_bytes(stated, "node", whole=False)
        key = curve.lift(curve.SECP256K1, int.from_bytes(node[1:], "big"), odd=node[0] == 3)
        twin = s > curve.SECP256K1.n // 2  # the other of two forms of one signature, which verifiers refuse
        if node[0] not in (2, 3) or twin or not curve.verify(curve.SECP256K1, key, digest, r, s):
            raise BadPayload("signature", "not by the node that the invoice names")
        return node
    key = curve.recover(curve.SECP256K1, digest, r, s, hint)
    if key is None:
        raise BadPayload("signature", "leads to no node")
    return bytes([2 + key[1] % 2]) + key[0].to_bytes(32, "big")


def _end(made: datetime, seconds: int) -> datetime:
    try:
        return made + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
