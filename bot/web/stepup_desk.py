"""What the step-up page can ask for, once it is known who asks: each a verb of core, its answer as plain values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import qrcode

from bot.digits import guess, keep_pin
from bot.screens.devices import name_of
from bot.web import stepup_view as view
from bot.web.webauthn import BadPasskey, Passkeys
from bot.words import Words
from core.errors import Gone
from core.ids import PersonId
from core.people import Person
from core.ports import Store, UnitOfWork
from core.risk import devices, enrolling, passkeys, pin, totp
from core.risk.challenge import Challenge
from core.risk.device import Device, PageFacts, digest_of
from core.risk.factors import Factor
from core.risk.proofs import credentials
from core.risk.stepping import ChallengeOver, ProofNeeded, Tried, cancel, mine, open_
from core.shop.context import Shop
from core.shop.notices import tell

Json = dict[str, Any]
SendCode = Callable[[PersonId, str, Words], Awaitable[None]]  # a code for a challenge goes out; raises core’s refusals

_LONGEST_NAME = 2000  # characters of a credential's key: WebAuthn ids have up to 1,023 bytes


class Malformed(Exception):
    """Not a request that the page makes. Its message names the field, never what was in it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, in which words they are answered, and from what browser."""

    person: Person
    t: Words
    facts: PageFacts

    @property
    def who(self) -> PersonId:
        return self.person.id


class Desk:
    """The verbs of the page. `key` makes device digests; `passkeys` is None where the address has no domain."""

    def __init__(
        self,
        store: Store,
        shop: Shop,
        *,
        passkeys: Passkeys | None,
        device_key: bytes,
        poke: Callable[[], None],
        send_code: SendCode | None = None,
    ) -> None:
        self._store, self._shop, self._passkeys = store, shop, passkeys
        self._key, self._poke, self._send_code = device_key, poke, send_code
        self.verbs: dict[str, Callable[[Caller, Json], Awaitable[Json]]] = {
            "look": self.look,
            "prove": self.prove,
            "send": self.send,
            "cancel": self.cancel,
            "pin": self.set_pin,
            "totp": self.add_totp,
            "passkey": self.add_passkey,
            "passkey-made": self.keep_passkey,
            "remove": self.remove,
            "disown": self.disown,
        }

    # Looking

    async def look(self, caller: Caller, body: Json) -> Json:
        """The page opens: words, and the challenge it was opened for, or else everything that is enrolled."""
        shown: Json = {"words": view.words(caller.t), "pin": view.pin_bounds(self._shop.policy.risk.pin_least)}
        name = text(body, "challenge", 40, least=0)
        await self._store.read(devices.refuse_locked, self._key, caller.who, caller.facts)
        if not name:
            return shown | {"security": await self._security(caller)}
        challenge = await self._store.read(mine, caller.who, name)
        if not challenge.is_open(self._shop.clock.now()):
            raise Gone
        return shown | {"challenge": await self._shown(caller, challenge)}

    async def _security(self, caller: Caller) -> Json:
        held = await self._store.read(credentials, caller.who)
        found = await self._store.read(lambda uow: uow.devices.find(person=caller.who, limit=devices.MOST_SHOWN))
        here = digest_of(self._key, caller.who, caller.facts)
        shown = view.security(caller.t, held, passkeys=self._passkeys is not None)
        return shown | {"devices": [view.device(caller.t, one, here=one.digest == here) for one in found]}

    async def _shown(self, caller: Caller, challenge: Challenge) -> Json:
        held = await self._store.read(credentials, caller.who)
        keys = [one for one in held if one.factor is Factor.PASSKEY]
        options = None
        if self._passkeys and keys and Factor.PASSKEY in challenge.asked:
            options = self._passkeys.request(challenge, keys)
        return view.challenge(caller.t, challenge, caller.person, self._shop.name, held, options)

    # Proving

    async def prove(self, caller: Caller, body: Json) -> Json:
        """A guess, or a passkey's signature, for one challenge."""
        name, factor = text(body, "challenge", 40), _factor(body)
        device, is_new = await self._see(caller)
        if factor is Factor.PASSKEY:
            tried = await self._signed(caller, name, body, device)
        else:
            tried = await guess(self._store, self._shop, caller.who, name, factor, text(body, "guess", 40), device.id)
        self._poke()
        challenge = tried.challenge
        if not tried.right:
            if factor is Factor.PASSKEY:
                raise BadPasskey
            return {"state": "wrong", "says": view.wrong(caller.t, tried.left, tried.until)}
        if challenge.passed_at is None:
            return {"state": "more", "challenge": await self._shown(caller, challenge)}
        is_enrolling = challenge.purpose == enrolling.purpose_of(Factor.TOTP)
        if not (is_new or is_enrolling):  # else another message, about the device or the factor, tells of it already
            await self._store.write(_confirmed_on, self._shop, caller.who, challenge.id)
        if is_enrolling:
            with suppress(ChallengeOver):  # the chat was quicker
                await self._store.write(enrolling.confirm, self._shop, caller.who, challenge.id)
            self._poke()
        return {"state": "passed"}

    async def _signed(self, caller: Caller, name: str, body: Json, device: Device) -> Tried:
        if self._passkeys is None:
            raise Gone
        challenge = await self._store.read(mine, caller.who, name)
        known = await self._store.read(passkeys.passkeys, caller.who)
        key, count = self._passkeys.signed(challenge, known, _mapping(body, "credential"))
        return await self._store.write(
            passkeys.signed, self._shop, caller.who, name, name=key, count=count, device=device.id
        )

    async def send(self, caller: Caller, body: Json) -> Json:
        """A code by SMS or mail."""
        if self._send_code is None:
            raise Gone
        name = text(body, "challenge", 40)
        await self._send_code(caller.who, name, caller.t)
        return {"challenge": await self._shown(caller, await self._store.read(mine, caller.who, name))}

    async def cancel(self, caller: Caller, body: Json) -> Json:
        """They do not want it."""
        await self._store.write(cancel, self._shop, caller.who, text(body, "challenge", 40))
        self._poke()
        return {"state": "cancelled"}

    # Enrolling

    async def set_pin(self, caller: Caller, body: Json) -> Json:
        """Set or change the PIN. Without one in the body: ask first what has to be proved."""
        store, shop, who = self._store, self._shop, caller.who
        try:
            await store.read(pin.may_set, shop, who)
            if "pin" not in body:
                return {"state": "ready"}
            digits = text(body, "pin", 40)
            pin.check(digits, shop.policy.risk.pin_least)
            device, _ = await self._see(caller)
            paper = await keep_pin(store, shop, who, digits, device.id)
        except ProofNeeded as needed:
            return await self._ask(caller, needed)
        self._poke()
        return {"state": "done", "paper": " ".join(paper[at : at + 4] for at in range(0, len(paper), 4))}

    async def add_totp(self, caller: Caller, body: Json) -> Json:
        """A secret for an authenticator app, and the challenge that its first code answers."""
        secret = totp.new_secret()
        try:
            challenge = await self._store.write(
                enrolling.begin, self._shop, caller.who, Factor.TOTP, secret, caller.t.plain("Authenticator app")
            )
        except ProofNeeded as needed:
            return await self._ask(caller, needed)
        issuer = self._shop.name
        label = quote(f"{issuer}:{caller.person.name}", safe=":")
        uri = f"otpauth://totp/{label}?" + urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
        return {
            "state": "ready",
            "challenge": await self._shown(caller, challenge),
            "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
            "uri": uri,
            "qr": _modules(uri),
        }

    async def add_passkey(self, caller: Caller, body: Json) -> Json:
        """Options for a new passkey."""
        if self._passkeys is None:
            raise Gone
        try:
            challenge = await self._store.write(passkeys.begin, self._shop, caller.who)
        except ProofNeeded as needed:
            return await self._ask(caller, needed)
        known = await self._store.read(passkeys.passkeys, caller.who)
        options = self._passkeys.creation(challenge, caller.who, caller.t.show(caller.person.name), known)
        return {"state": "ready", "challenge": {"id": challenge.id}, "options": options}

    async def keep_passkey(self, caller: Caller, body: Json) -> Json:
        """The browser has made it."""
        if self._passkeys is None:
            raise Gone
        name = text(body, "challenge", 40)
        made = self._passkeys.created(await self._store.read(mine, caller.who, name), _mapping(body, "credential"))
        device, _ = await self._see(caller)
        label = name_of(caller.t, device)
        await self._store.write(
            passkeys.keep, self._shop, caller.who, name,
            name=made.name, secret=made.secret, count=made.count, label=label, device=device.id,
        )  # fmt: skip
        self._poke()
        return {"state": "done"}

    async def remove(self, caller: Caller, body: Json) -> Json:
        """Take a factor away."""
        try:
            await self._store.write(enrolling.remove, self._shop, caller.who, text(body, "name", _LONGEST_NAME))
        except ProofNeeded as needed:
            return await self._ask(caller, needed)
        self._poke()
        return {"state": "done"}

    async def _ask(self, caller: Caller, needed: ProofNeeded) -> Json:
        """Something is to be proved first: the page shows this challenge, and asks again once it is passed."""
        challenge = await self._store.write(
            open_, self._shop, caller.who, needed.purpose, needed.bound,
            needed=needed.needed, asked=needed.asked, order=needed.order, amount=needed.amount, payee=needed.payee,
        )  # fmt: skip
        return {"state": "ask", "challenge": await self._shown(caller, challenge)}

    async def disown(self, caller: Caller, body: Json) -> Json:
        """A device that is not theirs."""
        await self._store.write(devices.disown, self._shop, caller.who, text(body, "device", 64))
        self._poke()
        return {"state": "done"}

    async def _see(self, caller: Caller) -> tuple[Device, bool]:
        """Note the device, and whether its owner is told that it is new. Raises LockedDevice."""
        return await self._store.write(_see, self._shop, self._key, caller.who, caller.facts)


