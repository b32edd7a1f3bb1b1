"""What the admins are told of published rules that a payment sets off for whoever processes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.screens.limits import triggers_page
from core.ids import OrderId
from core.ports import UnitOfWork
from core.risk.decision import Decision

if TYPE_CHECKING:
    from bot.notices import Notice


async def rule_triggers(notice: Notice) -> None:
    """An order's payment sets off what providers are bound to do."""
    decision = await notice.house.store.read(_last, OrderId(notice.about))
    if decision is not None:
        await notice.say(triggers_page(notice.t, decision))


def _last(uow: UnitOfWork, order: OrderId) -> Decision | None:
    return next(iter(uow.decisions.find(order=order, limit=1)), None)


KINDS: dict[str, Callable[[Notice], Awaitable[None]]] = {"rule_triggers": rule_triggers}
