"""Batches: a channel's net of many payments, arriving on the bank account as one credit, before its report or after it.

A credit that is a channel's own is never a payer's: it waits in that channel's clearing, as an exception, until the
report tells of its batch. What was taken for a payment of nobody known before that turns out so when the report comes,
if it names the batch; else an admin says so.
A batch is known by its channel and name: two channels may give the same one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.ledger.accounts import clearing
from core.ledger.journal import credit, debit, entry
from core.money import Money, zero
from core.payments.capturing import clean
from core.payments.operations import OperationKind
from core.payments.receipts import Misfit, Receipt, ReceiptState
from core.payments.recon.bankline import BankLine, LineKind, LineState, Why
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.visitors import need_admin, note_command

_NAME = re.compile(r"[A-Z0-9_-]{4,64}")
_WAITS = (Why.EARLY, Why.BATCH, Why.SEVERAL)
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Match:
    """What a line is about; `why` it is an exception, when it is."""

    kind: LineKind
    about: str = ""
    why: Why = Why.NONE
    channel: str = ""  # whose clearing it leaves, when not the reporter's


@dataclass(frozen=True, slots=True)
class Credit:
    """Money on the bank account that may be a batch. `sure`: its reader knows that it is one of `channel`'s."""

    channel: str
    fact: str
    reference: str
    words: str  # everything in which a channel may be named: reference, our name, whose account it came from
    gross: Money
    sure: bool = False

    def __repr__(self) -> str:
        return f"Credit({self.channel}, {self.gross})"

    @property
    def names(self) -> tuple[str, ...]:
        """What of it may be the name of a batch."""
        return names_in(self.words)


def names_in(words: str) -> tuple[str, ...]:
    """The words of a text that may be the name of a batch: in capitals, as banks write a text in their own way."""
    return tuple(dict.fromkeys(_NAME.findall(words.upper())))


def batch_name(channel: str, batch: str) -> str:
    """What the line of a whole batch is about."""
    return f"batch:{channel}:{batch}"


def batch_net(uow: UnitOfWork, channel: str, batch: str) -> Money | None:
    """What a batch brings to the bank account: the net of its lines. None when they are in several currencies."""
    lines = uow.banklines.find(channel=channel, batch=batch, limit=100_000)
    nets = [line.gross - line.fee for line in lines]
    if len({net.asset for net in nets}) != 1:
        return None
    return Money(sum(net.minor for net in nets), nets[0].asset)


def settled(uow: UnitOfWork, about: str) -> BankLine | None:
    """The line of a document that is about a receipt, operation or batch, if one is."""
    found = uow.banklines.find(about=about, state=LineState.MATCHED, limit=2)
    return next((line for line in found if line.document), None)


def undo_correction(uow: UnitOfWork, shop: Shop, line: BankLine) -> None:
    """A line came after all: what an admin posted in its place goes back."""
    key = f"recon:{line.id}"
    if line.state is LineState.CLOSED and uow.journal.posted(key):
        legs = [credit(leg.account, leg.amount) for leg in uow.journal.entry(key).legs]
        uow.journal.post(entry(f"recon-undone:{line.id}", shop.clock.now(), "correction undone", *legs))


# The credit comes


def match_batch(uow: UnitOfWork, shop: Shop, told: Credit) -> Match | None:
    """The batch that a credit is, or why it is an exception. None: it is no channel's, as far as anybody can tell.

    Whose it is its reader says, or the form that a channel's settlements have by the policy; else that account's own
    batches come first, then those of any channel.
    """
    declared = [told.channel] if told.sure else _declared(uow, shop, told)
    there = _there(uow, shop, told)
    nearest = declared or [told.channel]
    if again := _again(uow, told, [*nearest, *(channel for channel, _ in there)], sure=len(nearest)):
        return Match(LineKind.SETTLEMENT, channel=again)
    meant = [one for one in there if one[0] in nearest] or ([] if declared else there)
    if not meant:
        return Match(LineKind.SETTLEMENT, why=Why.EARLY, channel=declared[0]) if declared else None
    waiting = [one for one in meant if settled(uow, batch_name(*one)) is None]
    fitting = [one for one in waiting if batch_net(uow, *one) == told.gross]
    if len(fitting) == 1:
        return Match(LineKind.SETTLEMENT, batch_name(*fitting[0]), channel=fitting[0][0])
    why = Why.SEVERAL if fitting else Why.BATCH if waiting else Why.TWICE
    return Match(LineKind.SETTLEMENT, why=why, channel=(fitting or waiting or meant)[0][0])


def _declared(uow: UnitOfWork, shop: Shop, told: Credit) -> list[str]:
    """The channels whose settlements look so, by the policy. What names a charge of ours is a payment all the same."""
    found = [channel for channel, form in shop.policy.settlements.items() if form.search(told.words)]
    reference = clean(told.reference)
    if found and reference and uow.operations.count(kind=OperationKind.CHARGE, reference=reference):
        return []
    return found


def _again(uow: UnitOfWork, told: Credit, channels: list[str], *, sure: int) -> str:
    """The channel as whose this very credit was booked before. Only the first ones' ids are surely of the same bank."""
    for place, channel in enumerate(channels):
        for line in uow.banklines.find(channel=channel, kind=LineKind.SETTLEMENT, fact=told.fact, limit=1):
            if place < sure or line.gross == told.gross:
                return channel
    return ""


