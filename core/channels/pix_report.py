"""Settlement reports of Pix: which payments the provider has put on the account, and what it kept of each.

The central bank's Pix API has no such report, and each provider writes its own. So this is a form of ours, for a few
lines of script (or a spreadsheet) to bring a provider's file into: CSV in UTF-8, comma or semicolon, these columns by
name in any order, others are passed over:

    account        the Pix key or account the report is of: the one the shop is configured with
    type           payment | refund | payout | return | chargeback | fee | settlement (a batch that has arrived)
    id             payment, chargeback: the endToEndId; refund: its rtrId; else the provider's id
    settled_at     ISO 8601, with its offset
    gross          with sign and two decimals, as the payer or payee sees it: 100.00, refunds and payouts -100.00
    fee            what was kept of it, 0.00 or more (negative when it was given back)
    net            gross - fee: what moved on the account
    txid           optional: the reference of the payment code
    our_id         optional: the id we gave to a refund or payout
    of             optional: the endToEndId that a refund gives back; for a chargeback, when `id` is another
    batch          optional: the transfer to the bank account that the line is part of; empty: it is on the account;
                   of a settlement: the transfer that it is

Providers' words (their documentation, 2026): Mercado Pago's SOURCE_ID, TRANSACTION_TYPE (SETTLEMENT is a payment;
REFUND; CHARGEBACK), SETTLEMENT_DATE, TRANSACTION_AMOUNT, FEE_AMOUNT (negative there), SETTLEMENT_NET_AMOUNT,
EXTERNAL_REFERENCE.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import UTC, datetime

from core.channels.camt import BadStatement
from core.channels.pix import NAME
from core.errors import sentence
from core.money import Money, asset
from core.payments.recon.bankline import LineKind
from core.payments.recon.reported import Reported, Statement

COLUMNS = ("account", "type", "id", "settled_at", "gross", "fee", "net")
MORE = ("txid", "our_id", "of", "batch")
KINDS = {
    kind.value: kind
    for kind in (
        LineKind.PAYMENT,
        LineKind.REFUND,
        LineKind.PAYOUT,
        LineKind.RETURN,
        LineKind.CHARGEBACK,
        LineKind.FEE,
        LineKind.SETTLEMENT,
    )
}
_COMES_IN = (LineKind.PAYMENT, LineKind.RETURN, LineKind.SETTLEMENT)
_WORD = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_AMOUNT = re.compile(r"-?[0-9]{1,12}\.[0-9]{2}")
_MOST_ROWS = 100_000


def read_report(document: bytes, account: str) -> list[Statement]:
    """The report as one statement. Raises BadStatement; nothing is returned of a document with a fault."""
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadStatement(sentence("neither a bank statement (XML) nor a settlement report (CSV)")) from None
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    try:
        given = set(rows.fieldnames or ())
        if not given & set(COLUMNS):
            raise BadStatement(sentence("neither a bank statement (XML) nor a settlement report (CSV)"))
        if not given >= set(COLUMNS):
            raise BadStatement(sentence("not a settlement report: a column is missing"))
        lines = tuple(_line({name: (row.get(name) or "").strip() for name in COLUMNS + MORE}, account) for row in rows)
    except csv.Error:
        raise BadStatement(sentence("not a CSV")) from None
    if not lines or len(lines) > _MOST_ROWS:
        raise BadStatement(sentence("no line in it, or too many"))
    if len({(line.kind, line.fact) for line in lines}) != len(lines):
        raise BadStatement(sentence("one id stands in it twice"))
    return [Statement(NAME, f"pix-{hashlib.sha256(document).hexdigest()[:16]}", lines)]


def _line(row: dict[str, str], account: str) -> Reported:
    if row["account"] != account:
        raise BadStatement(sentence("for another account than the one configured"))
    kind = KINDS.get(row["type"])
    if kind is None or not row["id"] or not all(_WORD.fullmatch(row[name]) for name in ("id", *MORE)):
        raise BadStatement(sentence("a line of it cannot be read"))
    gross, fee, net = (_money(row[name]) for name in ("gross", "fee", "net"))
    if gross - fee != net or not gross or (gross.minor > 0) != (kind in _COMES_IN):
        raise BadStatement(sentence("a line of it does not add up"))
    arrived = kind is LineKind.SETTLEMENT
    return Reported(
        channel=NAME,
        kind=kind,
        fact=row["id"],
        gross=gross,
        at=_moment(row["settled_at"]),
        fee=fee,
        reference=row["batch"] if arrived else row["txid"],
        name=row["our_id"],
        of=row["of"] or (row["id"] if kind is LineKind.CHARGEBACK else ""),
        batch="" if arrived else row["batch"],
    )


def _money(text: str) -> Money:
    if not _AMOUNT.fullmatch(text):
        raise BadStatement(sentence("an amount or currency that is none"))
    return Money(int(text.replace(".", "")), asset("BRL"))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadStatement(sentence("a date that is none")) from None
