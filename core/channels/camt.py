"""Bank statements (camt.053) and notifications (camt.054) of ISO 20022: what the bank has booked, line by line.

Reads versions 02 to 08 by local names, as banks differ in the namespace only. Sources: ISO 20022
BankToCustomerStatement and BankToCustomerDebitCreditNotification, the external code sets of bank transactions
(sub-families RRTN, RPCR) and of return reasons. A time without its offset is taken as UTC: no bank says whose it is.
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
from core.payments.recon.bankline import LineKind
from core.payments.recon.reported import Reported, Statement
from core.qr.reference import is_creditor_reference

_NAMESPACE = re.compile(
    r"\{urn:iso:std:iso:20022:tech:xsd:camt\.05(?P<kind>[34])\.001\.(?P<version>[0-9]{2})\}Document"
)
_REFERENCE = re.compile(r"RF *[0-9]{2}[A-Z0-9 ]{1,40}")
_BACK = frozenset({"RRTN", "RPCR"})  # a reimbursement or return; a reversal due to a cancellation request
_FEES = frozenset({"CHRG", "FEES", "COMM"})
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)


class BadStatement(ValueError):
    """Not a report we can book from. The message is a sentence's end of the catalogue, and holds no content."""


@dataclass(frozen=True, slots=True)
class _Source:
    """What every line of one statement shares."""

    name: str
    channel: str
    now: datetime


def read_camt(document: bytes, account: str, now: datetime, channel: str) -> list[Statement]:
    """The booked entries of `account` (an IBAN). Raises BadStatement; nothing is returned of a document with a fault.

    A booking date may be a bare day: then the payment counts as made when it was told, `now`. Of a statement (camt.053)
    `gap` is what its balances move beyond its entries; one without both balances has none, and neither of them counts.
    """
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise BadStatement(sentence("not well-formed XML, or it has a DTD")) from None
    kind = _NAMESPACE.fullmatch(root.tag)
    if not kind:
        raise BadStatement(sentence("not a camt.054 or camt.053 document"))
    found = [*_all(root, "Ntfctn"), *_all(root, "Stmt")]
    if not found:
        raise BadStatement(sentence("no notification in it"))
    if any(_text(one, "Acct/Id/IBAN").replace(" ", "") != account for one in found):
        raise BadStatement(sentence("for another account than the one configured"))
    return [_statement(one, now, channel, final=kind["kind"] == "3") for one in found]


def _statement(part: Element, now: datetime, channel: str, *, final: bool) -> Statement:
    source = _Source(_text(part, "Id")[:60], channel, now)
    booked = [row for row in _children(part, "Ntry") if _status(row) == "BOOK"]
    lines = tuple(line for place, row in enumerate(booked) for line in _entry(row, place, source))
    ends = _ends(part) if final else None
    gap = _gap(*ends, lines) if ends else None
    return Statement(channel, source.name or f"{now:%Y-%m-%dT%H:%M:%S}", lines, final, gap, ends)


def _ends(part: Element) -> tuple[Money, Money] | None:
    """The balances that it opens and closes with."""
    opening, closing = _balance(part, _OPENING), _balance(part, _CLOSING)
    return None if opening is None or closing is None else (opening, closing)


def _gap(opening: Money, closing: Money, lines: tuple[Reported, ...]) -> Money | None:
    """How much further the balance moved than the entries say."""
    entries = sum((line.gross - line.kept).minor for line in lines if line.gross.asset == closing.asset)
    gap = Money(closing.minor - opening.minor - entries, closing.asset)
    return gap or None


def _balance(part: Element, kinds: tuple[str, ...]) -> Money | None:
    for kind in kinds:
        for one in _children(part, "Bal"):
            if _text(one, "Tp/CdOrPrtry/Cd") == kind:
                amount = _money(_amount(one))
                return -amount if _text(one, "CdtDbtInd") == "DBIT" else amount
    return None


def _entry(row: Element, place: int, source: _Source) -> Iterator[Reported]:
    if _text(row, "CdtDbtInd") not in ("CRDT", "DBIT"):
        raise BadStatement(sentence("an entry is neither CRDT nor DBIT"))
    details = [detail for group in _children(row, "NtryDtls") for detail in _children(group, "TxDtls")]
    if len(details) > 1 and any(_part(detail) is None for detail in details):
        raise BadStatement(sentence("a batch entry whose parts have no amounts of their own"))
    for number, detail in enumerate(details or [row]):
        # Of a single payment the entry's amount counts: the detail may name what was sent in another currency.
        amount = _money(_part(detail) if len(details) > 1 else _amount(row))
        if not amount:
            continue
        own = _text(detail, "Refs/AcctSvcrRef") or _text(detail, "Refs/TxId")
        evidence = own or _entry_name(row, source.name)
        if evidence and len(details) > 1 and not own:
            evidence = f"{evidence}/{number}"
        charges = _children(detail, "Chrgs") or (_children(row, "Chrgs") if len(details) <= 1 else [])
        fee = _included(charges, amount)
        yield _line(row, detail, amount, fee, evidence, f"{source.name}/{place}/{number}", source)


def _line(
    row: Element, detail: Element, amount: Money, fee: Money, evidence: str, place: str, source: _Source
) -> Reported:
    leaves = _text(row, "CdtDbtInd") == "DBIT"
    name = _text(detail, "Refs/EndToEndId")
    name = "" if name == "NOTPROVIDED" else name
    kind = _kind(row, detail, leaves=leaves, named=bool(name))
    if not evidence and not leaves:
        raise BadStatement(sentence("an entry without any reference of the bank"))
    fact = evidence or (f"{source.name}/{name}" if name else place)  # our own name for it; the bank need not have one
    return Reported(
        channel=source.channel,
        kind=kind,
        fact=fact[:64],
        gross=-(amount - fee) if leaves else amount + fee,
        at=_moment(detail, row, source.now),
        fee=fee,
        reference=_reference(detail),
        name=name[:64],
        reason=(_text(detail, "RtrInf/Rsn/Cd") or _text(detail, "RtrInf/Rsn/Prtry"))[:35],
        firm=False,
        debtor_account="" if leaves else _text(detail, "RltdPties/DbtrAcct/Id/IBAN"),
        debtor_name=""
        if leaves
        else (_text(detail, "RltdPties/Dbtr/Pty/Nm") or _text(detail, "RltdPties/Dbtr/Nm"))[:120],
    )


def _kind(row: Element, detail: Element, *, leaves: bool, named: bool) -> LineKind:
    """A named debit is a refund or payout of ours: all of those are named, and only the books know which it is."""
    codes = {_text(part, "BkTxCd/Domn/Fmly/SubFmlyCd") for part in (row, detail)}
    back = _text(row, "RvslInd") in ("true", "1") or bool(_children(detail, "RtrInf")) or not _BACK.isdisjoint(codes)
    if back:
        return LineKind.CHARGEBACK if leaves else LineKind.RETURN
    if not leaves:
        return LineKind.PAYMENT
    if not _FEES.isdisjoint(codes):
        return LineKind.FEE
    return LineKind.REFUND if named else LineKind.OTHER


def _included(charges: list[Element], amount: Money) -> Money:
    """What the bank has kept within the amount, or added to it when money leaves."""
    kept = zero(amount.asset)
    for charge in (one for group in charges for one in _children(group, "Rcrd")):
        if _text(charge, "ChrgInclInd") in ("true", "1") and _text(charge, "CdtDbtInd") != "CRDT":
            fee = _money(_amount(charge))
            kept += fee if fee.asset == amount.asset else zero(amount.asset)
    return kept if kept < amount else zero(amount.asset)


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
