"""A dispute's money on bank lines: the line by which a payment is taken back, and the one by which it returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from core.ledger.journal import Entry
from core.money import Money
from core.payments.disputes import books as casebooks
from core.payments.disputes.cases import Stage, hear_dispute
from core.payments.disputes.dispute import Dispute, DisputeState
from core.payments.receipts import Receipt
from core.ports import UnitOfWork
from core.shop.context import Shop

_EVER = 1000


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


def back_name(dispute: Dispute) -> str:
    """What the line of the return is about."""
    return f"clawback-back:{dispute.id}:{dispute.turn}"


def taken_back(uow: UnitOfWork, shop: Shop, receipt: Receipt, told: Told) -> str:
    """A line says that a payment was taken back: the name of that, or "" when the line is not the case's.

    A case that the channel has told of takes the line; a recall nobody has told of opens one by the line's own id.
    """
    known = [one for one in _cases(uow, receipt) if -told.gross == one.amount]
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
    return taken_name(dispute) if told.kept == _fee(uow, dispute) else ""


def given_back(uow: UnitOfWork, shop: Shop, receipt: Receipt, told: Told) -> str:
    """A line says that the money of a case came back: it is won, if nobody has said so yet. "" for no such case."""
    for dispute in _cases(uow, receipt):
        if told.gross != dispute.amount or not dispute.turn:
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
            yield from () if case.is_complaint else _moved(uow, case)
        offset += len(page)


def _moved(uow: UnitOfWork, case: Dispute) -> Iterator[tuple[str, Dispute, Money, datetime]]:
    for turn in range(1, max(case.turn, case.round) + 1):
        name, taken = f"{case.id}:{turn}", _entry(uow, f"dispute:{case.id}:{turn}:taken")
        if taken is None:  # a fee may be charged for the warning alone
            if fee := _entry(uow, casebooks.fee_key(case, turn)):
                yield f"clawback-fee:{name}", case, -_fee(uow, case, turn), fee.at
            continue
        yield f"clawback:{name}", case, -case.amount - _fee(uow, case, turn), taken.at
        if back := _entry(uow, f"dispute:{case.id}:{turn}:back"):
            yield f"clawback-back:{name}", case, case.amount, back.at


def _entry(uow: UnitOfWork, key: str) -> Entry | None:
    return uow.journal.entry(key) if uow.journal.posted(key) else None


def _fee(uow: UnitOfWork, case: Dispute, turn: int | None = None) -> Money:
    """The fee that was charged with a turn. Of several rounds each is charged its own, in their order."""
    entry = _entry(uow, casebooks.fee_key(case, turn or case.turn))
    return max(leg.amount for leg in entry.legs) if entry else case.amount - case.amount


def _cases(uow: UnitOfWork, receipt: Receipt) -> list[Dispute]:
    found = uow.disputes.find(receipt=receipt.id, source=receipt.channel, limit=_EVER)
    return sorted(found, key=lambda one: one.opened_at, reverse=True)
