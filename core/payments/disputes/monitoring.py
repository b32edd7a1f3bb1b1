"""Freezing by hand: an admin who looks into an order keeps its money where it is, and lets it go again.

Nobody else is told: who is looked into should not learn of it from us. The order's own page says that it is frozen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from core.errors import Gone, Refusal, sentence
from core.ids import OrderId, PersonId
from core.payments.disputes.freezing import release_from_freeze
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.orders import Order, OrderState
from core.shop.visitors import need_admin, note_command

LONGEST_REASON = 200
_MARK = "monitoring"
_SINCE = "%Y%m%dT%H%M%S%fZ"


class NoReason(Refusal):
    """Somebody will ask why."""

    sentence = sentence("To freeze an order’s money: /freeze ORDER REASON, the reason in at most {most} characters.")


class NotWatched(Refusal):
    """No admin has frozen it. What a case has frozen, the case's end lets go."""

    sentence = sentence("Order {order} is not frozen by hand.")


def watch(uow: UnitOfWork, shop: Shop, admin: PersonId, order_id: OrderId, reason: str) -> Order:
    """From now on the order's money leaves by no path. Again: with the new reason, since the same moment.

    Raises NotAllowed, Gone, NoReason.
    """
    need_admin(shop, admin)
    order = uow.orders.lock(order_id)
    reason = " ".join(reason.split())
    if order.state is OrderState.DRAFT:
        raise Gone
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise NoReason(most=LONGEST_REASON)
    since = watched_since(order) or shop.clock.now()
    note_command(uow, shop, admin, "freeze", order=order.id, reason=reason)
    return uow.orders.save(replace(order, frozen=f"{_MARK}:{since.astimezone(UTC).strftime(_SINCE)}:{reason}"))


def let_go(uow: UnitOfWork, shop: Shop, admin: PersonId, order_id: OrderId) -> Order:
    """The admin has looked: the money is free again, unless a case keeps it. Raises NotAllowed, Gone, NotWatched."""
    need_admin(shop, admin)
    order = uow.orders.lock(order_id)
    if not order.frozen.startswith(f"{_MARK}:"):
        raise NotWatched(order=order.id)
    note_command(uow, shop, admin, "thaw", order=order.id)
    return release_from_freeze(uow, shop, order)


def watched_since(order: Order) -> datetime | None:
    """When an admin froze it; None when none did."""
    mark, _, rest = order.frozen.partition(":")
    since, _, _ = rest.partition(":")
    return datetime.strptime(since, _SINCE).replace(tzinfo=UTC) if mark == _MARK else None


def reason_of(order: Order) -> str:
    """Why an admin froze it, "" when none did. For admins' eyes."""
    mark, _, rest = order.frozen.partition(":")
    return rest.partition(":")[2] if mark == _MARK else ""


def left_while_watched(uow: UnitOfWork, order: Order, leaves: tuple[str, ...]) -> Iterator[str]:
    """The entries of such kinds that the order has had since an admin froze it: there should be none (invariant 17)."""
    since = watched_since(order)
    if since is not None:
        for record in uow.journal.history(order.id):
            if record.kind in leaves and record.at > since:
                yield record.key
