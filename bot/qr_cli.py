"""`sampan qr read`: a merchant's own look at a payment code, from a picture, a file or its text. Nothing is fetched."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.qr import BadPayload, PaymentCode, Problem, Scheme, classify, read
from core.qr.read import text_of
from core.qr.text import host_of

_NOT_VALID, _USAGE = 1, 2  # exit statuses
_MOST_BYTES = 20 * 1024 * 1024
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"%PDF")
"""How files begin that are meant as pictures: those that cannot be opened are said to be so, not read as text."""
_FILE_NAME = re.compile(r"[^\n]{1,250}\.(png|jpe?g|webp|gif|bmp|tiff?|heic|pdf|txt)", re.IGNORECASE)

DAMAGED, NO_CODE, NOT_A_CODE = "damaged", "no-code", "not-a-payment-code"
SEVERAL = "several-codes"

SCHEMES = {
    Scheme.PIX: "PIX (Brazil)",
    Scheme.PROMPTPAY: "PromptPay (Thailand)",
    Scheme.THAI_SLIP: "slip of a Thai bank",
    Scheme.PAYNOW: "PayNow (Singapore)",
    Scheme.SGQR: "SGQR label (Singapore)",
    Scheme.VIETQR: "VietQR (Vietnam)",
    Scheme.KHQR: "KHQR (Cambodia)",
    Scheme.DUITNOW: "DuitNow (Malaysia)",
    Scheme.EMV: "EMV merchant code of a scheme unknown here",
    Scheme.UPI: "UPI (India)",
    Scheme.EPC: "SEPA credit transfer (EPC)",
    Scheme.SWISS: "Swiss QR-bill",
    Scheme.BIP21: "Bitcoin (BIP-21)",
    Scheme.EIP681: "Ethereum (ERC-681)",
    Scheme.BOLT11: "Lightning invoice (BOLT 11)",
    Scheme.WECHAT: "WeChat Pay",
    Scheme.ALIPAY: "Alipay",
}
PROBLEMS = {
    Problem.EXPIRED: "Its time is over.",
    Problem.NO_EXPIRY: "It does not say when it ends, which codes of its kind must.",
    Problem.OPEN_AMOUNT: "It says no amount: the payer types it.",
    Problem.EDITABLE_AMOUNT: "The payer can change the amount.",
    Problem.EXTRA_CHARGE: "A tip or a fee comes on top of the amount.",
    Problem.RAW_AMOUNT: "The amount counts a token's smallest units. Look up the token before comparing.",
    Problem.NO_REFERENCE: "Nothing in it ties the payment to an order.",
    Problem.REMOTE: "The rest is behind an address that the payer's app looks up. It was not visited.",
    Problem.OPAQUE: "Only its issuer knows who is paid how much. Compare it with the code you were issued.",
    Problem.SEVERAL_PAYEES: "There is more than one payee in it; only the one shown was judged.",
    Problem.RECURRING: "It asks for a standing order as well.",
    Problem.COLLECT: "It asks for leave to TAKE money. Nobody needs that to be paid.",
    Problem.CONTRACT_CALL: "It has the wallet run something other than a transfer.",
    Problem.UNSIGNED: "It is not signed, though its scheme has signatures.",
    Problem.UNCHECKED_SIGNATURE: "Its signature or hash was not checked: the issuer's key is not here.",
    Problem.ADDRESS_CHECKSUM: "The capitals in its address are wrong. Compare every letter.",
    Problem.NO_CHAIN: "It names no chain: the wallet would use the one it is on.",
    Problem.TEST_NETWORK: "It is of a test network, where money is worth nothing.",
    Problem.MIXED_SCRIPTS: "The payee's name mixes alphabets whose letters look alike.",
    Problem.SLIP: "It tells of a transfer and proves none. Ask the bank.",
}


def register(verbs: Any) -> None:
    """Add the verb to the command line."""
    qr = verbs.add_parser("qr", help="look into a payment code")
    parts = qr.add_subparsers(dest="part", required=True, metavar="WHAT")
    one = parts.add_parser("read", help="what a code says, and whether it is well-formed; exit status 0 when it is")
    one.add_argument("code", metavar="TEXT|FILE", help="a picture, a file with the code's text, the text; - for stdin")
    one.add_argument("--json", action="store_true", help="for machines")
    one.set_defaults(call=_read)


@dataclass(frozen=True)
class Judged:
    """One payload, judged. ``problems`` are words of `Problem` for a valid code, else one word of this module's."""

    scheme: str | None
    valid: bool
    problems: tuple[str, ...]
    fields: dict[str, Any] = field(default_factory=dict)
    why: str = ""
    """What is wrong with a code that is not valid."""

    def as_json(self) -> dict[str, Any]:
        told = {"scheme": self.scheme, "valid": self.valid, "fields": self.fields, "problems": list(self.problems)}
        return told | ({"why": self.why} if self.why else {})


class _Trouble(Exception):
    """There is nothing to judge. Its words say why, and what to do."""


def _read(options: argparse.Namespace) -> int:
    try:
        payloads = _payloads(options.code)
    except _Trouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        return _USAGE
    now = datetime.now(UTC)
    found = [payloads] if isinstance(payloads, Judged) else [judge(payload, now) for payload in payloads]
    if options.json:
        sys.stdout.write(json.dumps(_summed_up(found), indent=2, ensure_ascii=True) + "\n")
    else:
        sys.stdout.write("\n\n".join(_in_words(found)) + "\n")
    return 0 if all(one.valid for one in found) else _NOT_VALID


