"""Reconciliation: each line of a bank statement or settlement report finds its payment, and its money leaves clearing.

The books of a line: debit bank (what arrived), debit exp:processor (the fee that is learned here), credit clearing (the
gross). So `bank` is what the statements say, and what a line does not fit stays in clearing, listed as an exception.
A line of a batch leaves its net in clearing, until the batch arrives on the bank account as one line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.ledger.accounts import BANK, PROCESSOR_FEES, clearing
from core.ledger.journal import credit, debit, entry
from core.money import zero
from core.payments.recon.bankline import BankLine, LineKind, LineState
from core.payments.recon.batches import (
    Match,
    batch_name,
    batch_net,
    match_batch,
    report_batches,
    undo_correction,
)
from core.payments.recon.matching import LEAVES, VERBS, Verbs, match_line
from core.payments.recon.reported import Reported, Taken
from core.payments.settlement.payouts import HAND
from core.ports import Duplicate, UnitOfWork
from core.shop.context import Shop

_OVER = (LineState.MATCHED, LineState.CLOSED)


def take_word(uow: UnitOfWork, shop: Shop, told: Reported, verbs: Verbs = VERBS) -> None:
    """A line that is a messenger only: it makes the same fact as the others, and clears nothing."""
    match_line(uow, shop, told, verbs)


def is_settlement(uow: UnitOfWork, shop: Shop, told: Reported) -> bool:
    """Whether a line is a channel's own money, which no messenger may take for a payment."""
    credits = told.kind in (LineKind.PAYMENT, LineKind.SETTLEMENT)
    return credits and match_batch(uow, shop, told.credit) is not None


def take_report(
    uow: UnitOfWork, shop: Shop, document: str, lines: Iterable[Reported], verbs: Verbs = VERBS
) -> list[Taken]:
    """Book a report or statement, line by line; then its batches are whole, and what came before them is found."""
    told = [_capitals(one) for one in lines]
    taken = [take_line(uow, shop, document, one, verbs) for one in told]
    report_batches(uow, shop, ((one.channel, one.batch) for one in told if one.batch))
    return taken


def take_line(uow: UnitOfWork, shop: Shop, document: str, told: Reported, verbs: Verbs = VERBS) -> Taken:
    """Book a line of a settlement report or statement: first as a messenger of its fact, then out of clearing."""
    told, known = _capitals(told), _known(uow, told)
    if known is not None:
        return Taken.KNOWN if (known.gross, known.fee) == (told.gross, told.kept) else Taken.ALTERED
    while told.batch and uow.banklines.count(about=batch_name(told.channel, told.batch), state=_OVER):
        told = replace(told, batch=f"{told.batch}+")  # that one has arrived, or was explained, without this line
    match = match_line(uow, shop, told, verbs)
    if match.kind is LineKind.SETTLEMENT and (again := _of_kind(uow, told, match)):
        return Taken.KNOWN if again.gross == told.gross else Taken.ALTERED
    line = _line(shop, document, told, match)
    awaited = _awaited(uow, line)
    if awaited is not None:
        line = uow.banklines.save(replace(line, id=awaited.id, version=awaited.version, note=awaited.note))
        undo_correction(uow, shop, awaited)
    else:
        try:
            line = uow.banklines.add(line)
        except Duplicate:  # another document told it at the same moment
            return Taken.KNOWN
    _post(uow, shop, line)
    if line.batch:
        _grow(uow, line)
    return Taken.MATCHED if line.state is LineState.MATCHED else Taken.OPEN


def _capitals(told: Reported) -> Reported:
    """Whatever its channel writes, a batch has one name."""
    return replace(told, batch=told.batch.upper())


def _known(uow: UnitOfWork, told: Reported) -> BankLine | None:
    kinds = LEAVES if told.kind in LEAVES else (told.kind,)
    found = uow.banklines.find(channel=(told.channel, HAND), kind=kinds, fact=told.fact, limit=5)
    return next((line for line in found if line.document), None)


def _of_kind(uow: UnitOfWork, told: Reported, match: Match) -> BankLine | None:
    found = uow.banklines.find(channel=match.channel, kind=match.kind, fact=told.fact, limit=1)
    return found[0] if found and found[0].document else None


def _awaited(uow: UnitOfWork, line: BankLine) -> BankLine | None:
    """The exception that says this line is missing: it is the line's place."""
    found = uow.banklines.find(about=line.about, document="", limit=1) if line.about else []
    return uow.banklines.lock(found[0].id) if found else None


def _grow(uow: UnitOfWork, line: BankLine) -> None:
    """A batch that is listed as missing has got one line more: the list says so."""
    for found in uow.banklines.find(about=batch_name(line.channel, line.batch), document="", limit=1):
        net = batch_net(uow, line.channel, line.batch) or found.gross
        uow.banklines.save(replace(uow.banklines.lock(found.id), gross=net))


def _line(shop: Shop, document: str, told: Reported, match: Match) -> BankLine:
    return BankLine(
        id=shop.ids.new(10),
        channel=match.channel or told.channel,
        document=document,
        fact=told.fact,
        kind=match.kind,
        gross=told.gross,
        fee=told.kept,
        booked_at=told.at,
        state=LineState.OPEN if match.why else LineState.MATCHED,
        opened_at=shop.clock.now(),
        about=match.about,
        batch=told.batch,
        reference=(told.credit.words if match.kind is LineKind.SETTLEMENT else told.reference)[:64],
        why=match.why,
        debtor_account=told.debtor_account,
        debtor_name=told.debtor_name,
    )


def _post(uow: UnitOfWork, shop: Shop, line: BankLine) -> BankLine:
    place = clearing(line.channel)
    if line.kind is LineKind.FEE and not line.about:
        costs, arrived, cleared = line.fee - line.gross, line.gross - line.fee, zero(line.gross.asset)
    elif line.kind is LineKind.CHARGEBACK and line.state is LineState.MATCHED:
        costs, arrived, cleared = (
            zero(line.gross.asset),
            line.gross - line.fee,
            line.gross - line.fee,
        )  # the case has it
    else:
        costs, arrived, cleared = line.fee, line.gross - line.fee, line.gross
    # The net of a line in a batch stays in clearing until the batch arrives.
    bank = debit(place if line.batch else BANK, arrived)
    legs = [bank, debit(PROCESSOR_FEES, costs), credit(place, cleared)]
    if not costs and line.batch:
        return line  # nothing moves yet
    key = f"settled:{line.channel}:{line.kind}:{line.fact}"
    uow.journal.post(entry(key, shop.clock.now(), "settled", *legs))
    return uow.banklines.save(replace(line, entry=key))