def _there(uow: UnitOfWork, shop: Shop, told: Credit) -> list[tuple[str, str]]:
    """The batches (channel, name) that a credit names and some report has told of, at most one a channel."""
    named = uow.banklines.find(batch=told.names, limit=1) if told.names else []
    if not named:
        return []
    channels = dict.fromkeys((told.channel, *shop.methods, named[0].channel))
    found = [uow.banklines.find(channel=channel, batch=told.names, limit=1) for channel in channels]
    return [(lines[0].channel, lines[0].batch) for lines in found if lines]


# The report comes


def report_batches(uow: UnitOfWork, shop: Shop, told: Iterable[tuple[str, str]]) -> None:
    """Reports have told of these batches (channel, name) whole: what had come of them before finds its place."""
    for channel, batch in sorted(set(told)):
        if settled(uow, batch_name(channel, batch)) is None:
            net = batch_net(uow, channel, batch)
            if net and not _take_up(uow, shop, channel, batch, net):
                _relabel(uow, shop, channel, batch, net)


def _take_up(uow: UnitOfWork, shop: Shop, channel: str, batch: str, net: Money) -> bool:
    """The credit that came before its report. What is not the sum of it yet may become so by another report."""
    states = (LineState.OPEN, LineState.CLOSED)
    waiting = uow.banklines.find(
        channel=channel, kind=LineKind.SETTLEMENT, why=_WAITS, state=states, newest=False, limit=_MOST
    )
    named = [line for line in waiting if batch in names_in(f"{line.reference} {line.debtor_name}")]
    for line in (one for one in named if one.gross == net):
        line = uow.banklines.lock(line.id)
        undo_correction(uow, shop, line)
        about = batch_name(channel, batch)
        _end_missing(uow, shop, about)
        uow.banklines.save(replace(line, state=LineState.MATCHED, why=Why.NONE, about=about))
        return True
    for line in named:
        if line.why is Why.EARLY:
            uow.banklines.save(replace(uow.banklines.lock(line.id), why=Why.BATCH))
    return False


class NoBatch(Refusal):
    """Held money that is no batch, as far as reports tell. Parameters: receipt, batch."""

    sentence = sentence(
        "Payment {receipt} is not batch {batch}: no report tells of one of that name and sum that has yet to arrive."
    )


def missing_batch(uow: UnitOfWork, receipt: Receipt) -> str:
    """The name of a batch that is listed as missing, when money of nobody known has exactly its sum; else ""."""
    if receipt.payer is not None or receipt.held != receipt.amount:
        return ""
    listed = uow.banklines.find(kind=LineKind.SETTLEMENT, why=Why.MISSING, state=LineState.OPEN, limit=_MOST)
    return next((line.reference for line in listed if line.gross == receipt.held), "")


def take_for_batch(uow: UnitOfWork, shop: Shop, admin: PersonId, receipt_id: str, batch: str) -> Receipt:
    """An admin knows that money which names no order is a channel's batch. Raises NotAllowed, Gone, NoBatch."""
    need_admin(shop, admin)
    receipt, batch = uow.receipts.lock(receipt_id), batch.upper()
    for channel in dict.fromkeys((receipt.channel, *shop.methods)):
        about = batch_name(channel, batch)
        waits = batch_net(uow, channel, batch) == receipt.amount and settled(uow, about) is None
        if waits and receipt.payer is None and receipt.held == receipt.amount:
            note_command(uow, shop, admin, "assign", receipt=receipt.id, batch=about)
            _was_no_payment(uow, shop, receipt, channel, about)
            return uow.receipts.need(receipt.id)
    raise NoBatch(receipt=receipt.id, batch=batch)


def _relabel(uow: UnitOfWork, shop: Shop, channel: str, batch: str, net: Money) -> None:
    """A credit that was held as a payment of nobody known, whole until now: it was this batch."""
    held = uow.receipts.find(state=ReceiptState.HELD, misfit=Misfit.UNKNOWN_REFERENCE, limit=_MOST)
    for receipt in held:
        told = Credit(
            receipt.channel, receipt.fact, receipt.reference, f"{receipt.reference} {receipt.debtor_name}", net
        )
        if receipt.payer is None and receipt.held == net and batch in told.names:
            match = match_batch(uow, shop, told)
            if match is not None and match.about == batch_name(channel, batch):
                _was_no_payment(uow, shop, uow.receipts.lock(receipt.id), channel, match.about)
                return


def _was_no_payment(uow: UnitOfWork, shop: Shop, receipt: Receipt, channel: str, about: str) -> None:
    """Its entry goes back: out of what waits for an owner into clearing, where its bank line had taken it from."""
    line = settled(uow, receipt.id)
    place = clearing(channel if line else receipt.channel)
    legs = (debit(receipt.account, receipt.held), credit(place, receipt.held))
    uow.journal.post(entry(f"relabelled:{receipt.id}", shop.clock.now(), "a settlement, no payment", *legs))
    uow.receipts.save(replace(receipt.keeping(zero(receipt.held.asset)), misfit=Misfit.SETTLEMENT))
    _end_missing(uow, shop, receipt.id)
    if line is not None:
        _end_missing(uow, shop, about)
        line = uow.banklines.lock(line.id)
        uow.banklines.save(replace(line, kind=LineKind.SETTLEMENT, channel=channel, about=about))


def _end_missing(uow: UnitOfWork, shop: Shop, about: str) -> None:
    """What was listed as missing is not, or was never to come."""
    for line in uow.banklines.find(about=about, document="", limit=1):
        undo_correction(uow, shop, line)
        uow.banklines.save(replace(uow.banklines.lock(line.id), state=LineState.MATCHED, why=Why.NONE))
