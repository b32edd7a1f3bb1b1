"""What people are told of disputes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.admin.disputes import case_view
from bot.screens import disputes as screens
from bot.screens.disputes import CaseView
from core.ids import PersonId
from core.payments.disputes.dispute import DisputeState

if TYPE_CHECKING:
    from bot.notices import Notice

_DECIDED = (DisputeState.WON, DisputeState.LOST, DisputeState.CLOSED)


async def _view(notice: Notice) -> CaseView:
    return await notice.house.store.read(case_view, notice.house.shop, notice.about)


def _reader(notice: Notice) -> PersonId:
    return PersonId(notice.to.id)


async def warned(notice: Notice) -> None:
    """Nothing has moved yet."""
    view = await _view(notice)
    if view.case.state is DisputeState.WARNED:
        await notice.say(screens.warned(notice.t, view, _reader(notice)))


async def opened(notice: Notice) -> None:
    """It has."""
    view = await _view(notice)
    silent = notice.house.shop.policy.disputes.silent
    await notice.say(screens.opened(notice.t, view, _reader(notice), silent=silent))


async def decided(notice: Notice) -> None:
    """Won, lost or closed. What has been taken up again meanwhile is told of by its own notice."""
    view = await _view(notice)
    if view.case.state in _DECIDED:
        await notice.say(screens.decided(notice.t, view))


async def soon(notice: Notice) -> None:
    """A day is left to speak."""
    view = await _view(notice)
    if view.case.is_open:
        await notice.say(screens.soon(notice.t, view))


async def excess(notice: Notice) -> None:
    """To the admins."""
    await notice.say(screens.excess(notice.t, (await _view(notice)).case))


async def differs(notice: Notice) -> None:
    """To the admins."""
    await notice.say(screens.differs(notice.t, (await _view(notice)).case, notice.extra["amount"]))


async def answered(notice: Notice) -> None:
    """To the admins."""
    await notice.say(screens.answered(notice.t, (await _view(notice)).case))


async def due(notice: Notice) -> None:
    """To the admins."""
    view = await _view(notice)
    if view.case.is_open:
        await notice.say(screens.due(notice.t, view.case))


KINDS: dict[str, Callable[[Notice], Awaitable[None]]] = {
    "dispute_warned": warned,
    "dispute_opened": opened,
    "dispute_won": decided,
    "dispute_lost": decided,
    "dispute_closed": decided,
    "dispute_soon": soon,
    "dispute_excess": excess,
    "dispute_differs": differs,
    "dispute_answered": answered,
    "dispute_due": due,
}
