"""A dispute's money on bank lines: the line by which a payment is taken back, and the one by which it returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from core.ledger.journal import Entry
from core.money import Money
from core.payments.disputes import books as casebooks
from core.payments.disputes import parts
from core.payments.disputes.cases import Stage, hear_dispute
from core.payments.disputes.dispute import Dispute, DisputeState
from core.payments.receipts import Receipt
from core.payments.recon.batches import settled
from core.ports import UnitOfWork
from core.shop.context import Shop

_EVER = 1000
_A_CASE = timedelta(days=180)  # for so long a case may go on until its fee is charged


class Told(Protocol):
    """What is asked of a reported line: `gross` without the `kept` fee, negative when money left."""

    @property
    def channel(self) -> str: ...
    @property
    def fact(self) -> str: ...
    @property
    def gross(self) -> Money: ...
    @property
    def kept(self) -> Money: ...
    @property
    def at(self) -> datetime: ...
    @property
    def reason(self) -> str: ...


def taken_name(dispute: Dispute) -> str:
    """What the line of the taking is about."""
    return f"clawback:{dispute.id}:{dispute.turn}"


def fee_name(dispute: Dispute, turn: int) -> str:
    """What the line of a fee that is told by itself is about."""
    return f"clawback-fee:{dispute.id}:{turn}"


def back_name(dispute: Dispute) -> str:
    """What the line of the return is about."""
    return f"clawback-back:{dispute.id}:{dispute.turn}"


def taken_back(uow: UnitOfWork, shop: Shop, receipt: Receipt, told: Told) -> str:
    """A line says that a payment was taken back: the name of that, or "" when the line is not the case's.

    A case that the channel has told of takes the line; a recall nobody has told of opens one by the line's own id.
    """
    known = [one for one in _cases(uow, receipt) if -told.gross == parts.whole(uow, one)]
    dispute = known[0] if known else None
    if dispute is None or not dispute.taken:
        case = dispute.case if dispute is not None else told.fact
        dispute = hear_dispute(
            uow,
            shop,
            told.channel,
            case,
            Stage.OPENED,
            fact=receipt.fact,
            amount=-told.gross,
            fee=told.kept,
            reason=told.reason,
            round=dispute.round if dispute is not None else 1,
            at=told.at,
        )
    if dispute is None or not dispute.taken:
        return ""
    # A fee of the case is kept of the same line, or has a line of its own.
    has_a_line = settled(uow, fee_name(dispute, dispute.turn)) is not None
    fits = told.kept == _fee(uow, dispute) and not has_a_line
    return taken_name(dispute) if fits or not told.kept else ""


def given_back(uow: UnitOfWork, shop: Shop, receipt: Receipt, told: Told) -> str:
    """A line says that the money of a case came back: it is won, if nobody has said so yet. "" for no such case."""
    for dispute in _cases(uow, receipt):
        if told.gross != parts.whole(uow, dispute) or not dispute.turn:
            continue
        if dispute.state is not DisputeState.WON:
            hear_dispute(
                uow, shop, told.channel, dispute.case, Stage.WON,
                fact=receipt.fact, amount=told.gross, round=dispute.round, at=told.at,
            )  # fmt: skip
            dispute = uow.disputes.need(dispute.id)
        if uow.journal.posted(casebooks.won_key(dispute)):
            return back_name(dispute)
    return ""


def fee_taken(uow: UnitOfWork, told: Told) -> str:
    """A line of a fee alone says what the channel has told with a case: the name of that fee, or "" for none.

    Of several of one size it is the oldest one's: they cannot be told apart, and each has its line.
    """
    since = told.at - _A_CASE
    for case in uow.disputes.find(source=told.channel, since={"opened_at": since}, newest=False, limit=_EVER):
        for turn in _turns(case):
            taken = settled(uow, f"clawback:{case.id}:{turn}")
            owes = _fee(uow, case, turn) == -told.gross and (taken is None or not taken.fee)
            if owes and (name := fee_name(case, turn)) and _is_new(uow, name, told):
                return name
    return ""


def _is_new(uow: UnitOfWork, name: str, told: Told) -> bool:
    holder = settled(uow, name)
    return holder is None or holder.fact == told.fact


def moved(
    uow: UnitOfWork, span: Mapping[str, Mapping[str, datetime]]
) -> Iterator[tuple[str, Dispute, Money, datetime]]:
    """What cases have moved through clearing: name, case, amount (negative: taken, with its fee), when.

    `span` bounds the time when they were opened, as a shelf is asked.
    """
    offset = 0
    while page := uow.disputes.find(
        since=span.get("since"), before=span.get("before"), newest=False, limit=_EVER, offset=offset
    ):
        for case in page:
            yield from () if case.is_complaint or not parts.is_first(case) else _moved(uow, case)
        offset += len(page)


def _moved(uow: UnitOfWork, case: Dispute) -> Iterator[tuple[str, Dispute, Money, datetime]]:
    amount = parts.whole(uow, case)
    for turn in _turns(case):
        name, taken = f"{case.id}:{turn}", _entry(uow, f"dispute:{case.id}:{turn}:taken")
        told, kept = _entry(uow, casebooks.fee_key(case, turn)), _fee(uow, case, turn)
        # A fee may be charged for the warning alone, or stand in a line of its own.
        if told is not None and (taken is None or _is_alone(uow, case, turn)):
            yield fee_name(case, turn), case, -kept, told.at
            kept -= kept
        if taken is None:
            continue
        yield f"clawback:{name}", case, -amount - kept, taken.at
        if back := _entry(uow, f"dispute:{case.id}:{turn}:back"):
            yield f"clawback-back:{name}", case, amount, back.at


def _turns(case: Dispute) -> range:
    return range(1, max(case.turn, case.round) + 1)


def _is_alone(uow: UnitOfWork, case: Dispute, turn: int) -> bool:
    """Whether the fee has a line of its own, or must have one, as the taking has come without it."""
    taken = settled(uow, f"clawback:{case.id}:{turn}")
    return settled(uow, fee_name(case, turn)) is not None or (taken is not None and not taken.fee)


def _entry(uow: UnitOfWork, key: str) -> Entry | None:
    return uow.journal.entry(key) if uow.journal.posted(key) else None


def _fee(uow: UnitOfWork, case: Dispute, turn: int | None = None) -> Money:
    """The fee that was charged with a turn. Of several rounds each is charged its own, in their order."""
    entry = _entry(uow, casebooks.fee_key(case, turn or case.turn))
    return max(leg.amount for leg in entry.legs) if entry else case.amount - case.amount


def _cases(uow: UnitOfWork, receipt: Receipt) -> list[Dispute]:
    found = uow.disputes.find(receipt=receipt.id, source=receipt.channel, limit=_EVER)
    found = [one for one in found if parts.is_first(one)]
    return sorted(found, key=lambda one: one.opened_at, reverse=True)