def _see(uow: UnitOfWork, shop: Shop, key: bytes, who: PersonId, facts: PageFacts) -> tuple[Device, bool]:
    """The device, and word of it to its owner when it is new."""
    device, is_new = devices.see(uow, shop, key, who, facts)
    if is_new:
        tell(uow, shop.clock.now(), who, "new_device", device.digest)
    return device, is_new


def _confirmed_on(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str) -> None:
    tell(uow, shop.clock.now(), who, "confirmed_on", challenge_id)


def _modules(content: str) -> list[str]:
    """A QR code as rows of "1" (dark) and "0", without its quiet zone."""
    code = qrcode.QRCode(border=0, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(content)
    return ["".join("1" if dark else "0" for dark in row) for row in code.get_matrix()]


def text(body: Json, name: str, most: int, *, least: int = 1) -> str:
    """A field that is text. Raises Malformed."""
    found = body.get(name, "" if not least else None)
    if not isinstance(found, str) or not least <= len(found) <= most:
        raise Malformed(name)
    return found


def _factor(body: Json) -> Factor:
    try:
        return Factor(text(body, "factor", 20))
    except ValueError:
        raise Malformed("factor") from None


def _mapping(body: Json, name: str) -> Json:
    found = body.get(name)
    if not isinstance(found, dict):
        raise Malformed(name)
    return found
