"""/security: what somebody confirms payments with, set, changed and removed; and the way back to a forgotten PIN."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote, urlencode

from telegram.error import BadRequest

from bot import argon
from bot.digits import keep_pin, new_paper
from bot.screens import security as screens
from bot.screens import stepup
from bot.screens.phrase import signed
from bot.screens.security import Enrolled
from bot.shopper.resuming import go_on
from bot.visit import House, Visit
from bot.words import Html
from core.errors import Refusal, sentence
from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk import enrolling, pin, recovering, stepping, totp
from core.risk.challenge import Challenge
from core.risk.codes import masked, read_address
from core.risk.credentials import credential_id
from core.risk.factors import Factor
from core.risk.keypad import Pad
from core.risk.pin import BadPin, WeakPin
from core.risk.proofs import credentials
from core.risk.recovering import NoWayBack
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.visitors import ask, stop_asking

NOTHING = "0"  # what a keypad is about that answers no challenge


class NoCodes(Refusal):
    """The shop has no gateway."""

    sentence = sentence("This shop sends no codes. A payment PIN or an authenticator app does the same.")


async def security(visit: Visit, *_: str) -> None:
    """/security, and what it shows again after a change."""
    held = await visit.look(_held, visit.shop, visit.who)
    page = visit.house.step_up_page
    await visit.show(screens.overview(visit.t, held, codes=visit.house.codes is not None, page=page))


def _held(uow: UnitOfWork, shop: Shop, who: PersonId) -> Enrolled:
    return Enrolled(credentials(uow, who), recovering.running(uow, who), shop.clock.now())


# The PIN


async def set_pin(visit: Visit) -> None:
    """Set or change it: on the keypad, twice. Raises ProofNeeded."""
    await visit.look(pin.may_set, visit.shop, visit.who)
    await _keypad(visit, {})


async def lead(visit: Visit, then: dict[str, str]) -> None:
    """To somebody who has not enough to prove it with: set a PIN first, then go on with `then`.

    Who has something already needs another kind of it: that takes longer than a moment, and a step-up of its own.
    """
    held = await visit.look(_held, visit.shop, visit.who)
    if held.credentials:
        await visit.show(screens.another_kind(visit.t, has_pin=held.has(Factor.PIN)))
    else:
        await _keypad(visit, then, why=stepup.why_needed(visit.t))


async def _keypad(
    visit: Visit, then: dict[str, str], first: str = "", why: Html | None = None, note: Html | None = None
) -> None:
    now, least = visit.shop.clock.now(), visit.shop.policy.risk.pin_least
    goal = stepup.AGAIN if first else stepup.SET
    pad = visit.house.keypads.open(visit.who, now, goal, NOTHING, least=least, most=pin.MOST, first=first, then=then)
    await visit.show(signed(visit.t, stepup.setting(visit.t, pad, why, note), visit.person))


async def entered(visit: Visit, pad: Pad) -> None:
    """A PIN was entered to be set, the first or the second time."""
    if pad.goal == stepup.SET:
        try:
            pin.check(pad.digits, visit.shop.policy.risk.pin_least)
        except (BadPin, WeakPin) as refusal:
            await _keypad(visit, pad.then, note=visit.t.refusal(refusal))
            return
        await _keypad(visit, pad.then, first=pad.digits)
    elif pad.digits != pad.first:
        await _keypad(visit, pad.then, note=screens.differs(visit.t))
    else:
        await _keep(visit, pad)


async def _keep(visit: Visit, pad: Pad) -> None:
    paper = await keep_pin(visit.house.store, visit.shop, visit.who, pad.digits)
    visit.house.poke()
    await visit.show(screens.pin_set(visit.t, paper))
    if pad.then:
        visit.origin = pad.then
        visit.query = visit.shown = None  # what comes next is a message of its own
        await go_on(visit)


async def new_recovery_code(visit: Visit) -> None:
    """Another code on paper; the one before is void. Raises ProofNeeded."""
    await visit.look(recovering.may_replace_code, visit.shop, visit.who)
    paper = new_paper()
    phc = await argon.hash_of(paper)
    await visit.note(recovering.keep_code, phc)
    await visit.say(screens.paper(visit.t, paper))


async def written_down(visit: Visit) -> None:
    """The code on paper leaves the chat."""
    if visit.shown is not None:
        await forget(visit.house, visit.shown.chat.id, visit.shown.message_id)
    await visit.toast(visit.t.plain("It is gone from this chat."))


async def forget(house: House, chat: int, message: int) -> None:
    """Delete a message with a secret. One too old to delete, or gone, stays as it is."""
    with suppress(BadRequest):
        await house.speaker.forget(chat, message)


# The others


async def add_app(visit: Visit) -> None:
    """An authenticator app: its key is shown, and the first code confirms it. Raises ProofNeeded."""
    from bot.shopper.stepping import put  # it leads here

    await visit.look(enrolling.may_add, visit.shop, visit.who, Factor.TOTP)
    secret = totp.new_secret()
    challenge = await visit.note(enrolling.begin, Factor.TOTP, secret)
    issuer, owner = visit.shop.name, visit.person.username or str(visit.who)
    label = quote(f"{issuer}:{owner}", safe=":")
    uri = f"otpauth://totp/{label}?" + urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    message = await visit.say(screens.app(visit.t, uri, secret))
    challenge = await visit.note(_remember, challenge.id, message)
    visit.query = visit.shown = None  # the keypad comes below it
    await put(visit, challenge, Factor.TOTP)


def _remember(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, message: int) -> Challenge:
    """Which message shows the key, so that it can be taken away."""
    challenge = stepping.mine(uow, who, challenge_id)
    return uow.challenges.save(replace(challenge, data={**challenge.data, "secret_in": str(message)}))


async def ask_code_address(visit: Visit) -> None:
    """Where codes shall go. Raises ProofNeeded."""
    if visit.house.codes is None:
        raise NoCodes
    await visit.look(enrolling.may_add, visit.shop, visit.who, Factor.CODE)
    await visit.note(ask, "code_address")
    await visit.say(screens.ask_address(visit.t))


async def hear_code_address(visit: Visit, text: str) -> None:
    """The answer to it: a code goes there, and confirms it."""
    from bot.shopper.stepping import put  # it leads here

    address = read_address(text)
    challenge = await visit.note(enrolling.begin, Factor.CODE, address, masked(address))
    await visit.note(stop_asking)
    await put(visit, challenge, Factor.CODE)


async def remove(visit: Visit, factor: str) -> None:
    """Take one away. Raises ProofNeeded."""
    await visit.note(enrolling.remove, credential_id(visit.who, Factor(factor)))
    visit.house.poke()
    await security(visit)


# The way back


async def forgot(visit: Visit) -> None:
    """Begin a recovery. Raises ProofNeeded, RecoveryRuns."""
    try:
        await visit.note(recovering.begin)
    except NoWayBack:
        await visit.show(screens.no_way_back(visit.t))
        return
    visit.house.poke()
    await security(visit)


async def ask_shop(visit: Visit) -> None:
    """An admin is asked to check who they are: once a day."""
    await visit.note(_ask_shop)
    visit.house.poke()
    await visit.toast(visit.t.plain("The shop was asked. It will reach you by another way than this chat."), alert=True)


def _ask_shop(uow: UnitOfWork, shop: Shop, who: PersonId) -> None:
    now = shop.clock.now()
    for admin in sorted(shop.admins):
        tell(uow, now, admin, "recovery_wanted", str(int(who)), day=f"{now:%Y-%m-%d}")


async def stop_recovery(visit: Visit, recovery_id: str) -> None:
    """It was not them."""
    await visit.note(recovering.cancel, recovery_id)
    visit.house.poke()
    await security(visit)
