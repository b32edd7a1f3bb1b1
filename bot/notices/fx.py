"""What the admins are told of rates and positions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.screens import fx as screens
from bot.screens.screen import Screen
from core.money import Money, asset
from core.payments.fx import treasury

if TYPE_CHECKING:
    from bot.notices import Notice


async def exposure(notice: Notice) -> None:
    """A position is past the limit; as it stands when this is sent."""
    shop = notice.house.shop
    for one in await notice.house.store.read(treasury.exposures, shop):
        if one.of.code == notice.about and one.past_limit:
            await notice.say(screens.past_limit(notice.t, one, shop.policy.fx.exposure))


async def rates_part(notice: Notice) -> None:
    """Two sources disagree on a currency."""
    shop = notice.house.shop
    for gap in shop.rates.parted(shop.clock.now().date()):
        if gap.code == notice.about:
            await notice.say(Screen(screens.parted(notice.t, gap)))


async def rate_moved(notice: Notice) -> None:
    """A rate ran away between the quote and the payment."""
    slip = Money(int(notice.extra["minor"]), asset(notice.extra["code"]))
    await notice.say(screens.moved(notice.t, notice.about, int(notice.extra["bp"]), slip))


async def quote_broken(notice: Notice) -> None:
    """What was paid is not what the quote was made for."""
    await notice.say(screens.broken(notice.t, notice.about))


KINDS: dict[str, Callable[[Notice], Awaitable[None]]] = {
    "exposure": exposure,
    "rates_part": rates_part,
    "rate_moved": rate_moved,
    "quote_broken": quote_broken,
}
