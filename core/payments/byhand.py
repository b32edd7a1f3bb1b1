"""Transfers that no rail of ours carries: an admin makes them at a bank. What waits for that, and a word once a day."""

from __future__ import annotations

from datetime import timedelta

from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.refunds import BY_HAND
from core.payments.settlement.payout import PayoutState
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell

PATIENCE = timedelta(days=1)  # an admin was asked when it came up; from then on once a day
_MOST = 50


def waiting(uow: UnitOfWork) -> list[Operation]:
    """Refunds and payouts that an admin has been asked to make and that nothing proves yet, the oldest first."""
    asked = uow.operations.find(state=OperationState.PENDING, evidence=BY_HAND, newest=False, limit=_MOST)
    return [one for one in asked if not _is_held(uow, one)]


def is_late(uow: UnitOfWork, shop: Shop) -> bool:
    """Whether one of them waits for longer than a day."""
    last = shop.clock.now() - PATIENCE
    return any(one.created_at <= last for one in waiting(uow))


def remind(uow: UnitOfWork, shop: Shop) -> None:
    """Tell the admins, once a day, that somebody waits for their money."""
    now = shop.clock.now()
    for admin in sorted(shop.admins) if is_late(uow, shop) else ():
        tell(uow, now, admin, "by_hand_waits", f"{now:%Y-%m-%d}")


def _is_held(uow: UnitOfWork, operation: Operation) -> bool:
    if operation.kind is not OperationKind.PAYOUT:
        return False
    return uow.payouts.need(operation.body["payout"]).state is PayoutState.HELD
