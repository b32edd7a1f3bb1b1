"""What the shop's people do about a bank's case: refund it at the warning, hand in the evidence, or give it up."""

from __future__ import annotations

from core.errors import Gone, Refusal, sentence
from core.ids import PersonId
from core.payments import pockets
from core.payments.disputes import parts
from core.payments.disputes.cases import NotOpenCase, close, locked, lose, need_case
from core.payments.disputes.dispute import Dispute, DisputeState
from core.payments.refund import Refund
from core.payments.refunds import give_back
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.visitors import need_admin, note_command

_S = DisputeState


class NotWarned(Refusal):
    """The money has been taken already, or nothing is asked for any more."""

    sentence = sentence("Case {dispute} cannot be ended by a refund: it is past the warning.")


def refund_to_avoid(uow: UnitOfWork, shop: Shop, who: PersonId, dispute_id: str) -> list[Refund]:
    """The seller, or an admin, gives the money back at the warning, before it is taken with a fee.

    Raises Gone, NotWarned, NothingToRefund, Frozen (by another case).
    """
    dispute = need_case(uow, shop, who, dispute_id)
    if dispute.order is None:
        raise Gone
    order = uow.orders.lock(dispute.order)
    if who not in shop.admins and uow.sellers.need(order.seller).person != who:
        raise Gone
    dispute = uow.disputes.lock(dispute.id)
    if dispute.state is not _S.WARNED:
        raise NotWarned(dispute=dispute.id)
    close(uow, shop, dispute)
    order = uow.orders.lock(order.id)
    amount = min(dispute.amount, pockets.left_of_paid(uow, order))
    if who in shop.admins:
        note_command(uow, shop, who, "dispute", dispute=dispute.id, how="refund")
    return give_back(uow, shop, order, amount or None, reason="dispute", asked_by=who, only_paid=True)


def hand_in(uow: UnitOfWork, shop: Shop, admin: PersonId, dispute_id: str) -> Dispute:
    """An admin has sent the evidence to the channel; it decides. Raises NotAllowed, Gone, NotOpenCase."""
    need_admin(shop, admin)
    dispute = uow.disputes.lock(dispute_id)
    if dispute.is_complaint or dispute.state is not _S.OPEN:
        raise NotOpenCase(dispute=dispute.id)
    note_command(uow, shop, admin, "dispute", dispute=dispute.id, how="sent")
    return uow.disputes.save(dispute.move(_S.EVIDENCE))


def give_up(uow: UnitOfWork, shop: Shop, admin: PersonId, dispute_id: str) -> Dispute:
    """An admin accepts that a channel's case is lost. Only the channel can say that one is won.

    Raises NotAllowed, Gone, NotOpenCase.
    """
    need_admin(shop, admin)
    dispute = locked(uow, uow.disputes.need(dispute_id))
    if dispute.is_complaint or dispute.state not in (_S.OPEN, _S.EVIDENCE):
        raise NotOpenCase(dispute=dispute.id)
    note_command(uow, shop, admin, "dispute", dispute=dispute.id, how="lost")
    for other in parts.others(uow, dispute):
        if other.state in (_S.OPEN, _S.EVIDENCE):
            lose(uow, shop, locked(uow, other), shop.clock.now())
    return lose(uow, shop, dispute, shop.clock.now())
