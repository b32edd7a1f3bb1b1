"""Tokens of WeChat Pay and Alipay: whole links that only their issuer understands, to be matched and never read."""

from __future__ import annotations

import re
from datetime import datetime

from core.qr.code import PaymentCode, Problem, Scheme
from core.qr.errors import BadPayload

_WECHAT = re.compile(
    r"weixin://wxpay/bizpayurl(?:/up)?\?(pr|sr)=([A-Za-z0-9_-]{1,64})(?:&[a-z_]{1,20}=[A-Za-z0-9_-]*){0,8}"
)
_WECHAT_PERSON = re.compile(r"wxp://([A-Za-z0-9_-]{4,64})")
_ALIPAY = re.compile(r"(?i:https://qr\.alipay\.com)/([A-Za-z0-9]{4,64})")
"""Printed codes stand in capitals, which take less room in a QR."""


def read_wechat(payload: str, now: datetime | None = None) -> PaymentCode:
    """A code of WeChat Pay: of an order (Native), or a person's own (wxp). Raises BadPayload for any other link."""
    order, person = _WECHAT.fullmatch(payload), _WECHAT_PERSON.fullmatch(payload)
    if order is None and person is None:
        raise BadPayload("payload", "not a code of WeChat Pay")
    name, token = (order[1], order[2]) if order else ("wxp", person[1] if person else "")
    return _token(Scheme.WECHAT, name, token)


def read_alipay(payload: str, now: datetime | None = None) -> PaymentCode:
    """A code of Alipay: exactly this host, over https, one token. Raises BadPayload for any other link."""
    found = _ALIPAY.fullmatch(payload)
    if found is None:
        raise BadPayload("payload", "not a code of Alipay")
    return _token(Scheme.ALIPAY, "token", found[1])


def _token(scheme: Scheme, name: str, token: str) -> PaymentCode:
    return PaymentCode(scheme, "", "", None, "CNY", token, (Problem.OPAQUE,), fields={name: token})
