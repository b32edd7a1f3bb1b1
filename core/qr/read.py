"""Any decoded QR payload to one PaymentCode: which scheme it is, then that scheme's strict parser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from core.qr import (
    bip21,
    bolt11,
    duitnow,
    eip681,
    emv,
    epc,
    khqr,
    opaque,
    paynow,
    pix,
    promptpay,
    swiss,
    thai_slip,
    tlv,
    upi,
    vietqr,
)  # fmt: skip
from core.qr.code import PaymentCode, Problem, Scheme, left_open
from core.qr.errors import BadPayload
from core.qr.text import mixes_scripts, shown

LONGEST = 7089
"""Characters: no QR code holds more (ISO 18004, version 40, digits only). Longer input is refused unread."""

_LINKS = {
    "upi://": Scheme.UPI,
    "bitcoin:": Scheme.BIP21,
    "ethereum:": Scheme.EIP681,
    "lightning:ln": Scheme.BOLT11,
    "lnbc": Scheme.BOLT11,
    "lntb": Scheme.BOLT11,
    "weixin://wxpay/": Scheme.WECHAT,
    "wxp://": Scheme.WECHAT,
    "https://qr.alipay.com/": Scheme.ALIPAY,
}
"""How the links begin, in any case."""
_IDENTIFIERS = {
    pix.GUID.upper(): Scheme.PIX,
    **dict.fromkeys(promptpay.IDENTIFIERS, Scheme.PROMPTPAY),
    paynow.IDENTIFIER: Scheme.PAYNOW,
    vietqr.IDENTIFIER: Scheme.VIETQR,
    duitnow.IDENTIFIER: Scheme.DUITNOW,
    paynow.LABEL: Scheme.SGQR,
}
"""What leads the account template of each national scheme; PayNow before the label that may stand around it."""
_CURRENCIES = {
    "036": "AUD",
    "116": "KHR",
    "156": "CNY",
    "344": "HKD",
    "356": "INR",
    "360": "IDR",
    "392": "JPY",
    "410": "KRW",
    "458": "MYR",
    "608": "PHP",
    "702": "SGD",
    "704": "VND",
    "756": "CHF",
    "764": "THB",
    "826": "GBP",
    "840": "USD",
    "978": "EUR",
    "986": "BRL",
}


def classify(payload: str) -> Scheme | None:
    """Which standard ``payload`` claims to follow, without judging whether it does; None when it is none of ours."""
    if len(payload) > LONGEST:
        return None
    if payload.startswith(("BCD\n", "BCD\r\n")):
        return Scheme.EPC
    if payload.startswith(("SPC\n", "SPC\r\n")):
        return Scheme.SWISS
    if payload.startswith("0002"):
        return _national(payload)
    if thai_slip.BEGINS.match(payload):
        return Scheme.THAI_SLIP
    start = payload[:32].lower()
    return next((scheme for begin, scheme in _LINKS.items() if start.startswith(begin)), None)


def read(
    payload: str | bytes, now: datetime | None = None, *, upi_keys: Mapping[str, bytes] | None = None
) -> PaymentCode:
    """The payment code in a QR's content (bytes as decoded, or text). Raises BadPayload for every other content.

    ``now`` (aware) tells what has expired; without it nothing has. ``upi_keys``: see `core.qr.upi.read`.
    """
    if len(payload) > LONGEST:
        raise BadPayload("payload", "longer than any QR code")
    text = text_of(payload)
    scheme = classify(text)
    if scheme is None:
        raise BadPayload("scheme", "not a payment code known here")
    code = upi.read(text, now, upi_keys) if scheme is Scheme.UPI else _READERS[scheme](text, now)
    if not shown(code.payee):
        raise BadPayload("payee", "holds a hidden character")
    return replace(code, problems=(*code.problems, Problem.MIXED_SCRIPTS)) if mixes_scripts(code.payee) else code


def text_of(payload: str | bytes) -> str:
    """The text of a QR's bytes: UTF-8, or what an EPC code says it is in. Raises BadPayload."""
    if isinstance(payload, str):
        return payload
    if payload.startswith(b"BCD"):
        return epc.decode(payload)
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        raise BadPayload("payload", "not UTF-8 text") from None


def _national(payload: str) -> Scheme:
    """Whose merchant code this is, by the identifiers in its account templates; EMV when by none known here."""
    try:
        fields = dict(tlv.parse(payload))
    except BadPayload:  # damaged: what it was meant to be is said all the same
        return next((scheme for name, scheme in _IDENTIFIERS.items() if name in payload.upper()), Scheme.EMV)
    if khqr.claims(fields):  # the only one without an identifier
        return Scheme.KHQR
    leaders = {value[4 : 4 + int(value[2:4])].upper() for value in _account_templates(fields)}
    return next((scheme for name, scheme in _IDENTIFIERS.items() if name in leaders), Scheme.EMV)


def _account_templates(fields: dict[str, str]) -> list[str]:
    """The values of tags 26-51 that begin as a template's identifier does: object 00 and its length."""
    found = [value for tag, value in fields.items() if "26" <= tag <= "51"]
    return [value for value in found if value[:2] == "00" and value[2:4].isascii() and value[2:4].isdigit()]


def _pix(payload: str, now: datetime | None) -> PaymentCode:
    code, fields = pix.parse(payload), emv.top_level(payload)
    problems = left_open(code.amount, code.txid) if code.key else (Problem.REMOTE,)
    problems += (Problem.RECURRING,) if code.recurrence_url else ()
    problems += (Problem.COLLECT,) if code.kind is pix.PixKind.RECURRENCE else ()
    return PaymentCode(
        scheme=Scheme.PIX,
        payee=code.merchant_name,
        account=code.key or code.url or code.recurrence_url or "",
        amount=code.amount,
        currency="BRL",
        reference=code.txid or "",
        problems=problems + emv.besides(fields),
        fields=emv.spoken(payload, fields),
    )


def _epc(payload: str, now: datetime | None) -> PaymentCode:
    code = epc.parse(payload)
    reference = code.reference or code.text
    named = {key: str(value) for key, value in vars(code).items() if value}
    problems = left_open(code.amount, reference)
    return PaymentCode(Scheme.EPC, code.name, code.iban, code.amount, "EUR", reference, problems, fields=named)


def _emv(payload: str, now: datetime | None) -> PaymentCode:
    code = emv.parse(payload)
    return PaymentCode(
        scheme=Scheme.EMV,
        payee=code.name,
        account=next((value for _, value in code.accounts if value), ""),
        amount=code.amount,
        currency=_CURRENCIES.get(code.currency, code.currency),
        reference=code.reference,
        problems=left_open(code.amount, code.reference) + emv.besides(code.fields),
        fields=emv.spoken(payload, code.fields),
    )


_READERS: dict[Scheme, Callable[[str, datetime | None], PaymentCode]] = {
    Scheme.PIX: _pix,
    Scheme.PROMPTPAY: promptpay.read,
    Scheme.THAI_SLIP: thai_slip.read,
    Scheme.PAYNOW: paynow.read,
    Scheme.SGQR: paynow.read_label,
    Scheme.VIETQR: vietqr.read,
    Scheme.KHQR: khqr.read,
    Scheme.DUITNOW: duitnow.read,
    Scheme.EMV: _emv,
    Scheme.EPC: _epc,
    Scheme.SWISS: swiss.read,
    Scheme.BIP21: bip21.read,
    Scheme.EIP681: eip681.read,
    Scheme.BOLT11: bolt11.read,
    Scheme.WECHAT: opaque.read_wechat,
    Scheme.ALIPAY: opaque.read_alipay,
}
