"""Reconciliation: each line of a bank statement or settlement report finds its payment, and its money leaves clearing.

The books of a line: debit bank (what arrived), debit exp:processor (the fee that is learned here), credit clearing (the
gross). So `bank` is what the statements say, and what a line does not fit stays in clearing, listed as an exception.
A line of a batch leaves its net in clearing, until the batch arrives on the bank account as one line of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.ledger.accounts import BANK, PROCESSOR_FEES, clearing
from core.ledger.journal import credit, debit, entry
from core.money import Money, zero
from core.payments.disputes import clawbacks
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receipts import Receipt
from core.payments.receiving import Fact, take_in
from core.payments.recon.bankline import BankLine, LineKind, LineState, Why
from core.payments.recon.batches import (
    Credit,
    Match,
    batch_name,
    batch_net,
    match_batch,
    report_batches,
    settled,
    undo_correction,
)
from core.payments.refunds import return_refund_by_message, settle_refund_by_message
from core.payments.settlement.payouts import HAND, return_payout_by_message, settle_payout_by_message
from core.ports import Duplicate, UnitOfWork
from core.shop.context import Shop

# A bank that names a payment anew in each message tells of it within so many days of its first word.
TOLERANCE = timedelta(days=7)
_OVER = (LineState.MATCHED, LineState.CLOSED)


@dataclass(frozen=True, slots=True)
class Reported:
    """One line as a report's reader found it. `gross` is negative when money left; `fee` is what was kept of it."""

    channel: str
    kind: LineKind
    fact: str  # the channel's own id of the movement
    gross: Money
    at: datetime
    fee: Money | None = None
    reference: str = ""  # what the payer was asked to write
    name: str = ""  # our own name of an operation: EndToEndId, id of a devolução
    of: str = ""  # the channel's id of the payment that a refund or chargeback is of
    evidence: str = ""  # what proves it to an operation; `fact` when empty
    batch: str = ""
    reason: str = ""  # of a return or chargeback: the bank's code
    firm: bool = True  # the id is the same in every message of this channel; else it may be another in the next one
    debtor_account: str = ""
    debtor_name: str = ""

    def __repr__(self) -> str:
        return f"Reported({self.channel}, {self.kind}, {self.gross})"

    @property
    def payment(self) -> Fact:
        """The fact that a line of a payment tells, as every other messenger tells it."""
        return Fact(
            channel=self.channel,
            id=self.fact,
            reference=self.reference,
            amount=self.gross,
            at=self.at,
            debtor_account=self.debtor_account,
            debtor_name=self.debtor_name,
        )

    @property
    def credit(self) -> Credit:
        """What of a line may tell that it is a batch."""
        words = " ".join(filter(None, (self.reference, self.name, self.debtor_name)))
        sure = self.kind is LineKind.SETTLEMENT
        return Credit(self.channel, self.fact, self.reference, words, self.gross, sure=sure)

    @property
    def kept(self) -> Money:
        """The fee, or zero."""
        return self.fee or zero(self.gross.asset)

    @property
    def proof(self) -> str:
        """What an operation keeps as its evidence."""
        return (self.evidence or self.fact)[:64]


@dataclass(frozen=True, slots=True)
class Statement:
    """A report as it was read. `final`: its lines settle; else they only tell of money, as a notification does."""

    channel: str
    document: str
    lines: tuple[Reported, ...]
    final: bool = True
    gap: Money | None = None  # closing balance − opening balance − entries, when not zero
    ends: tuple[Money, Money] | None = None  # the balances that it opens and closes with


class Taken(StrEnum):
    """What became of a line."""

    MATCHED = "matched"
    OPEN = "open"
    KNOWN = "known"  # told before: nothing changed
    ALTERED = "altered"  # known, with other content: an alarm, and nothing changed


def _refund_done(uow: UnitOfWork, shop: Shop, operation: Operation, told: Reported) -> bool:
    return settle_refund_by_message(uow, shop, told.channel, operation.reference, told.proof, operation.amount, told.of)


def _payout_done(uow: UnitOfWork, shop: Shop, operation: Operation, told: Reported) -> bool:
    return settle_payout_by_message(uow, shop, operation.channel, operation.reference, told.proof, operation.amount)


def _came_back(uow: UnitOfWork, shop: Shop, operation: Operation, told: Reported) -> bool:
    if operation.kind is OperationKind.PAYOUT:
        return return_payout_by_message(uow, shop, operation.channel, operation.reference, told.proof, operation.amount)
    known = return_refund_by_message(uow, shop, told.channel, operation.reference, told.proof, operation.amount)
    return known and uow.journal.posted(f"returned:{operation.id}")  # not so: another command carried the refund


Sent = Callable[[UnitOfWork, Shop, Operation, Reported], bool]


