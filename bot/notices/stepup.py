"""What people are told of their factors and recoveries; and what goes on by itself once a step-up is passed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from telegram.error import BadRequest

from bot.dispatch import speak
from bot.screens import devices, stepup
from bot.screens import security as screens
from bot.screens.screen import Screen
from bot.screens.stepup import NAMES
from bot.shopper.resuming import Resumed, go_on
from bot.shopper.security import forget, security
from core.errors import Gone
from core.ids import PersonId
from core.risk import enrolling, stepping
from core.risk.challenge import Challenge
from core.risk.codes import Letter
from core.risk.credentials import Credential
from core.risk.factors import Factor
from core.risk.proofs import credentials
from core.risk.recovery import Recovery

if TYPE_CHECKING:
    from bot.notices import Notice
    from bot.worker import Finish


async def stepped_up(notice: Notice) -> None:
    """A step-up was passed, on the keypad or the page: on with what was asked for.

    Told twice, as the outbox may, it does nothing the second time: the proof is used up by then.
    """
    house, who = notice.house, PersonId(notice.to.id)
    challenge = await house.store.read(stepping.mine, who, notice.about)
    if not challenge.proves(house.shop.clock.now()):
        return
    if challenge.message is not None:
        with suppress(BadRequest):  # gone, or says so already
            await house.speaker.rewrite(int(who), challenge.message, stepup.confirmed(notice.t, challenge), int(who))
    visit = Resumed(
        house, notice.to, {name: one for name, one in challenge.data.items() if name in ("press", "command")}
    )
    try:
        if challenge.purpose.startswith("enrol-"):
            await house.store.write(enrolling.confirm, house.shop, who, challenge.id)
            house.poke()
            await _forget_secret(notice, challenge)
            await security(visit)
        elif visit.origin:
            await go_on(visit)
        elif challenge.message is not None:  # asked for in words, which are not kept
            await visit.tell(visit.t("Now please send it once more."))
    except Exception as fault:
        await speak(visit, fault)


async def _forget_secret(notice: Notice, challenge: Challenge) -> None:
    """The message with the key of an authenticator app has done its work."""
    if message := challenge.data.get("secret_in"):
        await forget(notice.house, notice.to.id, int(message))


async def _credential(notice: Notice) -> Credential:
    return await notice.house.store.read(lambda uow: uow.credentials.need(notice.about))


async def factor_set(notice: Notice) -> None:
    """A factor was set or changed: every session of the chat account shows it."""
    name, place = NAMES[(await _credential(notice)).factor], notice.extra.get("device", "")
    device = await notice.house.store.read(lambda uow: uow.devices.get(place)) if place else None
    await notice.say(devices.factor_set(notice.t, name, device))


async def factor_removed(notice: Notice) -> None:
    """A factor was taken away."""
    name = NAMES[(await _credential(notice)).factor]
    await notice.say(
        Screen(notice.t("🔐 Your {name} was removed. If that was not you: /security, and tell the shop.", name=name))
    )


async def factor_locked(notice: Notice) -> None:
    """Somebody guesses."""
    one = await _credential(notice)
    if one.locked_until is None:
        return
    await notice.say(
        Screen(
            notice.t(
                "🚨 There were {n} wrong tries at your {name} in a row. It is locked until {until}. If that was not "
                "you, somebody else holds your chat account: end their session in Telegram’s settings, under Devices.",
                n=int(notice.extra["n"]),
                name=NAMES[one.factor],
                until=one.locked_until,
            )
        )
    )


async def _recovery(notice: Notice) -> Recovery:
    return await notice.house.store.read(lambda uow: uow.recoveries.need(notice.about))


async def recovery_begun(notice: Notice) -> None:
    """A recovery runs: stop it, if it is somebody else's. Who has an address for codes hears of it there, too."""
    recovery, house = await _recovery(notice), notice.house
    if not recovery.is_open:
        return
    await notice.say(screens.recovery_begun(notice.t, recovery))
    held = await house.store.read(credentials, PersonId(notice.to.id))
    address = next((one.secret for one in held if one.factor is Factor.CODE), "")
    if address and house.codes is not None:
        text = screens.letter(notice.t, house.shop.name, recovery)
        await house.codes.send(Letter(f"recovery-{recovery.id}", address, text))


async def recovery_ripe(notice: Notice) -> None:
    """Its time has passed."""
    recovery = await _recovery(notice)
    if recovery.is_open:
        await notice.say(Screen(screens.running(notice.t, recovery, recovery.ripe_at), screens.set_one(notice.t)))


async def recovery_cancelled(notice: Notice) -> None:
    """It was stopped."""
    await notice.say(Screen(notice.t("🛑 The recovery was stopped. Your payment PIN is as it was.")))


async def recovery_wanted(notice: Notice) -> None:
    """To the admins: somebody cannot get in any more."""
    person = await notice.house.store.read(lambda uow: uow.people.get(PersonId(int(notice.about))))
    if person is None:
        raise Gone
    await notice.say(screens.wants_back(notice.t, person.id, person.name))


KINDS: dict[str, Callable[[Notice], Awaitable[Finish | None]]] = {
    "stepped_up": stepped_up,
    "factor_set": factor_set,
    "factor_removed": factor_removed,
    "factor_locked": factor_locked,
    "recovery_begun": recovery_begun,
    "recovery_ripe": recovery_ripe,
    "recovery_cancelled": recovery_cancelled,
    "recovery_wanted": recovery_wanted,
}
