"""Signed messages from a bank or provider: who wrote them, and when."""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta

_HEADER = re.compile(r"t=(?P<time>[0-9]{1,12}),v1=(?P<mac>[0-9a-f]{64})")

# Longer than any retry of an honest sender takes to sign anew, short enough to make a stolen message useless.
TOLERANCE = timedelta(minutes=5)


class BadSignature(Exception):
    """The message is not from whom it should be, or is too old. Says nothing of the secret or the content."""


def sign(secret: bytes, body: bytes, at: datetime) -> str:
    """The `X-Bank-Signature` header: t=UNIX_SECONDS,v1=hex HMAC-SHA256(secret, "t." + body)."""
    stamp = int(at.timestamp())
    return f"t={stamp},v1={hmac.digest(secret, f'{stamp}.'.encode() + body, 'sha256').hex()}"


def verify(secret: bytes, body: bytes, header: str, now: datetime) -> None:
    """Raises BadSignature unless `header` signs `body` by `secret`, within TOLERANCE of `now`."""
    match = _HEADER.fullmatch(header)
    if not secret or not match:
        raise BadSignature("no signature")
    expected = hmac.digest(secret, f"{match['time']}.".encode() + body, "sha256").hex()
    if not hmac.compare_digest(expected, match["mac"]):
        raise BadSignature("wrong signature")
    if abs(now.timestamp() - int(match["time"])) > TOLERANCE.total_seconds():
        raise BadSignature("old signature")