@dataclass(frozen=True, slots=True)
class Verbs:
    """What other parts of the shop do with the news of a line; each says whether it took it up.

    Taking it up means that its own entry stands in the same clearing account, so that the line can clear it.
    """

    refund_done: Sent = _refund_done
    payout_done: Sent = _payout_done
    came_back: Sent = _came_back  # a refund or payout, returned by the bank
    # A payment, recalled, reversed or charged back; and its return. What that is about, or "".
    taken_back: Callable[[UnitOfWork, Shop, Receipt, Reported], str] = clawbacks.taken_back
    given_back: Callable[[UnitOfWork, Shop, Receipt, Reported], str] = clawbacks.given_back


VERBS = Verbs()


def take_word(uow: UnitOfWork, shop: Shop, told: Reported, verbs: Verbs = VERBS) -> None:
    """A line that is a messenger only: it makes the same fact as the others, and clears nothing."""
    _match(uow, shop, told, verbs)


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
    match = _match(uow, shop, told, verbs)
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


# Finding what a line is about

_SAME = {
    LineKind.REFUND: (LineKind.REFUND, LineKind.PAYOUT, LineKind.OTHER),
    LineKind.PAYOUT: (LineKind.REFUND, LineKind.PAYOUT, LineKind.OTHER),
    LineKind.OTHER: (LineKind.REFUND, LineKind.PAYOUT, LineKind.OTHER),
}


def _known(uow: UnitOfWork, told: Reported) -> BankLine | None:
    kinds = _SAME.get(told.kind, (told.kind,))
    found = uow.banklines.find(channel=(told.channel, HAND), kind=kinds, fact=told.fact, limit=5)
    return next((line for line in found if line.document), None)


def _of_kind(uow: UnitOfWork, told: Reported, match: Match) -> BankLine | None:
    found = uow.banklines.find(channel=match.channel, kind=match.kind, fact=told.fact, limit=1)
    return found[0] if found and found[0].document else None


def _awaited(uow: UnitOfWork, line: BankLine) -> BankLine | None:
    """The exception that says this line is missing: it is the line's place."""
    found = uow.banklines.find(about=line.about, document="", limit=1) if line.about else []
    return uow.banklines.lock(found[0].id) if found else None


def _match(uow: UnitOfWork, shop: Shop, told: Reported, verbs: Verbs) -> Match:
    if told.kind in (LineKind.PAYMENT, LineKind.SETTLEMENT):
        return match_batch(uow, shop, told.credit) or _payment(uow, shop, told)
    if told.kind in _SAME:
        return _outgoing(uow, shop, told, verbs)
    if told.kind is LineKind.RETURN:
        return _returned(uow, shop, told, verbs)
    if told.kind is LineKind.CHARGEBACK:
        return _taken_back(uow, shop, told, verbs)
    return Match(told.kind, clawbacks.fee_taken(uow, told) if told.kind is LineKind.FEE else "")


def _payment(uow: UnitOfWork, shop: Shop, told: Reported) -> Match:
    known = uow.receipts.find(channel=told.channel, fact=told.fact, limit=1)
    likely = [] if known or told.firm else _likely(uow, told)
    if len(likely) > 1:
        return Match(told.kind, why=Why.SEVERAL)
    receipt = known[0] if known else likely[0] if likely else take_in(uow, shop, told.payment)
    if receipt.amount != told.gross:
        return Match(told.kind, why=Why.DIFFERS)
    holder = settled(uow, receipt.id)
    if holder is not None and receipt.fact == told.fact:
        _rehome(uow, shop, holder)
    elif holder is not None and holder.fact != told.fact:
        return Match(told.kind, why=Why.TWICE)
    return Match(told.kind, receipt.id)


def _likely(uow: UnitOfWork, told: Reported) -> list[Receipt]:
    """Payments that this line may be about under another id: reference, amount and day agree, and no line has them."""
    reference = _plain(told.reference)
    if not reference:
        return []
    found = uow.receipts.find(
        channel=told.channel,
        reference=(told.reference, reference),
        since={"received_at": told.at - TOLERANCE},
        before={"received_at": told.at + TOLERANCE},
        limit=100,
    )
    return [one for one in found if one.amount == told.gross and settled(uow, one.id) is None]


def _rehome(uow: UnitOfWork, shop: Shop, line: BankLine) -> None:
    """A line was taken for a payment whose own line has come now: so it is a second payment, nobody has told of yet."""
    fact = Fact(
        channel=line.channel,
        id=line.fact,
        reference=line.reference,
        amount=line.gross,
        at=line.booked_at,
        debtor_account=line.debtor_account,
        debtor_name=line.debtor_name,
    )
    receipt = take_in(uow, shop, fact)
    uow.banklines.save(replace(uow.banklines.lock(line.id), about=receipt.id))


