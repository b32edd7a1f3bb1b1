"""What people are told of money that did not fit, of refunds, and of the deadlines of a sale."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.screens import held as screens
from core.ids import PersonId
from core.money import Money
from core.payments import pockets
from core.payments.choices import choices
from core.payments.refund import Refund
from core.ports import UnitOfWork
from core.shop.browse import OrderView
from core.shop.orders import OrderState

if TYPE_CHECKING:
    from bot.notices import Notice


async def held(notice: Notice) -> None:
    """Money that fits no order, and what its owner may do with it now."""
    house = notice.house
    what = await house.store.read(lambda uow: choices(uow, house.shop, uow.receipts.need(notice.about)))
    if what.receipt.held:
        who = PersonId(notice.to.id)
        admin = who in house.shop.admins and who != what.receipt.payer
        await notice.say(screens.held(notice.t, what, house.shop.policy.holding.default, admin=admin))


async def undecided(notice: Notice) -> None:
    """To the admins: nobody chose."""
    await notice.say(screens.undecided(notice.t, await notice.receipt()))


async def _refund(notice: Notice) -> Refund:
    return await notice.house.store.read(lambda uow: uow.refunds.need(notice.about))


async def refunded(notice: Notice) -> None:
    """Money is back."""
    await notice.say(screens.refunded(notice.t, await _refund(notice)))


async def refunded_twice(notice: Notice) -> None:
    """To the admins: an alarm."""
    await notice.say(screens.refunded_twice(notice.t, await _refund(notice)))


async def refund_failed(notice: Notice) -> None:
    """To the admins: the channel would not send it, or the payer's bank would not have it."""
    await notice.say(screens.refund_failed(notice.t, await _refund(notice), notice.extra["reason"]))


async def refund_stuck(notice: Notice) -> None:
    """To the payer: another account is needed."""
    await notice.say(screens.refund_stuck(notice.t, await _refund(notice)))


async def sale_refunded(notice: Notice) -> None:
    """To the seller: a sale was undone, or a part of it."""
    view = await notice.order()
    amounts, left = await notice.house.store.read(_refunds, view, int(notice.extra.get("taken", "0")))
    await notice.say(screens.sale_refunded(notice.t, view, amounts, left))


def _refunds(uow: UnitOfWork, view: OrderView, taken: int) -> tuple[list[Money], Money]:
    left = pockets.left(uow, view.order)
    return [Money(taken, left.asset)], left


async def not_shipped(notice: Notice) -> None:
    """To both: the order is refunded."""
    view = await notice.order()
    await notice.say(screens.not_shipped(notice.t, view, seller=_sells(notice, view)))


async def auto_released(notice: Notice) -> None:
    """To both: it counts as received."""
    view = await notice.order()
    await notice.say(screens.auto_released(notice.t, view, seller=_sells(notice, view)))


async def ship_soon(notice: Notice) -> None:
    """To the seller, the day before."""
    view = await notice.order()
    if view.order.state is OrderState.PAID:
        await notice.say(screens.ship_soon(notice.t, view))


async def confirm_soon(notice: Notice) -> None:
    """To the shopper, two days before."""
    view = await notice.order()
    if view.order.state is OrderState.SHIPPED:
        await notice.say(screens.confirm_soon(notice.t, view))


def _sells(notice: Notice, view: OrderView) -> bool:
    return view.seller.person == PersonId(notice.to.id)


KINDS: dict[str, Callable[[Notice], Awaitable[None]]] = {
    "held": held,
    "undecided": undecided,
    "refunded": refunded,
    "refunded_twice": refunded_twice,
    "refund_failed": refund_failed,
    "refund_stuck": refund_stuck,
    "sale_refunded": sale_refunded,
    "not_shipped": not_shipped,
    "auto_released": auto_released,
    "ship_soon": ship_soon,
    "confirm_soon": confirm_soon,
}
