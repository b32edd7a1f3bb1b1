"""What sellers and admins are told of payouts and the accounts they go to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.screens import settlement as screens
from bot.screens.screen import Screen
from core.ids import SellerId
from core.payments import byhand
from core.payments.settlement.payout import Payout
from core.payments.settlement.statement import sum_of
from core.people import Seller
from core.ports import UnitOfWork

if TYPE_CHECKING:
    from bot.notices import Notice


async def _payout(notice: Notice) -> tuple[Payout, Seller]:
    def found(uow: UnitOfWork) -> tuple[Payout, Seller]:
        one = uow.payouts.need(notice.about)
        return one, uow.sellers.need(one.seller)

    return await notice.house.store.read(found)


async def _seller(notice: Notice) -> Seller:
    return await notice.house.store.read(lambda uow: uow.sellers.need(SellerId(notice.about)))


async def payout(notice: Notice) -> None:
    """To the seller: money goes out, and how it came about."""
    one, seller = await _payout(notice)
    sums = await notice.house.store.survey(sum_of, one.id)
    await notice.say(screens.payout(notice.t, one, sums, seller))


async def payout_sent(notice: Notice) -> None:
    """To the seller: the bank has said so."""
    one, _ = await _payout(notice)
    await notice.say(screens.payout_sent(notice.t, one))


async def payout_returned(notice: Notice) -> None:
    """To the seller and the admins: it came back."""
    one, seller = await _payout(notice)
    await notice.say(screens.payout_returned(notice.t, one, seller, own=seller.person == notice.to.id))


async def payout_late(notice: Notice) -> None:
    """To the admins: paid after it was refused."""
    await notice.say(screens.payout_late(notice.t, *await _payout(notice)))


async def by_hand_waits(notice: Notice) -> None:
    """To the admins: transfers that they have still to make."""
    if asked := await notice.house.store.read(byhand.waiting):
        await notice.say(screens.waiting(notice.t, asked[:20]))


async def account_wanted(notice: Notice) -> None:
    """To the seller: nowhere to send money to."""
    seller = await _seller(notice)
    if not seller.holder:
        await notice.say(screens.account_wanted(notice.t))


async def account_changed(notice: Notice) -> None:
    """To the seller and the admins: payouts go elsewhere."""
    seller = await _seller(notice)
    await notice.say(Screen(screens.account_changed(notice.t, seller, own=seller.person == notice.to.id)))


KINDS: dict[str, Callable[[Notice], Awaitable[None]]] = {
    "payout": payout,
    "payout_sent": payout_sent,
    "payout_returned": payout_returned,
    "payout_late": payout_late,
    "by_hand_waits": by_hand_waits,
    "account_wanted": account_wanted,
    "account_changed": account_changed,
}
