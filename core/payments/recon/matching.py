"""Finding what a line of a report is about: the payment, refund, payout, case or batch of ours that it tells of.

A line is a messenger of its fact first: what was not known of it is taken in, by the verbs of those whose it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from core.payments.disputes import clawbacks
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receipts import Receipt
from core.payments.receiving import Fact, take_in
from core.payments.recon.bankline import BankLine, LineKind, Why
from core.payments.recon.batches import Match, match_batch, settled
from core.payments.recon.reported import Reported
from core.payments.refunds import return_refund_by_message, settle_refund_by_message
from core.payments.settlement.payouts import HAND, return_payout_by_message, settle_payout_by_message
from core.ports import UnitOfWork
from core.shop.context import Shop

# A bank that names a payment anew in each message tells of it within so many days of its first word.
TOLERANCE = timedelta(days=7)
LEAVES = (LineKind.REFUND, LineKind.PAYOUT, LineKind.OTHER)
"""Money that leaves: only the books know as what."""


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


def match_line(uow: UnitOfWork, shop: Shop, told: Reported, verbs: Verbs) -> Match:
    """What a line is about, or why it is an exception."""
    if told.kind in (LineKind.PAYMENT, LineKind.SETTLEMENT):
        return match_batch(uow, shop, told.credit) or _payment(uow, shop, told)
    if told.kind in LEAVES:
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
