"""What still lies in clearing: movements of ours that no bank line has settled, and the list of those overdue."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from core.ledger.accounts import clearing
from core.ledger.finding import Finding
from core.money import Money, asset, zero
from core.payments.disputes import clawbacks
from core.payments.operations import OperationKind, OperationState
from core.payments.receipts import Misfit
from core.payments.recon.bankline import MOVES_NOTHING, BankLine, LineKind, LineState, Why
from core.payments.recon.batches import batch_name, batch_net, report_batches
from core.ports import Duplicate, Shelf, UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell

T = TypeVar("T")

INVARIANT = 13
_PAGE = 500
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that an entry of ours put into a clearing account (negative: took out), and that a line must settle."""

    about: str  # what its line is about
    channel: str
    kind: LineKind
    fact: str  # what its line is likely to be called
    reference: str
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to `before`, both included; None: without end."""

    since: datetime | None = None
    before: datetime | None = None

    def of(self, field: str) -> dict[str, Mapping[str, datetime]]:
        """As a shelf is asked for it."""
        ends = {"since": self.since, "before": self.before}
        return {name: {field: at} for name, at in ends.items() if at is not None}


def cutoff(now: datetime, days: int) -> datetime:
    """The moment `days` business days ago: what is older should be settled."""
    while days > 0:
        now -= timedelta(days=1)
        days -= now.weekday() < 5
    return now


def movements(uow: UnitOfWork, span: Span | None = None) -> Iterator[Movement]:
    """Everything that entries of ours have moved through clearing, told in this span of time."""
    for source in SOURCES:
        yield from source(uow, span or Span())


def _within(shelf: Shelf[Any, T], span: Span, field: str, **equals: object) -> Iterator[T]:
    """Things of a span of their own time, which is `field`, in its order; without a span by key.

    A page begins at the moment where the last one ended, past what was given of that moment: no page is read twice.
    """
    if span == Span():
        yield from (one for one in shelf.walk() if all(getattr(one, name) == is_ for name, is_ in equals.items()))
        return
    since, given = span.since, 0
    before = {field: span.before} if span.before else None
    while page := shelf.find(
        since={field: since} if since else None, before=before, newest=False, limit=_PAGE, offset=given, **equals
    ):
        yield from page
        last = getattr(page[-1], field)
        given = sum(getattr(one, field) == last for one in page) + (given if last == since else 0)
        since = last


def _received(uow: UnitOfWork, span: Span) -> Iterator[Movement]:
    for one in _within(uow.receipts, span, "received_at"):
        if one.misfit is Misfit.SETTLEMENT:
            continue  # its batch tells of it
        yield Movement(one.id, one.channel, LineKind.PAYMENT, one.fact, one.reference, one.amount, one.received_at)


def _refunded(uow: UnitOfWork, span: Span) -> Iterator[Movement]:
    done = {"kind": OperationKind.REFUND, "state": OperationState.SUCCEEDED}
    for one in _within(uow.operations, span, "created_at", **done):
        at = uow.journal.entry(f"refunded:{one.id}").at
        yield Movement(one.id, one.channel, LineKind.REFUND, one.evidence or one.id, one.reference, -one.amount, at)
        if uow.journal.posted(key := f"returned:{one.id}"):
            back, at = f"return:{one.id}", uow.journal.entry(key).at
            yield Movement(back, one.channel, LineKind.RETURN, back, one.reference, one.amount, at)


def _paid_out(uow: UnitOfWork, span: Span) -> Iterator[Movement]:
    for one in _within(uow.payouts, span, "created_at"):
        sent = [key for key in (f"payout:{one.id}:paid", f"payout:{one.id}:late") if uow.journal.posted(key)]
        if not sent or one.operation is None:
            continue
        at = uow.journal.entry(sent[-1]).at
        yield Movement(one.operation, one.channel, LineKind.PAYOUT, one.evidence or one.id, "", -one.sent, at)
        if uow.journal.posted(key := f"payout:{one.id}:returned"):
            back, at = f"return:{one.operation}", uow.journal.entry(key).at
            yield Movement(back, one.channel, LineKind.RETURN, back, "", one.sent, at)


def _batches(uow: UnitOfWork, span: Span) -> Iterator[Movement]:
    """The net of each batch that a report has told of, as it waits for its one line on the bank account."""
    seen: set[tuple[str, str]] = set()
    for line in _within(uow.banklines, span, "opened_at"):
        if line.batch and (line.channel, line.batch) not in seen:
            seen.add((line.channel, line.batch))
            about, net = batch_name(line.channel, line.batch), batch_net(uow, line.channel, line.batch)
            if net is not None:
                yield Movement(about, line.channel, LineKind.SETTLEMENT, about[:64], line.batch, net, line.opened_at)


def _disputed(uow: UnitOfWork, span: Span) -> Iterator[Movement]:
    for name, case, amount, at in clawbacks.moved(uow, span.of("opened_at")):
        kind = LineKind.CHARGEBACK if amount.minor < 0 else LineKind.RETURN
        kind = LineKind.FEE if name.startswith("clawback-fee:") else kind
        yield Movement(name, case.source, kind, name, case.case[:64], amount, at)


SOURCES: tuple[Callable[[UnitOfWork, Span], Iterator[Movement]], ...] = (
    _received,
    _refunded,
    _paid_out,
    _batches,
    _disputed,
)


# Overdue


def overdue(uow: UnitOfWork, shop: Shop, since: datetime | None = None) -> list[Movement]:
    """Movements since a moment that should have had their line by now and are on no list. Reads much: `Store.survey`.

    Of commands the moment is that of their birth: ask from a month before what was seen last.
    """
    last = cutoff(shop.clock.now(), shop.policy.reconciliation.settle_days)
    old = [one for one in movements(uow, Span(since, last)) if one.at <= last]
    return [one for one, lines in _with_lines(uow, old) if not lines]


def list_overdue(uow: UnitOfWork, shop: Shop, found: list[Movement]) -> int:
    """List movements without a line as exceptions; how many are new. The admins are told once for all of them."""
    now, listed = shop.clock.now(), 0
    for one in found:
        if one.kind is LineKind.SETTLEMENT:  # a credit that came at the same moment as its report
            report_batches(uow, shop, [(one.channel, one.reference)])
        if uow.banklines.count(about=one.about):
            continue
        line = BankLine(
            id=shop.ids.new(10),
            channel=one.channel,
            document="",
            fact=f"missing:{one.about}"[:80],  # its own one may stand on a line that is an exception itself
            kind=one.kind,
            gross=one.amount,
            fee=zero(one.amount.asset),
            booked_at=one.at,
            state=LineState.OPEN,
            opened_at=now,
            about=one.about,
            reference=one.reference[:64],
            why=Why.MISSING,
        )
        with suppress(Duplicate):  # listed at this moment by another process
            uow.banklines.add(line)
            listed += 1
    for admin in sorted(shop.admins) if listed else ():
        tell(uow, now, admin, "exceptions", f"{now:%Y-%m-%dT%H:%M:%S}", n=str(listed))
    return listed


# Judging


def check(uow: UnitOfWork, before: datetime | None = None) -> Iterator[Finding]:
    """Invariant 13: what lies in clearing is what waits for its line, plus what the exceptions say; nothing else.

    With `before`: what is older than that moment must be on the list.
    """
    expected: Counter[tuple[str, str]] = Counter()
    for one, lines in _with_lines(uow, movements(uow)):
        if any(_settles(uow, line) for line in lines):
            continue
        expected[clearing(one.channel), one.amount.asset.code] += one.amount.minor
        if before is not None and one.at <= before and not lines:
            yield Finding(INVARIANT, one.about, f"{one.amount} of {one.channel} has no bank line and is on no list")
    for line in uow.banklines.walk():
        if line.document and line.why not in MOVES_NOTHING and not _settles(uow, line) and not _corrected(uow, line):
            expected[clearing(line.channel), line.gross.asset.code] -= line.gross.minor
    real = uow.journal.totals("clearing:")
    for account, code in sorted(real.keys() | expected.keys()):
        has, should = real.get((account, code), 0), expected[account, code]
        if has != should:
            of = asset(code)
            yield Finding(
                INVARIANT,
                account,
                f"{Money(has, of)} lie there, and payments under way and exceptions explain {Money(should, of)}",
            )


def _with_lines(uow: UnitOfWork, found: Iterable[Movement]) -> Iterator[tuple[Movement, list[BankLine]]]:
    """Movements, each with the lines that are about it."""
    rest = iter(found)
    while page := list(islice(rest, _PAGE)):
        about: defaultdict[str, list[BankLine]] = defaultdict(list)
        for line in uow.banklines.find(about=tuple({one.about for one in page}), limit=_ALL):
            about[line.about].append(line)
        yield from ((one, about[one.about]) for one in page)


def _settles(uow: UnitOfWork, line: BankLine) -> bool:
    """Whether what a line is about is out of clearing: by the line, or by the correction of one that was missing."""
    return line.state is LineState.MATCHED or (not line.document and _corrected(uow, line))


def _corrected(uow: UnitOfWork, line: BankLine) -> bool:
    return line.state is LineState.CLOSED and uow.journal.posted(f"recon:{line.id}")
