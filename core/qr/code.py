"""The noun of this room: what a payment code says, in one shape for every scheme, and the words for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Scheme(StrEnum):
    """The standards this room can read. EMV is a merchant code of a scheme without a strict profile of its own."""

    PIX = "pix"
    PROMPTPAY = "promptpay"
    THAI_SLIP = "thai-slip"
    PAYNOW = "paynow"
    SGQR = "sgqr"
    VIETQR = "vietqr"
    KHQR = "khqr"
    DUITNOW = "duitnow"
    EMV = "emv"
    UPI = "upi"
    EPC = "epc"
    SWISS = "swiss-qr-bill"
    BIP21 = "bip21"
    EIP681 = "eip681"
    BOLT11 = "bolt11"
    WECHAT = "wechat"
    ALIPAY = "alipay"


class Problem(StrEnum):
    """What a well-formed code leaves open, or does besides asking for one payment."""

    EXPIRED = "expired"
    """Its time is over, or the scheme's operator treats it as over."""
    NO_EXPIRY = "no-expiry"
    """It must say when it ends and does not (a dynamic KHQR): the operator's own app refuses it."""
    OPEN_AMOUNT = "open-amount"
    """The payer types the amount."""
    EDITABLE_AMOUNT = "editable-amount"
    """It says an amount, and lets the payer change it."""
    EXTRA_CHARGE = "extra-charge"
    """A tip or a fee comes on top of the amount."""
    RAW_AMOUNT = "raw-amount"
    """The amount counts a token's smallest units; how many make a whole one is not in the code."""
    NO_REFERENCE = "no-reference"
    """Nothing in it ties the payment to an order."""
    REMOTE = "remote"
    """What is paid, or to whom, is behind an address that the payer's app looks up. It is never fetched here."""
    OPAQUE = "opaque"
    """A token that only its issuer understands: it shows neither payee nor amount."""
    SEVERAL_PAYEES = "several-payees"
    """More than one account, or way to pay, is in it; only the one shown was judged."""
    RECURRING = "recurring"
    """It asks for a standing order as well."""
    COLLECT = "collect"
    """It asks for leave to take money later (a mandate, a token allowance), which scanning to pay never needs."""
    CONTRACT_CALL = "contract-call"
    """It has the wallet run something other than a transfer."""
    UNSIGNED = "unsigned"
    """The scheme has signatures; this code has none."""
    UNCHECKED_SIGNATURE = "unchecked-signature"
    """It carries a signature or a hash that was not checked: the issuer's key is not at hand."""
    ADDRESS_CHECKSUM = "address-checksum"
    """Its address is the example of a standard, printed there with a wrong checksum: wallets refuse to pay it."""
    NO_CHAIN = "no-chain"
    """It names no chain: the wallet would use whichever it happens to be on."""
    TEST_NETWORK = "test-network"
    """Money there is worth nothing."""
    MIXED_SCRIPTS = "mixed-scripts"
    """The payee's name mixes alphabets whose letters look alike."""
    SLIP = "slip"
    """It tells of a transfer and asks for none. It is no proof: anybody can print one."""


@dataclass(frozen=True)
class PaymentCode:
    """What a code says, whoever made it: nothing here is vouched for. Texts a code lacks are empty."""

    scheme: Scheme
    payee: str
    """The name written in the code. Free text: a forger writes any name."""
    account: str
    """Where the money goes: IBAN, PIX key or address, or a scheme's account; bank and account joined by "/"."""
    amount: Decimal | None
    currency: str
    """ISO 4217 letters; the numeric code where the letters are unknown here. Else BTC, ETH, or a token by CAIP-19."""
    reference: str
    problems: tuple[Problem, ...] = ()
    expires_at: datetime | None = None
    """When it ends, in UTC, where it says so."""
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """What the scheme itself calls its parts (EMV tags, link parameters): texts, whole numbers, and tables of these."""


def expired(expires_at: datetime | None, now: datetime | None) -> tuple[Problem, ...]:
    """The problem of a code whose end has come. Without an end, or without a now, there is none to tell."""
    return (Problem.EXPIRED,) if expires_at is not None and now is not None and expires_at <= now else ()


def left_open(amount: Decimal | None, reference: str | None) -> tuple[Problem, ...]:
    """What the payer would have to add."""
    return ((Problem.OPEN_AMOUNT,) if amount is None else ()) + (() if reference else (Problem.NO_REFERENCE,))


def scaled(number: int, places: int) -> Decimal:
    """``number`` with its last ``places`` digits behind the point, exactly, whatever the decimal context rounds to."""
    digits = f"{number:0{places + 1}d}"
    return Decimal(f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip("."))