def judge(payload: str | bytes, now: datetime) -> Judged:
    """What a payload is, whether it is well-formed and its checksums hold, and what it leaves open."""
    try:
        code = read(payload, now)
    except BadPayload as fault:
        return _refused(payload, fault)
    return Judged(str(code.scheme), True, tuple(map(str, code.problems)), _fields(code))


def _refused(payload: str | bytes, fault: BadPayload) -> Judged:
    try:
        text = text_of(payload)
    except BadPayload:
        text = ""
    scheme = classify(text)
    if scheme is not None:
        return Judged(str(scheme), False, (DAMAGED,), why=str(fault))
    host = host_of(text)
    return Judged(None, False, (NOT_A_CODE,), {"host": host} if host else {}, why=fault.why)


def _fields(code: PaymentCode) -> dict[str, Any]:
    """The scheme's own names for its parts, and the names that all schemes share."""
    shared = {
        "payee": code.payee,
        "account": code.account,
        "amount": None if code.amount is None else f"{code.amount:f}",
        "currency": code.currency,
        "reference": code.reference,
    }
    ends = {} if code.expires_at is None else {"expires_at": code.expires_at.isoformat()}
    return {**code.fields, **shared, **ends}


def _summed_up(found: list[Judged]) -> dict[str, Any]:
    """One code as it is; of several the first, with all of them beside it. Valid when every one is."""
    told = found[0].as_json()
    if len(found) == 1:
        return told
    told["valid"] = all(one.valid for one in found)
    told["problems"] = [*told["problems"], SEVERAL]
    return told | {"payloads": len(found), "codes": [one.as_json() for one in found]}


def _in_words(found: list[Judged]) -> Iterator[str]:
    if len(found) > 1:
        yield f"! {len(found)} different codes are in this picture: one may be stuck over the other. Look at each."
    for one in found:
        yield "\n".join(_lines(one))


def _lines(one: Judged) -> Iterator[str]:
    if not one.valid:
        yield f"✗ {_what_it_is_not(one)}"
        return
    yield f"✓ {SCHEMES[Scheme(str(one.scheme))]}: well-formed, and its checksums hold."
    fields = one.fields
    amount = f"{fields['amount']} {fields['currency']}" if fields["amount"] else "none"
    shown = {"to": fields["payee"], "account": fields["account"], "amount": amount, "reference": fields["reference"]}
    for name, value in (shown | {"ends": fields.get("expires_at", "")}).items():
        if value:
            yield f"    {name:<10}{value}"
    for problem in one.problems:
        yield f"  ! {PROBLEMS[Problem(problem)]}"
    yield "  Anybody can make a well-formed code: compare payee, amount and reference with your own books."


def _what_it_is_not(one: Judged) -> str:
    if one.scheme is not None:
        kind = SCHEMES[Scheme(one.scheme)]
        return f"{kind}: damaged or altered ({one.why}).\n  Do not pay it. Ask whoever it is from for a new one."
    if "host" in one.fields:
        return f"A link to {one.fields['host']}, no payment code. It was not visited.\n  Do not pay on a page it opens."
    return f"{one.why[:1].upper()}{one.why[1:]}."


def _payloads(code: str) -> list[str | bytes] | Judged:
    """What is to be judged: of a picture every code in it, or why there is none. Raises _Trouble."""
    if code == "-":
        return _contents(sys.stdin.buffer.read(_MOST_BYTES + 1))
    path = _file(code)
    if path is None:
        return _contents(os.fsencode(code))
    try:
        with path.open("rb") as file:
            return _contents(file.read(_MOST_BYTES + 1))
    except OSError as fault:
        raise _Trouble(f"{path} cannot be read ({fault.strerror}). Name a picture, or give the code's text.") from None


def _file(code: str) -> Path | None:
    """The file that is meant, or None for a text. Raises _Trouble for the name of a file that is not there."""
    try:
        path = Path(code)
        if code and path.exists():
            return path
    except (OSError, ValueError):  # longer than a name may be, or with a zero in it
        return None
    if _FILE_NAME.fullmatch(code) and classify(code) is None and "://" not in code:
        raise _Trouble(f"There is no file {code!r}. Name a picture, or put the code's text in quotes.")
    return None


def _contents(data: bytes) -> list[str | bytes] | Judged:
    if not data:
        raise _Trouble("There is nothing in it. Name a picture, a file with the code's text, or the text itself.")
    if data.startswith(_PICTURES):
        return _in_picture(data)
    line = data.removesuffix(b"\n").removesuffix(b"\r")
    try:
        return [line.decode()]
    except UnicodeDecodeError:  # a transfer (EPC) may be in another character set, which it names itself
        return [line] if line.startswith(b"BCD") else _in_picture(data)


def _in_picture(data: bytes) -> list[str | bytes] | Judged:
    from bot.pictures.decode import read_codes  # the decoder is 20 ms of loading that a text does not need
    from bot.pictures.product import BadPhoto, PhotoFault

    hints = {
        PhotoFault.NOT_A_PHOTO: "not a picture that can be opened: use JPEG, PNG or WEBP",
        PhotoFault.DAMAGED: "the picture is damaged: save it again, or take a new one",
        PhotoFault.TOO_LARGE: "the picture is over 20 MiB or 25 million pixels: make it smaller",
    }
    try:
        found = read_codes(data)
    except BadPhoto as fault:
        return Judged(None, False, (str(fault.fault),), why=hints.get(fault.fault, "the picture is empty"))
    if not found:
        return Judged(None, False, (NO_CODE,), why="no code can be read in this picture: go closer, hold it flat")
    return list(found)
