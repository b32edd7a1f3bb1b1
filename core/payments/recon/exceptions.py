"""The exceptions of the reconciliation: who looks into them, how they are closed, and how each channel stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.ledger.accounts import BANK, PROCESSOR_FEES, SUSPENSE, clearing
from core.ledger.journal import credit, debit, entry
from core.money import Money, asset
from core.payments.recon.bankline import MOVES_NOTHING, BankLine, LineKind, LineState, Why
from core.payments.settlement.payouts import HAND
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.visitors import need_admin, note_command

LONGEST_NOTE = 200
_EVER = 100_000


class Into(StrEnum):
    """Where the correcting entry of a closed exception puts what lies in clearing."""

    NOTHING = "explained"  # no entry: the line will come, or another exception makes up for it
    SUSPENSE = "suspense"
    COSTS = "costs"
    BANK = "bank"  # of transfers by hand alone: a statement on paper shows it


_ACCOUNTS = {Into.SUSPENSE: SUSPENSE, Into.COSTS: PROCESSOR_FEES, Into.BANK: BANK}


class NotOpen(Refusal):
    """Somebody closed it, or its line came."""

    sentence = sentence("This exception is settled already.")


class NoNote(Refusal):
    """An exception is closed by an explanation."""

    sentence = sentence("Please say in a few words what the explanation is, at most {most} characters.")


class OnPaper(Refusal):
    """A rail's own statement or report settles it."""

    sentence = sentence("Only a transfer made by hand can be settled by a statement on paper.")


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel in one currency: clearing = waiting + what the list says + what was explained."""

    channel: str
    clearing: Money
    waiting: Money  # told of by one messenger; its settlement is not due yet
    listed: Money  # of exceptions that are open
    explained: Money  # of exceptions that were closed without an entry: it stays there until its line comes
    cleared: int  # lines that found their payment
    open: int
    last: datetime | None  # when the newest line was booked


def standings(uow: UnitOfWork) -> list[Standing]:
    """Every channel that has or had money under way. Reads the exceptions, not the payments."""
    listed: Counter[tuple[str, str]] = Counter()
    explained: Counter[tuple[str, str]] = Counter()
    for line in uow.banklines.find(state=(LineState.OPEN, LineState.CLOSED), limit=_EVER):
        amount = in_clearing(line)
        if line.state is LineState.OPEN:
            listed[line.channel, amount.asset.code] += amount.minor
        elif not uow.journal.posted(_key(line)):
            explained[line.channel, amount.asset.code] += amount.minor
    totals: Counter[tuple[str, str]] = Counter()
    for (name, code), minor in uow.journal.totals("clearing:").items():
        totals[name.partition(":")[2], code] += minor
    return [
        _standing(uow, channel, *(Money(of[channel, code], asset(code)) for of in (totals, listed, explained)))
        for channel, code in sorted(totals.keys() | listed.keys() | explained.keys())
    ]


def _standing(uow: UnitOfWork, channel: str, has: Money, listed: Money, explained: Money) -> Standing:
    newest = uow.banklines.find(channel=channel, state=LineState.MATCHED, limit=1)
    return Standing(
        channel=channel,
        clearing=has,
        waiting=has - listed - explained,
        listed=listed,
        explained=explained,
        cleared=uow.banklines.count(channel=channel, state=LineState.MATCHED)
        - uow.banklines.count(channel=channel, kind=LineKind.BALANCE),
        open=uow.banklines.count(channel=channel, state=LineState.OPEN),
        last=newest[0].booked_at if newest else None,
    )


def open_exceptions(uow: UnitOfWork, offset: int = 0, limit: int = 10) -> list[BankLine]:
    """A page of what somebody has to look at, the oldest first."""
    return uow.banklines.find(state=LineState.OPEN, newest=False, offset=offset, limit=limit)


@dataclass(frozen=True, slots=True)
class Exceptional:
    """An open exception with what is known about it; what is not known is empty."""

    line: BankLine
    owner: str  # the name of who looks into it
    fact: str  # the channel's own id of the movement
    receipt: str = ""
    order: str = ""


def owners_of(uow: UnitOfWork, lines: list[BankLine]) -> dict[int, str]:
    """The names of the people who look into them."""
    people = [uow.people.get(PersonId(who)) for who in {one.owner for one in lines if one.owner}]
    return {one.id: one.name for one in people if one is not None}


def need_exception(uow: UnitOfWork, line_id: str) -> Exceptional:
    """An exception to be looked at. Raises Gone, NotOpen."""
    line = uow.banklines.need(line_id)
    if line.state is not LineState.OPEN:
        raise NotOpen
    person = uow.people.get(line.owner) if line.owner else None
    name = person.name if person else ""
    receipt = uow.receipts.get(line.about) if line.about else None
    if receipt is None:
        return Exceptional(line, name, line.fact if line.document else "")
    return Exceptional(line, name, receipt.fact, receipt.id, receipt.order or "")


def is_by_hand(line: BankLine) -> bool:
    """Whether it is a transfer that an admin has made, at a bank that may send no statements to us."""
    return line.channel == HAND and line.why is Why.MISSING


def in_clearing(line: BankLine) -> Money:
    """What an exception leaves in clearing: a missing line its money; a line that fits nothing the lack of it."""
    if line.why in MOVES_NOTHING:
        return Money(0, line.gross.asset)
    return -line.gross if line.document else line.gross


def take_exception(uow: UnitOfWork, shop: Shop, admin: PersonId, line_id: str) -> BankLine:
    """This admin looks into it. Raises NotAllowed, Gone, NotOpen."""
    line = _open(uow, shop, admin, line_id)
    note_command(uow, shop, admin, "recon take", line=line.id)
    return uow.banklines.save(replace(line, owner=admin))


def close_exception(
    uow: UnitOfWork, shop: Shop, admin: PersonId, line_id: str, note: str, into: Into = Into.NOTHING
) -> BankLine:
    """Explained: `into` an account what it leaves in clearing, or nowhere.

    Raises NotAllowed, Gone, NotOpen, NoNote, OnPaper.
    """
    line = _open(uow, shop, admin, line_id)
    if into is Into.BANK and not is_by_hand(line):
        raise OnPaper
    note = " ".join(note.split())
    if not 0 < len(note) <= LONGEST_NOTE or not note.isprintable():
        raise NoNote(most=LONGEST_NOTE)
    note_command(uow, shop, admin, "recon close", line=line.id, into=into.value, note=note)
    amount = in_clearing(line)
    if into in _ACCOUNTS and amount:
        legs = (debit(_ACCOUNTS[into], amount), credit(clearing(line.channel), amount))
        uow.journal.post(entry(_key(line), shop.clock.now(), "correction", *legs))
    return uow.banklines.save(replace(line, state=LineState.CLOSED, owner=admin, note=note))


def _open(uow: UnitOfWork, shop: Shop, admin: PersonId, line_id: str) -> BankLine:
    need_admin(shop, admin)
    line = uow.banklines.lock(line_id)
    if line.state is not LineState.OPEN:
        raise NotOpen
    return line


def _key(line: BankLine) -> str:
    return f"recon:{line.id}"
