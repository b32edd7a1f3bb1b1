"""What people are told of commands to channels that did not end well, or have not ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.cards import retire
from bot.screens import operations as screens
from bot.worker import Finish
from core.ids import OperationId
from core.payments.operations import Operation
from core.shop.orders import OrderState

if TYPE_CHECKING:
    from bot.notices import Notice


async def _operation(notice: Notice) -> Operation:
    return await notice.house.store.read(lambda uow: uow.operations.need(OperationId(notice.about)))


async def in_doubt(notice: Notice) -> None:
    """To the admins: nobody knows yet how an operation ended."""
    await notice.say(screens.in_doubt(notice.t, await _operation(notice)))


async def parked(notice: Notice) -> None:
    """To the admins: asking did not help; somebody has to find out."""
    await notice.say(screens.parked(notice.t, await _operation(notice)))


async def charge_in_doubt(notice: Notice) -> None:
    """To the shopper: do not pay again."""
    await notice.say(screens.charge_in_doubt(notice.t, await notice.order()))


async def charge_refused(notice: Notice) -> Finish | None:
    """To the shopper: this way did not work; another may. Its code leaves the chat, unless another took its place."""
    view = await notice.order()
    order, refused = view.order, screens.charge_refused(notice.t, view)
    if order.state is not OrderState.PLACED:
        return None
    await notice.say(refused)
    if order.card_message is None or view.charge is None or view.charge.id != notice.extra["operation"]:
        return None
    await retire(notice, view, order.card_message, refused.text)
    return lambda uow: uow.orders.save(replace(uow.orders.lock(order.id), card_message=None))


KINDS: dict[str, Callable[[Notice], Awaitable[Finish | None]]] = {
    "in_doubt": in_doubt,
    "parked": parked,
    "charge_in_doubt": charge_in_doubt,
    "charge_refused": charge_refused,
}
