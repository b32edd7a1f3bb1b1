"""A step-up in the chat: the keypad, the page's button, and codes that are sent."""

from __future__ import annotations

import secrets
from dataclasses import replace

from telegram.error import BadRequest

from bot.digits import guess
from bot.screens import stepup as screens
from bot.screens.phrase import signed
from bot.screens.screen import Screen
from bot.shopper import security
from bot.shopper.security import NOTHING
from bot.visit import House, Visit
from bot.words import Html, Words
from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk import codes, stepping, totp
from core.risk.challenge import Challenge
from core.risk.codes import Letter, NotSent
from core.risk.factors import Factor
from core.risk.judging import StepUpNeeded, keep
from core.risk.keypad import CANCEL, ERASE, OK, KeyUsed, Pad
from core.risk.pin import MOST
from core.risk.proofs import PAY, bound_to
from core.risk.recovering import CODE_DIGITS
from core.risk.stepping import Blocked, ChallengeOver, Locked, NotEnrolled, ProofNeeded
from core.shop.context import Shop

_FIRST = (Factor.PIN, Factor.TOTP, Factor.CODE, Factor.RECOVERY)  # which is asked for first; the page has them all


async def begin(visit: Visit, fault: StepUpNeeded | ProofNeeded) -> None:
    """Open the challenge that a refusal asks for, and put it to them. Raises TooFresh and what storage refuses."""
    if isinstance(fault, StepUpNeeded):
        await visit.house.store.write(keep, visit.shop, fault)
    try:
        challenge = await visit.note(_open, fault, visit.origin)
    except NotEnrolled:
        await security.lead(visit, visit.origin)
        return
    await put(visit, challenge)


async def _show(visit: Visit, screen: Screen) -> int:
    """A screen that asks to confirm carries the words by which they know it for the shop's; its message's id."""
    return await visit.show(signed(visit.t, screen, visit.person))


def _open(
    uow: UnitOfWork, shop: Shop, who: PersonId, fault: StepUpNeeded | ProofNeeded, origin: dict[str, str]
) -> Challenge:
    if isinstance(fault, ProofNeeded):
        return stepping.open_(
            uow,
            shop,
            who,
            fault.purpose,
            fault.bound,
            needed=fault.needed,
            asked=fault.asked,
            order=fault.order,
            amount=fault.amount,
            payee=fault.payee,
            data=origin,
        )
    order, amount = uow.orders.need(fault.order), fault.amount
    # Asked to be paid another way, it is that way's payment that is confirmed; the order does not say so yet.
    method = fault.decision.facts.method if fault.decision else order.method
    seller = uow.sellers.need(order.seller)
    bound = bound_to(PAY, order.id, order.seller, method, str(amount.minor), amount.asset.code)
    return stepping.open_(
        uow,
        shop,
        who,
        PAY,
        bound,
        needed=fault.factors,
        order=order.id,
        amount=amount,
        payee=f"{seller.name} ({shop.methods[method].payee})" if method in shop.methods else seller.name,
        data=origin,
    )


async def put(visit: Visit, challenge: Challenge, factor: Factor | None = None, note: Html | None = None) -> None:
    """Put a challenge to them: the page's button where there is a page, else the keypad of one factor."""
    page = visit.house.step_up_page
    able = _able(visit.house, challenge)
    if factor is None and (page or not able):
        message = await _show(visit, screens.page_first(visit.t, challenge, able, page))
    else:
        factor = factor or able[0]
        if factor is Factor.CODE and challenge.sent_at is None:
            await send_code(visit.house, visit.who, challenge.id, visit.t)
        pad = _keypad(visit, challenge, factor)
        others = [one for one in able if one is not factor]
        message = await _show(visit, screens.proving(visit.t, challenge, pad, others, page, note))
    if message != challenge.message:
        await visit.note(_shown, challenge.id, message)


def _able(house: House, challenge: Challenge) -> list[Factor]:
    """The factors that the chat can ask for, in this order."""
    left = [one for one in _FIRST if one in challenge.asked and one not in challenge.done]
    return [one for one in left if one is not Factor.CODE or house.codes is not None]


def _keypad(visit: Visit, challenge: Challenge, factor: Factor) -> Pad:
    least, most = {
        Factor.PIN: (visit.shop.policy.risk.pin_least, MOST),
        Factor.RECOVERY: (CODE_DIGITS, CODE_DIGITS),
    }.get(factor, (totp.DIGITS, totp.DIGITS))
    now = visit.shop.clock.now()
    return visit.house.keypads.open(visit.who, now, factor.value, challenge.id, least=least, most=most)


def _shown(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, message: int) -> None:
    uow.challenges.save(replace(stepping.mine(uow, who, challenge_id), message=message))


# The keypad