def _grow(uow: UnitOfWork, line: BankLine) -> None:
    """A batch that is listed as missing has got one line more: the list says so."""
    for found in uow.banklines.find(about=batch_name(line.channel, line.batch), document="", limit=1):
        net = batch_net(uow, line.channel, line.batch) or found.gross
        uow.banklines.save(replace(uow.banklines.lock(found.id), gross=net))


def _outgoing(uow: UnitOfWork, shop: Shop, told: Reported, verbs: Verbs) -> Match:
    operation = _operation_of(uow, told)
    if operation is None or operation.state is OperationState.RESERVED:  # no byte of that one has left the house
        return Match(LineKind.OTHER, why=Why.UNKNOWN)
    kind = LineKind.PAYOUT if operation.kind is OperationKind.PAYOUT else LineKind.REFUND
    if operation.amount != -told.gross:
        return Match(kind, why=Why.DIFFERS)
    if (holder := settled(uow, operation.id)) is not None and holder.fact != told.fact:
        return Match(kind, why=Why.TWICE)
    done = verbs.payout_done if kind is LineKind.PAYOUT else verbs.refund_done
    if operation.state is not OperationState.SUCCEEDED and not done(uow, shop, operation, told):
        return Match(kind, why=Why.UNKNOWN)
    return Match(kind, operation.id, channel=operation.channel)


def _operation_of(uow: UnitOfWork, told: Reported) -> Operation | None:
    """The refund or payout of this name or evidence; of a refund made by hand the payment is named."""
    kinds = (OperationKind.REFUND, OperationKind.PAYOUT)
    operations, channel = uow.operations, (told.channel, HAND)
    found = operations.find(channel=channel, kind=kinds, reference=told.name, limit=1) if told.name else []
    if not found and told.evidence:
        found = operations.find(channel=channel, kind=kinds, evidence=told.proof, limit=1)
    if found:
        return operations.lock(found[0].id)
    by_hand = uow.payouts.find(channel=channel, evidence=(told.fact, told.name or told.fact), limit=2)
    if len(by_hand) == 1 and by_hand[0].operation is not None:  # /paid has cited this line
        return operations.lock(by_hand[0].operation)
    for receipt in uow.receipts.find(channel=told.channel, fact=told.of, limit=1) if told.of else ():
        sent = operations.find(kind=OperationKind.REFUND, receipt=receipt.id, limit=20)
        fitting = [one for one in sent if one.amount == -told.gross and settled(uow, one.id) is None]
        if len(fitting) == 1:
            return operations.lock(fitting[0].id)
    return None


def _returned(uow: UnitOfWork, shop: Shop, told: Reported, verbs: Verbs) -> Match:
    operation = _operation_of(uow, told)
    if operation is None and (about := _again_ours(uow, shop, told, verbs)):
        return Match(told.kind, about)
    if operation is None or operation.amount != told.gross or operation.state is OperationState.RESERVED:
        return Match(told.kind, why=Why.RETURNED)
    about = f"return:{operation.id}"
    if (holder := settled(uow, about)) is not None and holder.fact != told.fact:
        return Match(told.kind, why=Why.TWICE)
    if not verbs.came_back(uow, shop, operation, told):
        return Match(told.kind, why=Why.RETURNED)
    return Match(told.kind, about, channel=operation.channel)


def _again_ours(uow: UnitOfWork, shop: Shop, told: Reported, verbs: Verbs) -> str:
    """The money of a payment that was taken back, when it has come again: what that is about, or ""."""
    found = _taken_from(uow, told)
    return verbs.given_back(uow, shop, found[0], told) if len(found) == 1 else ""


def _taken_back(uow: UnitOfWork, shop: Shop, told: Reported, verbs: Verbs) -> Match:
    found = _taken_from(uow, told)
    about = verbs.taken_back(uow, shop, found[0], told) if len(found) == 1 else ""
    if not about:
        return Match(told.kind, why=Why.CLAWBACK)
    if (holder := settled(uow, about)) is not None and holder.fact != told.fact:
        return Match(told.kind, why=Why.TWICE)
    return Match(told.kind, about)


def _taken_from(uow: UnitOfWork, told: Reported) -> list[Receipt]:
    """The payment that a line takes back or returns: by the channel's id of it, else by reference."""
    found = uow.receipts.find(channel=told.channel, fact=told.of, limit=2) if told.of else []
    if found or not _plain(told.reference):
        return found
    same = uow.receipts.find(channel=told.channel, reference=(told.reference, _plain(told.reference)), limit=100)
    fitting = [one for one in same if one.amount.asset == told.gross.asset]
    return [one for one in fitting if abs(one.amount.minor) == abs(told.gross.minor)] or fitting


def _plain(reference: str) -> str:
    return reference.replace(" ", "").upper()


# Writing it down


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
