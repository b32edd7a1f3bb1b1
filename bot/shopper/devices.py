"""A person and their devices: which there are, and "that was not me"."""

from __future__ import annotations

from bot.screens import devices as screens
from bot.visit import Visit
from core.risk.devices import MOST_SHOWN, disown


async def devices(visit: Visit) -> None:
    """/devices"""
    found = await visit.look(lambda uow: uow.devices.find(person=visit.who, limit=MOST_SHOWN))
    await visit.say(screens.devices(visit.t, found, visit.shop.clock.now(), visit.shop.policy.risk.cool))


async def not_me(visit: Visit, digest: str) -> None:
    """A button below a device: lock it, and void what waits."""
    device = await visit.do(disown, digest)
    await visit.say(screens.disowned(visit.t, device))
