"""Any decoded QR payload to one PaymentCode: which scheme it is, then that scheme's strict parser."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from core.qr import emv, epc, pix
from core.qr.errors import BadPayload


class Scheme(StrEnum):
    """The standards this room can read. EMV is a merchant code of a scheme without a strict profile of its own."""

    PIX = "pix"
    EPC = "epc"
    EMV = "emv"


@dataclass(frozen=True)
class PaymentCode:
    """What a code says, whoever made it: nothing here is vouched for. Texts a code lacks are empty."""

    scheme: Scheme
    payee: str
    """The name written in the code. Free text: a forger writes any name."""
    account: str
    """Where the money goes: IBAN, PIX key or address, or a scheme's account."""
    amount: Decimal | None
    currency: str
    """ISO 4217 letters; the numeric code where the letters are unknown here."""
    reference: str
    problems: tuple[str, ...] = ()
    """What a valid code leaves open: "open-amount", "no-reference"; "remote": the rest is behind a URL; "recurring": it
    asks for a mandate as well."""


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
    if payload.startswith(("BCD\n", "BCD\r\n")):
        return Scheme.EPC
    if payload.startswith("0002"):
        return Scheme.PIX if pix.GUID in payload.lower() else Scheme.EMV
    return None


def read(payload: str | bytes) -> PaymentCode:
    """The payment code in a QR's content (bytes as decoded, or text). Raises BadPayload for every other content."""
    text = _text_of(payload)
    scheme = classify(text)
    if scheme is Scheme.PIX:
        return _from_pix(pix.parse(text))
    if scheme is Scheme.EPC:
        return _from_epc(epc.parse(text))
    if scheme is Scheme.EMV:
        return _from_emv(emv.parse(text))
    raise BadPayload("scheme", "not a payment code known here")


def _text_of(payload: str | bytes) -> str:
    if isinstance(payload, str):
        return payload
    if payload.startswith(b"BCD"):
        return epc.decode(payload)
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        raise BadPayload("payload", "not UTF-8 text") from None


def _from_pix(code: pix.PixCode) -> PaymentCode:
    recurring = ("recurring",) if code.recurrence_url else ()
    remote = ("remote",) if code.url else _open(code.amount, code.txid)
    account = code.key or code.url or ""
    return PaymentCode(Scheme.PIX, code.merchant_name, account, code.amount, "BRL", code.txid or "", remote + recurring)


def _from_epc(code: epc.EpcCode) -> PaymentCode:
    reference = code.reference or code.text
    return PaymentCode(Scheme.EPC, code.name, code.iban, code.amount, "EUR", reference, _open(code.amount, reference))


def _from_emv(code: emv.EmvCode) -> PaymentCode:
    account = next((value for _, value in code.accounts if value), "")
    currency = _CURRENCIES.get(code.currency, code.currency)
    problems = _open(code.amount, code.reference)
    return PaymentCode(Scheme.EMV, code.name, account, code.amount, currency, code.reference, problems)


def _open(amount: Decimal | None, reference: str | None) -> tuple[str, ...]:
    return (("open-amount",) if amount is None else ()) + (() if reference else ("no-reference",))
