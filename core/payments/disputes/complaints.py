"""Complaints: a shopper says in the chat that something is wrong. No money leaves; the seller's part of it is held.

Both sides are asked, an admin decides. A seller who says nothing in time has it decided for the shopper, where the
policy says so (`disputes.silent`). Evidence is gathered here for the cases of banks, too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.errors import Gone, Refusal, sentence
from core.ids import OrderId, PersonId
from core.money import Money
from core.payments import pockets
from core.payments.disputes import books as casebooks
from core.payments.disputes.cases import (
    NotOpenCase,
    announce,
    begin,
    locked,
    need_case,
    open_case,
    parties,
    win,
)
from core.payments.disputes.dispute import SHOPPER, UNDECIDED, Dispute, DisputeState, Evidence
from core.payments.disputes.freezing import thaw
from core.payments.refunds import MoreThanPaid, give_back
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState
from core.shop.visitors import need_admin, note_command

LONGEST_TEXT = 2000
MOST_PIECES = 20  # of evidence, by one side of one case
REMIND = timedelta(days=1)
_EVER = 1000
_S = DisputeState


class Complaint(StrEnum):
    """What is wrong."""

    NOT_RECEIVED = "not_received"
    NOT_AS_DESCRIBED = "not_as_described"
    DOUBLE_CHARGED = "double_charged"
    UNKNOWN_PAYMENT = "unknown_payment"


class TooEarly(Refusal):
    """Paid, and the seller still has time to ship."""

    sentence = sentence("Order {order} is to be shipped by {moment}. If it is not, your money comes back by itself.")


class TooLate(Refusal):
    """The days to complain are over, or nothing was paid."""

    sentence = sentence("The time to complain about order {order} is over.")


class CaseOpen(Refusal):
    """One case at a time, and one complaint an order."""

    sentence = sentence("There is a case about order {order} already. You will hear how it ends.")


class Decided(Refusal):
    """One complaint an order: this one's is over."""

    sentence = sentence("Your complaint about order {order} was decided already.")


class NothingSaid(Refusal):
    """Evidence is words or a picture."""

    sentence = sentence("Please send words (at most {most} characters) or a picture.")


class EnoughSaid(Refusal):
    """MOST_PIECES are there."""

    sentence = sentence("You have sent {most} messages for this case; that is enough.")


def may_complain(shop: Shop, order: Order, now: datetime) -> None:
    """Whether it is the time for it. Raises TooEarly, TooLate."""
    if order.state is OrderState.PAID and order.ship_by is not None and now < order.ship_by:
        raise TooEarly(order=order.id, moment=order.ship_by)
    if order.state is OrderState.PAID:
        return
    if order.state not in (OrderState.SHIPPED, OrderState.RECEIVED) or order.shipped_at is None:
        raise TooLate(order=order.id)
    if now > order.shipped_at + shop.policy.disputes.complain:
        raise TooLate(order=order.id)


def complain(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId, reason: str) -> Dispute:
    """The shopper says what is wrong: all that is left of the payment is held, and both sides are asked.

    Raises Gone, TooEarly, TooLate, CaseOpen, Decided.
    """
    order = uow.orders.lock(order_id)
    if order.shopper != who or reason not in set(Complaint):
        raise Gone
    may_complain(shop, order, shop.clock.now())
    if uow.disputes.count(order=order.id, state=UNDECIDED):
        raise CaseOpen(order=order.id)
    if uow.disputes.count(source=SHOPPER, case=order.id):
        raise Decided(order=order.id)
    left = pockets.left(uow, order)
    applied = uow.applications.find(order=order.id, limit=1)
    if not left or not applied:
        raise TooLate(order=order.id)
    receipt = uow.receipts.need(applied[0].receipt)
    dispute = begin(uow, shop, SHOPPER, order.id, order.id, receipt, left, reason)
    return open_case(uow, shop, dispute, taken=False)


def say(uow: UnitOfWork, shop: Shop, who: PersonId, dispute_id: str, text: str = "", picture: str = "") -> Evidence:
    """One side's words, or the digest of a kept picture. As long as nothing is decided: late is better than never.

    Raises Gone, NotOpenCase, NothingSaid, EnoughSaid.
    """
    dispute = need_case(uow, shop, who, dispute_id)
    if not dispute.is_open:
        raise NotOpenCase(dispute=dispute.id)
    text = text.strip()
    if len(text) > LONGEST_TEXT or not (text or picture):
        raise NothingSaid(most=LONGEST_TEXT)
    if uow.evidence.count(dispute=dispute.id, by=who) >= MOST_PIECES:
        raise EnoughSaid(most=MOST_PIECES)
    now = shop.clock.now()
    for admin in sorted(shop.admins - {who}):
        tell(uow, now, admin, "dispute_answered", dispute.id, by=str(who), on=f"{now:%Y%m%d}")
    return uow.evidence.add(Evidence(shop.ids.new(12), dispute.id, who, now, picture, text))


