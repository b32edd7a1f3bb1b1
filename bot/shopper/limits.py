"""/limits: how much a shopper may still pay, and their own limits."""

from __future__ import annotations

from bot.screens import limits as screens
from bot.visit import Visit
from core.money import Money, parse_amount
from core.risk import owning
from core.shop import visitors


async def limits(visit: Visit, kind: str = "", amount: str = "") -> None:
    """/limits, and /limits payment 50, /limits day none."""
    if kind:
        await _set(visit, kind.lower(), None if amount.lower() == "none" else _amount(visit, kind, amount))
    else:
        await _show(visit)


def _amount(visit: Visit, kind: str, text: str) -> Money:
    if kind.lower() not in owning.KINDS or not text:
        raise owning.NoSuchLimit
    return parse_amount(text, visit.shop.policy.currency)


async def _show(visit: Visit) -> None:
    await visit.show(screens.limits_page(visit.t, await _standing(visit)))


async def _standing(visit: Visit) -> owning.Standing:
    return await visit.look(owning.standing, visit.shop, visit.who)


async def _set(visit: Visit, kind: str, amount: Money | None) -> None:
    limits, t = await visit.do(owning.set_own, kind, amount), visit.t
    standing = await _standing(visit)
    if getattr(limits, kind) == amount:
        told = t.plain("Your limit holds from now on.")
    else:
        told = t.plain("Your limit rises on {moment}; until then the old one holds.", moment=limits.rises_at)
    if lower := owning.lower_of_shop(standing, kind, amount):
        told += " " + t.plain("This shop’s own limit of {limit} is lower, and stays.", limit=lower)
    await visit.toast(told)
    await visit.show(screens.limits_page(t, standing))


async def ask(visit: Visit, kind: str) -> None:
    """How much at most?"""
    await visit.note(visitors.ask, "own_limit", kind=kind)
    await visit.say(screens.ask_amount(visit.t, kind, visit.shop.policy.currency.code))


async def hear(visit: Visit, text: str, kind: str) -> None:
    """The answer to it. It is taken as the command would be, so that a proof asked for goes on with it."""
    amount = parse_amount(text, visit.shop.policy.currency)  # what is no amount leaves the question open
    await visit.note(visitors.stop_asking)
    visit.origin = {"command": f"limits {kind} {amount.decimal}"}
    await _set(visit, kind, amount)


async def take_away(visit: Visit, kind: str) -> None:
    """No limit of one's own any more."""
    await _set(visit, kind, None)
