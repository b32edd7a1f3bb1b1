"""Merchant-presented codes of any EMV scheme, read by the common rules only, and the tools of the strict profiles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.qr import tlv
from core.qr.code import Problem
from core.qr.errors import BadPayload

NAME, CITY, CATEGORY = r".{1,25}", r".{1,15}", r"[0-9]{4}"
CENTS, WHOLE = r"[0-9]{1,10}(\.[0-9]{1,2})?", r"[0-9]{1,13}"

_AMOUNT = re.compile(r"\d+(\.\d*)?")


@dataclass(frozen=True)
class EmvCode:
    """A sealed, well-formed code; ``fields`` keeps every top-level object by tag, unjudged."""

    fields: dict[str, str]
    accounts: tuple[tuple[str, str], ...]
    """(scheme identifier, first account value) of each template 26-51 that could be read."""
    amount: Decimal | None
    currency: str
    """ISO 4217 numeric code, three digits."""
    name: str
    reference: str
    """The reference label 62-05, or the bill number 62-01; empty when the code has neither."""


def amount_of(text: str, tag: str = "54") -> Decimal:
    """A tag-54 amount: digits and at most one point, no sign, 13 characters at most, more than nothing."""
    if len(text) > 13 or not text.isascii() or not _AMOUNT.fullmatch(text):
        raise BadPayload(tag, "not an amount")
    amount = Decimal(text)
    if not amount:
        raise BadPayload(tag, "an amount of nothing")
    return amount


def top_level(payload: str) -> dict[str, str]:
    """The fields of a sealed payload by tag, when it begins with 00 as every EMV code must."""
    fields = tlv.unseal(payload)
    if not fields or fields[0][0] != "00":
        raise BadPayload("00", "the format indicator is not the first field")
    return tlv.once(fields)


def profile(payload: str, must: Mapping[str, str], may: Mapping[str, str]) -> dict[str, str]:
    """The fields of a sealed payload, when they are as a scheme's profile wants them: tag → pattern of the whole value.

    The format indicator (00) and the kind of code (01) are judged for every scheme: 01, and 11 or 12 if any.
    """
    fields = top_level(payload)
    rules = {"00": "01", **must}
    for tag, rule in {"01": "11|12", **may, **rules}.items():
        if (tag in fields or tag in rules) and not re.fullmatch(rule, fields.get(tag, "")):
            raise BadPayload(tag, "missing, or not as this scheme fixes it")
    return fields


def account_of(fields: Mapping[str, str], identifiers: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The tag and the objects of the one template 26-51 led by one of these identifiers. Raises BadPayload."""
    wanted = {identifier.upper() for identifier in identifiers}
    found = [(tag, inside) for tag, inside in _templates(fields) if inside.get("00", "").upper() in wanted]
    if len(found) != 1:
        raise BadPayload("26", "no account of this scheme, or two")
    return found[0]


def besides(fields: Mapping[str, str]) -> tuple[Problem, ...]:
    """What any scheme's code may add for a payer to trip over: a second payee, or a tip or fee on top."""
    payees = sum("02" <= tag <= "51" for tag in fields) - ("51" in fields)  # 51 labels the others (SGQR, Thai slips)
    several = (Problem.SEVERAL_PAYEES,) if payees > 1 else ()
    return several + ((Problem.EXTRA_CHARGE,) if fields.keys() & {"55", "56", "57"} else ())


def spoken(payload: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Every object by its tag, templates as tables of theirs, the checksum last."""
    named: dict[str, Any] = dict(fields)
    for tag in fields:
        if "26" <= tag <= "51" or tag in ("62", "64") or "80" <= tag <= "99":
            try:
                inside = tlv.template(fields[tag], tag)
            except BadPayload:
                continue  # a plain value, such as a hash
            named[tag] = inside if tag < "80" or "00" in inside else fields[tag]
    return named | {tlv.CRC_TAG: payload[-4:]}


def _templates(fields: Mapping[str, str]) -> list[tuple[str, dict[str, str]]]:
    found = []
    for tag in sorted(fields):
        if "26" <= tag <= "51":
            try:
                found.append((tag, tlv.template(fields[tag], tag)))
            except BadPayload:
                continue  # another scheme's plain value: the payees are counted, and only ours is judged
    return found


def parse(payload: str) -> EmvCode:
    """Read a code by the rules all EMV schemes share. Raises BadPayload; a scheme's own rules are not checked."""
    fields = top_level(payload)
    currency = fields.get("53", "")
    if not re.fullmatch(r"[0-9]{3}", currency):
        raise BadPayload("53", "no three-digit currency")
    if not re.fullmatch(r"[A-Z]{2}", fields.get("58", "")):
        raise BadPayload("58", "no two-letter country")
    extra = tlv.template(fields["62"], "62") if "62" in fields else {}
    return EmvCode(
        fields=fields,
        accounts=_accounts(fields),
        amount=amount_of(fields["54"]) if "54" in fields else None,
        currency=currency,
        name=fields.get("59", ""),
        reference=next((extra[tag] for tag in ("05", "01") if extra.get(tag, "***") != "***"), ""),
    )


def _accounts(fields: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Who is paid. Tags 02-25 hold a card scheme's plain number, 26-51 a template led by its identifier (00)."""
    found = []
    for tag, value in sorted(fields.items()):
        if "02" <= tag <= "25":
            found.append((tag, value))
        elif "26" <= tag <= "51":
            inside = tlv.template(value, tag)
            guid = inside.get("00", tag)
            account = next((inside[sub] for sub in sorted(inside) if sub != "00"), guid)  # KHQR: 00 is the account
            found.append((guid, account))
    if not found:
        raise BadPayload("26", "no payee account")
    return tuple(found)
