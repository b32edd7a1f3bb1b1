"""What people are told of codes: a look-alike to the admins, a code whose time is over to whom it was shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.cards import retire
from bot.screens import genuine as screens
from bot.screens.screen import Screen
from bot.worker import Finish
from core.errors import Gone
from core.ids import OperationId, OrderId
from core.payments.operations import Operation, OperationKind
from core.people import Person
from core.ports import UnitOfWork
from core.risk.issued import Lookalike

if TYPE_CHECKING:
    from bot.notices import Notice


async def lookalike(notice: Notice) -> None:
    """To the admins: a code under our name that pays somebody else, with the picture that it came in."""
    house = notice.house
    seen, reporter = await house.store.read(_seen, notice.about)
    text = screens.alarm(notice.t, seen, reporter.name)
    picture = b""
    if seen.picture:
        try:
            picture = house.pictures.get(seen.picture)
        except Gone:
            picture = b""
    if picture:
        await house.speaker.document(notice.to.id, "suspicious-code.jpg", picture, text)
    else:
        await notice.say(Screen(text))


def _seen(uow: UnitOfWork, digest: str) -> tuple[Lookalike, Person]:
    seen = uow.lookalikes.need(digest)
    return seen, uow.people.need(seen.reporter)


async def code_over(notice: Notice) -> Finish | None:
    """To the shopper: a code that must not be paid any more leaves the chat, before or without another one."""
    view = await notice.order()
    t, order, plan = notice.t, view.order, view.plan
    ended = await notice.house.store.read(_charge, OperationId(notice.extra["charge"]))
    if plan is not None and plan.codes:
        if plan.card_message is None or plan.codes[-1].operation != ended.id:
            return None
        text = t("This payment code is no longer valid. If you still want to pay, ask for a new one in the order.")
        await retire(notice, replace(view, charge=ended), plan.card_message, text)
        return lambda uow: uow.plans.save(replace(uow.plans.lock(order.id), card_message=None))
    if order.card_message is None or ended.payload:
        return None
    shown = await notice.house.store.read(_shown, order.id)
    text = t("A new payment code is being made; this one is no longer valid.")
    await retire(notice, replace(view, charge=shown or ended), order.card_message, text)
    return lambda uow: uow.orders.save(replace(uow.orders.lock(order.id), card_message=None))


def _shown(uow: UnitOfWork, order: OrderId) -> Operation | None:
    """The order's last charge that had a code."""
    return next((one for one in uow.operations.find(order=order, kind=OperationKind.CHARGE) if one.payload), None)


def _charge(uow: UnitOfWork, operation: OperationId) -> Operation:
    return uow.operations.need(operation)


KINDS: dict[str, Callable[[Notice], Awaitable[Finish | None]]] = {
    "lookalike": lookalike,
    "code_over": code_over,
}