async def press(visit: Visit, token: str, about: str) -> None:
    """A key of the keypad."""
    keypads, now = visit.house.keypads, visit.shop.clock.now()
    try:
        pad, key = keypads.press(visit.who, now, token)
    except KeyUsed:
        if keypads.of(visit.who, now) is not None:
            raise
        await _anew(visit, about)
        return
    if key == CANCEL:
        keypads.close(visit.who)
        await _cancel(visit, pad.about, pad.then)
    elif (key == OK and pad.is_enough) or (key not in (OK, ERASE) and pad.is_full):
        keypads.close(visit.who)
        await (security.entered(visit, pad) if pad.goal in (screens.SET, screens.AGAIN) else _entered(visit, pad))
    elif pad.goal in (screens.SET, screens.AGAIN):
        await _show(visit, screens.setting(visit.t, pad))
    else:
        challenge = await visit.look(stepping.mine, visit.who, pad.about)
        others = [one for one in _able(visit.house, challenge) if one != pad.goal]
        await _show(visit, screens.proving(visit.t, challenge, pad, others, visit.house.step_up_page))


async def _anew(visit: Visit, about: str) -> None:
    """The keypad is closed, perhaps by a restart: what was pressed is gone, and it is asked anew."""
    challenge = await visit.look(lambda uow: uow.challenges.get(about))
    if challenge is None or challenge.person != visit.who or not challenge.is_open(visit.shop.clock.now()):
        await visit.show(screens.over(visit.t))
        return
    await put(visit, challenge, note=visit.t("The keypad was closed. Please begin again."))


async def _entered(visit: Visit, pad: Pad) -> None:
    """All digits are there: is it them?"""
    factor = Factor(pad.goal)
    try:
        tried = await guess(visit.house.store, visit.shop, visit.who, pad.about, factor, pad.digits)
        visit.house.poke()
    except (Locked, Blocked) as refusal:
        challenge = await visit.look(stepping.mine, visit.who, pad.about)
        await _stuck(visit, challenge, factor, visit.t.refusal(refusal))
        return
    if tried.challenge.passed_at is not None:
        await visit.toast(visit.t.plain("✅ Confirmed."))  # the outbox goes on: see bot.notices.stepup
    elif tried.right:
        await put(visit, tried.challenge, note=visit.t("✅ That is one. Another one is needed."))
    elif tried.until is not None:
        await _stuck(visit, tried.challenge, factor, screens.wrong(visit.t, tried))
    else:
        await put(visit, tried.challenge, factor, screens.wrong(visit.t, tried))


async def _stuck(visit: Visit, challenge: Challenge, factor: Factor, note: Html) -> None:
    others = [one for one in _able(visit.house, challenge) if one is not factor]
    await _show(visit, screens.stuck(visit.t, challenge, note, others, visit.house.step_up_page))


async def choose(visit: Visit, challenge_id: str, factor: str) -> None:
    """Another way to answer."""
    challenge = await visit.look(stepping.mine, visit.who, challenge_id)
    if not challenge.is_open(visit.shop.clock.now()) or factor not in challenge.asked:
        raise ChallengeOver
    await put(visit, challenge, Factor(factor))


async def send_again(visit: Visit, challenge_id: str) -> None:
    """Another code."""
    await send_code(visit.house, visit.who, challenge_id, visit.t)
    await visit.toast(visit.t.plain("Another code is on its way; the one before is void."))


async def send_code(house: House, who: PersonId, challenge_id: str, t: Words) -> None:
    """Make a code and hand it to the gateway. Raises Gone, ChallengeOver, NotSoSoon, TooManyCodes, NotSent.

    Not by the outbox: the code must not lie there, and its reader waits for it. A lost one is asked for again.
    """
    if house.codes is None:
        raise NotSent
    code = f"{secrets.randbelow(10**codes.DIGITS):0{codes.DIGITS}d}"
    to, challenge = await house.store.write(codes.make, house.shop, who, challenge_id, code)
    minutes = int(house.shop.policy.risk.code.total_seconds() // 60)
    text = screens.letter(t, house.shop.name, challenge, code, minutes)
    if not await house.codes.send(Letter(f"{challenge.id}-{challenge.sends}", to, text)):
        raise NotSent


async def leave(visit: Visit, challenge_id: str) -> None:
    """The Cancel button of a screen without a keypad."""
    visit.house.keypads.close(visit.who)
    await _cancel(visit, challenge_id, {})


async def _cancel(visit: Visit, challenge_id: str, then: dict[str, str]) -> None:
    """Nothing is confirmed. Back to the order, where it was about one."""
    order = ""
    if challenge_id != NOTHING:
        order = (await visit.note(stepping.cancel, challenge_id)).order or ""
    elif then.get("press", "").startswith("ok "):
        order = then["press"].split()[1]
    await visit.show(screens.cancelled(visit.t, order))


async def caught(visit: Visit, text: str) -> bool:
    """Whether somebody wrote digits while a keypad was open: they are taken out of the chat, and it is said why."""
    plain = text.replace(" ", "").replace("-", "")
    if not (plain.isdigit() and 3 <= len(plain) <= CODE_DIGITS):
        return False
    if visit.message is None or visit.house.keypads.of(visit.who, visit.shop.clock.now()) is None:
        return False
    try:
        await visit.house.speaker.forget(visit.message.chat.id, visit.message.message_id)
        gone = visit.t("I have deleted your message.")
    except BadRequest:
        gone = visit.t("I could not delete your message: please delete it yourself.")
    await visit.tell(
        gone + Html(" ") + visit.t("A PIN or a code is never written into a chat; please use the keypad above.")
    )
    return True