def evidence_of(uow: UnitOfWork, dispute: Dispute) -> list[Evidence]:
    """What was said, in the order in which it was."""
    return uow.evidence.find(dispute=dispute.id, newest=False, limit=_EVER)


def decide(
    uow: UnitOfWork, shop: Shop, admin: PersonId, dispute_id: str, *, won: bool, amount: Money | None = None
) -> Dispute:
    """An admin decides a complaint: won, and the seller has the money again; lost, and `amount` or all goes back.

    Raises NotAllowed, Gone, NotOpenCase, MoreThanPaid, Frozen (by a bank's warning, too).
    """
    need_admin(shop, admin)
    dispute = _locked(uow, dispute_id)
    more = {"amount": str(amount)} if amount else {}
    note_command(uow, shop, admin, "dispute", dispute=dispute.id, how="won" if won else "lost", **more)
    if won:
        return win(uow, shop, dispute, shop.clock.now())
    return _uphold(uow, shop, dispute, amount, admin)


def _locked(uow: UnitOfWork, dispute_id: str) -> Dispute:
    dispute = locked(uow, uow.disputes.need(dispute_id))
    if not dispute.is_complaint or dispute.state is not _S.OPEN:
        raise NotOpenCase(dispute=dispute.id)
    return dispute


def _uphold(
    uow: UnitOfWork, shop: Shop, dispute: Dispute, amount: Money | None = None, admin: PersonId | None = None
) -> Dispute:
    """Decided for the shopper: what was held goes back to its pockets, and from there as any refund does."""
    order_id = dispute.order
    assert order_id is not None, "a complaint is about an order"
    amount = amount or dispute.amount
    if amount.asset != dispute.amount.asset or amount > dispute.covered:
        raise MoreThanPaid(amount=amount, left=dispute.covered)
    dispute = casebooks.let_go(uow, shop, dispute)
    dispute = uow.disputes.save(replace(dispute.move(_S.LOST), decided_at=shop.clock.now(), amount=amount))
    thaw(uow, shop, dispute.order)
    give_back(uow, shop, uow.orders.lock(order_id), amount, reason="dispute", asked_by=admin)
    announce(uow, shop, dispute, "lost")
    return dispute


def decide_overdue(uow: UnitOfWork, shop: Shop, limit: int = 20) -> list[Dispute]:
    """Complaints past their deadline: unanswered by the seller they are decided as the policy says, else by an admin.

    The admins are told once of each that waits for them.
    """
    now = shop.clock.now()
    decided: list[Dispute] = []
    for found in uow.disputes.find(state=_S.OPEN, before={"respond_by": now}, newest=False, limit=_EVER):
        if len(decided) == limit:
            break
        if _unanswered(uow, shop, found):
            decided.append(_uphold(uow, shop, _locked(uow, found.id)))
            continue
        uow.disputes.save(replace(uow.disputes.lock(found.id), respond_by=None))
        for admin in sorted(shop.admins):
            tell(uow, now, admin, "dispute_due", found.id, turn=str(found.turn))
    return decided


def _unanswered(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> bool:
    """Whether the policy decides it. Not while something else freezes the order, too: nothing could be sent back."""
    if not dispute.is_complaint or dispute.order is None or shop.policy.disputes.silent != "shopper":
        return False
    frozen_by_it = uow.orders.need(dispute.order).frozen == f"dispute:{dispute.id}"
    alone = frozen_by_it and uow.disputes.count(order=dispute.order, state=UNDECIDED) == 1
    return alone and not uow.evidence.count(dispute=dispute.id, by=parties(uow, dispute)[1])


def remind(uow: UnitOfWork, shop: Shop) -> int:
    """The day before the deadline: who has said nothing yet is asked again, and admins hand in a bank's case."""
    now, told = shop.clock.now(), 0
    open_ = uow.disputes.find(
        state=_S.OPEN, since={"respond_by": now}, before={"respond_by": now + REMIND}, limit=_EVER
    )
    for case in open_:
        silent = [who for who in parties(uow, case) if not uow.evidence.count(dispute=case.id, by=who)]
        for who in [*silent, *([] if case.is_complaint else sorted(shop.admins))]:
            tell(uow, now, who, "dispute_soon", case.id, turn=str(case.turn))
            told += 1
    return told


def anything_due(uow: UnitOfWork, shop: Shop) -> bool:
    """Whether one of the two has something to look at. For the ticker."""
    return bool(uow.disputes.count(state=_S.OPEN, before={"respond_by": shop.clock.now() + REMIND}))
