"""What people are told of the devices that they, or somebody else, confirm on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.screens import devices as screens
from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk.device import Device, device_id

if TYPE_CHECKING:
    from bot.notices import Notice


async def new_device(notice: Notice) -> None:
    """To its owner, if it is theirs."""
    device = await notice.house.store.read(
        lambda uow: uow.devices.need(device_id(PersonId(notice.to.id), notice.about))
    )
    await notice.say(screens.new_device(notice.t, device, notice.house.shop.policy.risk.cool // timedelta(hours=1)))


async def confirmed_on(notice: Notice) -> None:
    """Where a challenge was passed. On the keypad there is nothing to tell."""
    device = await notice.house.store.read(_device_of, notice.about)
    if device is not None:
        await notice.say(screens.confirmed_on(notice.t, device))


def _device_of(uow: UnitOfWork, challenge_id: str) -> Device | None:
    return uow.devices.get(uow.challenges.need(challenge_id).device)


async def passkey_copied(notice: Notice) -> None:
    """Somebody signs with a copy of a passkey."""
    credential = await notice.house.store.read(lambda uow: uow.credentials.need(notice.about))
    await notice.say(screens.passkey_copied(notice.t, credential.label))


KINDS: dict[str, Callable[[Notice], Awaitable[None]]] = {
    "new_device": new_device,
    "confirmed_on": confirmed_on,
    "passkey_copied": passkey_copied,
}
