"""Codes of an authenticator app (RFC 6238): six digits, half a minute, and none of them taken twice."""

from __future__ import annotations

import base64
import hmac
import os
from datetime import datetime

from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk.factors import Factor
from core.risk.stepping import Tried, count_guess, holder, mine, prove, settle_guess
from core.shop.context import Shop

DIGITS = 6
STEP = 30  # seconds
_WINDOW = 1  # steps before and after: RFC 6238 section 5.2 lets a clock be that wrong
_KEY = 20  # bytes, the length of an HMAC-SHA-1 (RFC 4226, section 4, R6)


def new_secret() -> str:
    """A fresh shared secret, in base 32."""
    return base64.b32encode(os.urandom(_KEY)).decode()


def code(secret: str, at: datetime) -> str:
    """The six digits of a moment."""
    return _digits(secret, int(at.timestamp()) // STEP)


def _digits(secret: str, step: int) -> str:
    """RFC 4226 section 5.3 over the number of the time step. SHA-1 is what every app takes; in an HMAC it stands."""
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 0xF
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: str, digits: str, at: datetime, last: int) -> int | None:
    """The time step whose code these digits are, after the `last` one that was taken; None when they are of none."""
    now, found = int(at.timestamp()) // STEP, None
    for step in range(now - _WINDOW, now + _WINDOW + 1):
        right = hmac.compare_digest(_digits(secret, step).encode(), digits.encode())
        if right and step > last:
            found = step
    return found


def guess(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, digits: str, device: str = "") -> Tried:
    """Try a code. The step of a right one is kept in the same transaction, so that two at once are not both taken.

    Raises Gone, ChallengeOver, Locked, Blocked.
    """
    secret = count_guess(uow, shop, who, challenge_id, Factor.TOTP)
    challenge = mine(uow, who, challenge_id)
    credential = uow.credentials.get(holder(challenge, Factor.TOTP))
    step = None
    if secret and credential is not None:
        step = step_of(secret, digits, shop.clock.now(), credential.last)
    if step is None or credential is None:
        return settle_guess(uow, shop, who, challenge_id, Factor.TOTP, False, device)
    return Tried(prove(uow, shop, challenge, credential, device, last=step), right=True)
