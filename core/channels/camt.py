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

from core.money import BadAmount, Money, UnknownAsset, asset, parse_amount
from core.payments.receiving import Fact

_NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.05[34]\.001\.(?P<version>[0-9]{2})\}Document")
_REFERENCE = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")


class BadStatement(ValueError):
    """Not a camt.054 we can book from. The message says what is wrong, without the content."""


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
        raise BadStatement("not well-formed XML, or it has a DTD") from None
    if not _NAMESPACE.fullmatch(root.tag):
        raise BadStatement("not a camt.054 or camt.053 document")
    notifications = [*_all(root, "Ntfctn"), *_all(root, "Stmt")]
    if not notifications:
        raise BadStatement("no notification in it")
    facts: list[Fact | Debited] = []
    for notification in notifications:
        iban = _text(notification, "Acct/Id/IBAN").replace(" ", "")
        if iban != account:
            raise BadStatement("for another account than the one configured")
        for row in _children(notification, "Ntry"):
            if _status(row) == "BOOK":
                facts.extend(_entry(row, now, channel))
    return facts


def _entry(row: Element, now: datetime, channel: str) -> Iterator[Fact | Debited]:
    direction = _text(row, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise BadStatement("an entry is neither CRDT nor DBIT")
    details = [detail for group in _children(row, "NtryDtls") for detail in _children(group, "TxDtls")]
    if len(details) > 1 and not all(_amounts(detail) for detail in details):
        raise BadStatement("a batch entry whose parts have no amounts of their own")
    for place, detail in enumerate(details or [row]):
        amount = _money(_amounts(detail) or _amounts(row))
        evidence = (
            _text(detail, "Refs/AcctSvcrRef") or _text(detail, "Refs/TxId") or _text(row, "AcctSvcrRef")
        ) or _text(row, "NtryRef")
        if not evidence:
            raise BadStatement("an entry without any reference of the bank")
        if len(details) > 1 and not _text(detail, "Refs/AcctSvcrRef") and not _text(detail, "Refs/TxId"):
            evidence = f"{evidence}/{place}"
        if direction == "DBIT":
            yield Debited(_text(detail, "Refs/EndToEndId"), evidence[:64], amount)
            continue
        yield Fact(
            channel=channel,
            id=evidence[:64],
            reference=_reference(detail),
            amount=amount,
            at=_moment(detail, row, now),
            debtor_account=_text(detail, "RltdPties/DbtrAcct/Id/IBAN"),
            debtor_name=(_text(detail, "RltdPties/Dbtr/Pty/Nm") or _text(detail, "RltdPties/Dbtr/Nm"))[:120],
        )


def _reference(detail: Element) -> str:
    """The structured creditor reference, else one found in the free text: some banks flatten it."""
    structured = _text(detail, "RmtInf/Strd/CdtrRefInf/Ref").replace(" ", "").upper()
    if structured:
        return structured[:64]
    for group in _children(detail, "RmtInf"):
        for free in _children(group, "Ustrd"):
            text = (free.text or "").upper()
            if found := _REFERENCE.search(text.replace(" ", "")):
                return found.group()
            if text.strip():
                return text.strip()[:64]
    return ""


def _moment(detail: Element, row: Element, now: datetime) -> datetime:
    for where, path in ((detail, "RltdDts/AccptncDtTm"), (row, "BookgDt/DtTm")):
        if text := _text(where, path):
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                raise BadStatement("a date that is none") from None
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return now


def _status(row: Element) -> str:
    return _text(row, "Sts/Cd") or _text(row, "Sts")


def _amounts(where: Element) -> Element | None:
    found = _children(where, "Amt")
    return found[0] if found else None


def _money(element: Element | None) -> Money:
    try:
        if element is None:
            raise BadStatement("an entry without an amount")
        return parse_amount((element.text or "").strip(), asset(element.get("Ccy", "")))
    except (BadAmount, UnknownAsset):
        raise BadStatement("an amount or currency that is none") from None


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
