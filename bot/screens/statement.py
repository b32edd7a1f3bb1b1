"""A seller's statement in the reader's words (for the PDF) and in plain cells (for the CSV)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from bot.pictures.sheet import Row, Sheet, Table
from bot.words import Word, Words
from core.money import Money
from core.payments.settlement.statement import Holdings, Line, LineKind, Part, Statement

KINDS = {
    LineKind.FIRST: Word("sale, first part"),
    LineKind.REST: Word("sale, rest"),
    LineKind.REFUND: Word("refund"),
    LineKind.DISPUTE: Word("dispute"),
    LineKind.NETTED: Word("debt netted"),
    LineKind.RESERVE: Word("reserve set free"),
    LineKind.PAYOUT: Word("payout"),
    LineKind.RETURNED: Word("payout returned"),
    LineKind.OTHER: Word("other"),
}

_WIDTHS = (24, 58, 22, 17, 22, 20, 17)


def sheet(t: Words, told: Statement, shop: str, now: datetime) -> Sheet:
    """The statement as it is printed."""
    last = told.until - timedelta(microseconds=1)
    return Sheet(
        title=t.plain("Statement"),
        facts=(
            (t.plain("Shop"), shop),
            (t.plain("Seller"), f"{told.seller.name} ({told.seller.id})"),
            (t.plain("Period"), t.plain("{since} to {until}, UTC", since=told.since.date(), until=last.date())),
            (t.plain("Made on"), t.moment(now)),
        ),
        tables=tuple(_table(t, part) for part in told.parts),
        foot=t.plain("{shop} · statement of {seller}", shop=shop, seller=told.seller.name),
        page=t.plain("Page {n} of {of}", n="{n}", of="{of}"),
        made=now,
    )


def _table(t: Words, part: Part) -> Table:
    return Table(
        title=part.of.code,
        headings=(
            t.plain("Day"),
            t.plain("What"),
            t.plain("Gross"),
            t.plain("Fee"),
            t.plain("Available"),
            t.plain("Reserve"),
            t.plain("Debt"),
        ),
        widths=_WIDTHS,
        rows=(
            _balance(t, t.plain("Opening balance"), part.opening.available, part.opening.reserve, part.opening.debt),
            *(_row(t, line) for line in part.lines),
            _balance(t, t.plain("Closing balance"), part.closing.available, part.closing.reserve, part.closing.debt),
        ),
    )


def _balance(t: Words, name: str, *amounts: Money) -> Row:
    return Row(("", name, "", "", *(_amount(t, amount) for amount in amounts)), strong=True)


def _row(t: Words, line: Line) -> Row:
    change = line.change
    amounts = (line.gross, line.fee, change.available, change.reserve, change.debt)
    return Row((t.date(line.at), _what(t, line), *(_amount(t, amount) for amount in amounts)))


def _amount(t: Words, amount: Money) -> str:
    return t.number(amount.decimal)


def _what(t: Words, line: Line) -> str:
    """What happened, with the order or payout, and how the sale became the seller's currency."""
    name = line.order or line.payout
    words = [f"{t.word(KINDS[line.kind])} {name}".strip()]
    if line.paid is not None:
        words.append(t.plain("buyer paid {amount}", amount=line.paid))
    if line.rate is not None:
        words.append(t.plain("rate {rate}", rate=t.rate(line.rate)))
    if line.sent is not None:
        words.append(t.plain("sent as {amount}", amount=line.sent))
    return " · ".join(words)


# For spreadsheets: the same in every language, amounts as plain numbers

COLUMNS = (
    "at",
    "what",
    "order",
    "payout",
    "buyer_paid",
    "buyer_currency",
    "rate",
    "currency",
    "gross",
    "fee",
    "available",
    "reserve",
    "debt",
    "sent",
    "sent_currency",
)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def spreadsheet(told: Statement) -> bytes:
    """CSV by RFC 4180, UTF-8 with the mark that spreadsheets look for. No cell of it is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for part in told.parts:
        for cells in _cells(told, part):
            writer.writerow([safe(cells.get(column, "")) for column in COLUMNS])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs: what may begin a formula gets an apostrophe before it. Numbers stay numbers."""
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _cells(told: Statement, part: Part) -> Iterable[dict[str, str]]:
    yield _balance_cells(part, told.since, "opening balance", part.opening)
    for line in part.lines:
        yield _line_cells(part, line)
    yield _balance_cells(part, told.until, "closing balance", part.closing)


def _balance_cells(part: Part, at: datetime, name: str, holdings: Holdings) -> dict[str, str]:
    return {
        "at": at.isoformat(timespec="seconds"),
        "what": name,
        "currency": part.of.code,
        "available": str(holdings.available.decimal),
        "reserve": str(holdings.reserve.decimal),
        "debt": str(holdings.debt.decimal),
    }


def _line_cells(part: Part, line: Line) -> dict[str, str]:
    return {
        "at": line.at.isoformat(timespec="seconds"),
        "what": line.kind.value,
        "order": line.order or "",
        "payout": line.payout,
        "buyer_paid": str(line.paid.decimal) if line.paid else "",
        "buyer_currency": line.paid.asset.code if line.paid else "",
        "rate": _digits(line.rate) if line.rate else "",
        "currency": part.of.code,
        "gross": str(line.gross.decimal),
        "fee": str(line.fee.decimal),
        "available": str(line.change.available.decimal),
        "reserve": str(line.change.reserve.decimal),
        "debt": str(line.change.debt.decimal),
        "sent": str(line.sent.decimal) if line.sent else "",
        "sent_currency": line.sent.asset.code if line.sent else "",
    }


def _digits(rate: Fraction) -> str:
    """Six decimals, as a plain number."""
    return f"{round(rate * 10**6) / Decimal(10**6):f}"
