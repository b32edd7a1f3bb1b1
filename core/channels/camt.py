"""camt.054 bank notifications (ISO 20022): which credits and debits the bank has booked.

Reads versions 02 to 08 by local names, as banks differ in the namespace only. Source: ISO 20022
BankToCustomerDebitCreditNotification; the fields used are Ntry/CdtDbtInd, Sts, Amt, NtryDtls/TxDtls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.errors import sentence
from core.money import BadAmount, Money, UnknownAsset, asset, parse_amount, zero
from core.payments.receiving import Fact
from core.qr.reference import is_creditor_reference

_NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.05[34]\.001\.(?P<version>[0-9]{2})\}Document")
_REFERENCE = re.compile(r"RF *[0-9]{2}[A-Z0-9 ]{1,40}")


class BadStatement(ValueError):
    """Not a camt.054 we can book from. The message is a sentence's end of the catalogue, and holds no content."""


@dataclass(frozen=True, slots=True)
class Debited:
    """A booked debit: one of our own transfers went out. `reference` is its EndToEndId."""

    reference: str
    evidence: str
    amount: Money


def read_camt(document: bytes, account: str, now: datetime, channel: str) -> list[Fact | Debited]:
    """The booked entries of `account` (an IBAN). Raises BadStatement; nothing is returned of a document with a fault.

    A notification's booking date may be a bare day: then the payment counts as made when it was told, `now`.
    """
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise BadStatement(sentence("not well-formed XML, or it has a DTD")) from None
    if not _NAMESPACE.fullmatch(root.tag):
        raise BadStatement(sentence("not a camt.054 or camt.053 document"))
    notifications = [*_all(root, "Ntfctn"), *_all(root, "Stmt")]
    if not notifications:
        raise BadStatement(sentence("no notification in it"))
    facts: list[Fact | Debited] = []
    for notification in notifications:
        iban = _text(notification, "Acct/Id/IBAN").replace(" ", "")
        if iban != account:
            raise BadStatement(sentence("for another account than the one configured"))
        for row in _children(notification, "Ntry"):
            if _status(row) == "BOOK":
                facts.extend(_entry(row, _text(notification, "Id"), now, channel))
    return facts


def _entry(row: Element, notification: str, now: datetime, channel: str) -> Iterator[Fact | Debited]:
    direction = _text(row, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise BadStatement(sentence("an entry is neither CRDT nor DBIT"))
    details = [detail for group in _children(row, "NtryDtls") for detail in _children(group, "TxDtls")]
    if len(details) > 1 and any(_part(detail) is None for detail in details):
        raise BadStatement(sentence("a batch entry whose parts have no amounts of their own"))
    for place, detail in enumerate(details or [row]):
        # Of a single payment the entry's amount counts: the detail may name what was sent in another currency.
        amount = _money(_part(detail) if len(details) > 1 else _amount(row))
        if not amount:
            continue
        own = _text(detail, "Refs/AcctSvcrRef") or _text(detail, "Refs/TxId")
        evidence = own or _entry_name(row, notification)
        if evidence and len(details) > 1 and not own:
            evidence = f"{evidence}/{place}"
        if direction == "DBIT":
            reference = _text(detail, "Refs/EndToEndId")  # our own name for it; the bank need not have another
            if reference in ("", "NOTPROVIDED"):
                continue  # fees and the like: no transfer of ours, all of which are named
            yield Debited(reference, (evidence or f"{notification}/{reference}")[:64], amount)
            continue
        if not evidence:
            raise BadStatement(sentence("an entry without any reference of the bank"))
        yield Fact(
            channel=channel,
            id=evidence[:64],
            reference=_reference(detail),
            amount=amount,
            at=_moment(detail, row, now),
            debtor_account=_text(detail, "RltdPties/DbtrAcct/Id/IBAN"),
            debtor_name=(_text(detail, "RltdPties/Dbtr/Pty/Nm") or _text(detail, "RltdPties/Dbtr/Nm"))[:120],
        )


def _entry_name(row: Element, notification: str) -> str:
    """The bank's own name of an entry, or "". NtryRef may be a line number, unique within its notification only."""
    if name := _text(row, "AcctSvcrRef"):
        return name
    line = _text(row, "NtryRef")
    return f"{notification}/{line}" if line and notification else ""


def _reference(detail: Element) -> str:
    """The structured creditor reference, else one found in the free text: some banks flatten it, or cut it in lines."""
    structured = _text(detail, "RmtInf/Strd/CdtrRefInf/Ref").replace(" ", "").upper()
    if structured:
        return structured[:64]
    found = [free for group in _children(detail, "RmtInf") for free in _children(group, "Ustrd")]
    lines = [text for free in found if (text := (free.text or "").strip().upper())]
    for text in (*lines, "".join(lines)):
        for match in _REFERENCE.finditer(text):
            words = match.group().split()
            for end in range(len(words), 0, -1):  # the words after it are the payer's own; the check digits tell
                if is_creditor_reference("".join(words[:end])):
                    return "".join(words[:end])
    return lines[0][:64] if lines else ""


def _moment(detail: Element, row: Element, now: datetime) -> datetime:
    """When the payment was made, `now` at the latest: a bank's clock, or a local time without its offset, may be ahead
    of ours, and that must not make a payment late."""
    for where, path in ((detail, "RltdDts/AccptncDtTm"), (row, "BookgDt/DtTm")):
        if text := _text(where, path):
            try:
                moment = datetime.fromisoformat(text)
                return min(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC), now)
            except (ValueError, OverflowError):
                raise BadStatement(sentence("a date that is none")) from None
    return now


def _status(row: Element) -> str:
    return _text(row, "Sts/Cd") or _text(row, "Sts")


def _amount(where: Element) -> Element | None:
    found = _children(where, "Amt")
    return found[0] if found else None


def _part(detail: Element) -> Element | None:
    """The amount of one payment of a batch: Amt of its own from version 04 on, AmtDtls/TxAmt before."""
    own = _amount(detail)
    if own is not None:
        return own
    inner = [place for group in _children(detail, "AmtDtls") for place in _children(group, "TxAmt")]
    return _amount(inner[0]) if inner else None


def _money(element: Element | None) -> Money:
    """An amount, possibly zero. ISO 20022 writes up to five decimals; zeros past the currency's own say nothing."""
    if element is None:
        raise BadStatement(sentence("an entry without an amount"))
    whole, point, part = (element.text or "").strip().partition(".")
    try:
        of = asset(element.get("Ccy", ""))
        part = part[: of.exponent] + part[of.exponent :].rstrip("0")
        text = f"{whole}{point if part else ''}{part}"
        return zero(of) if re.fullmatch(r"0+([.]0+)?", text) else parse_amount(text, of)
    except (BadAmount, UnknownAsset):
        raise BadStatement(sentence("an amount or currency that is none")) from None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(where: Element, name: str) -> list[Element]:
    return [child for child in where if _local(child) == name]


def _all(where: Element, name: str) -> list[Element]:
    return [element for element in where.iter() if _local(element) == name]


def _text(where: Element, path: str) -> str:
    for name in path.split("/"):
        found = _children(where, name)
        if not found:
            return ""
        where = found[0]
    return (where.text or "").strip()
