"""Passkeys on the step-up page, by Chromium's virtual authenticator: each signature counts for one challenge, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from core.risk.credentials import Credential
from core.risk.factors import Factor
from core.risk.passkeys import passkeys
from tests.builders import LIN, MAYA
from tests.flows.page_help import Screen, chromium
from tests.flows.stepup_help import PIN, Counter, counter

FINGER = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Counter]:
    async with counter() as opened:
        yield opened


class Phone:
    """A browser with a sensor for fingers."""

    def __init__(self, page: Page, sensor: Any, name: str) -> None:
        self.page, self._sensor, self._name = page, sensor, name
        self.screen = Screen(page)

    @classmethod
    async def new(cls, browser: Browser, **finger: Any) -> Phone:
        context = await browser.new_context(viewport={"width": 390, "height": 720})
        context.set_default_timeout(10_000)
        page = await context.new_page()
        sensor = await context.new_cdp_session(page)
        await sensor.send("WebAuthn.enable")
        made = await sensor.send("WebAuthn.addVirtualAuthenticator", {"options": {**FINGER, **finger}})
        return cls(page, sensor, made["authenticatorId"])

    async def finger(self, right: bool) -> None:
        """Whose finger lies on the sensor."""
        await self._sensor.send("WebAuthn.setUserVerified", {"authenticatorId": self._name, "isUserVerified": right})

    async def keys(self) -> list[dict[str, Any]]:
        """The passkeys in it."""
        found = await self._sensor.send("WebAuthn.getCredentials", {"authenticatorId": self._name})
        return list(found["credentials"])

    async def copy_to(self, other: Phone, count: int) -> None:
        """What a thief of the secret key does."""
        [key] = await self.keys()
        await other._sensor.send(
            "WebAuthn.addCredential",
            {"authenticatorId": other._name, "credential": {**key, "signCount": count}},
        )

    async def open(self, url: str) -> None:
        await self.page.goto("about:blank")
        await self.page.goto(url)
        await self.page.wait_for_selector("[data-ready]")

    async def sign(self, options: dict[str, Any]) -> Any:
        """A signature made by hand, on whatever page stands in the browser."""
        return await self.page.evaluate(
            "async (options) => (await import('./passkey.js')).usePasskey(options)", options
        )


async def enrols(phone: Phone, desk: Counter) -> Credential:
    """Maya adds a passkey on the page, as the first of her factors."""
    await phone.open(desk.url())
    await phone.screen.at("set-passkey").click()
    await expect(phone.screen.at("says")).to_have_text("Saved.")
    [key] = await desk.store.read(passkeys, MAYA)
    desk.clock.let_pass(days=3)
    return key


async def options_of(desk: Counter, challenge: str) -> dict[str, Any]:
    _, told = await desk.ask("look", challenge=challenge)
    found: dict[str, Any] = told["challenge"]["passkey"]
    return found


async def test_a_passkey_is_added_and_confirms_a_payment(browser: Browser, desk: Counter) -> None:
    phone = await Phone.new(browser)
    key = await enrols(phone, desk)
    assert key.stands
    assert "Chrome" in key.label
    asked = desk.to_pay()
    await phone.open(desk.url(asked.id))
    await expect(phone.screen.at("amount")).to_have_text("€160.00")
    await phone.screen.at("passkey").click()
    await expect(phone.screen.at("end")).to_contain_text("Confirmed")
    passed = desk.challenge(asked.id)
    assert passed.done == (Factor.PASSKEY,)
    assert passed.proves(desk.clock.now())
    [after] = await desk.store.read(passkeys, MAYA)
    assert after.last > key.last
    assert phone.screen.problems == []


async def test_a_signature_counts_for_its_own_challenge_and_once(browser: Browser, desk: Counter) -> None:
    phone = await Phone.new(browser)
    await enrols(phone, desk)
    small, large = desk.to_pay(amount="160.00", order="A"), desk.to_pay(amount="499.00", order="B")
    signed = await phone.sign(await options_of(desk, small.id))
    status, told = await desk.ask("prove", challenge=large.id, factor="passkey", credential=signed)
    assert status == 422
    assert not desk.challenge(large.id).done
    assert (await desk.ask("prove", challenge=small.id, factor="passkey", credential=signed))[0] == 200
    status, _ = await desk.ask("prove", challenge=small.id, factor="passkey", credential=signed)
    assert status in (410, 422)
    assert not desk.challenge(large.id).done
    assert told["says"]


async def test_a_signature_made_on_another_origin_is_refused(browser: Browser, desk: Counter) -> None:
    phone = await Phone.new(browser)
    await enrols(phone, desk)
    asked = desk.to_pay()
    options = await options_of(desk, asked.id)
    async with counter() as imitation:  # the same name, another port: the same passkeys, another origin
        await phone.open(imitation.url())
        assert imitation.site != desk.site
        signed = await phone.sign(options)
    status, _ = await desk.ask("prove", challenge=asked.id, factor="passkey", credential=signed)
    assert status == 422
    assert not desk.challenge(asked.id).done


async def test_without_the_right_finger_nothing_is_signed(browser: Browser, desk: Counter) -> None:
    phone = await Phone.new(browser)
    await enrols(phone, desk)
    asked = desk.to_pay()
    await phone.finger(False)
    await phone.open(desk.url(asked.id))
    await phone.screen.at("passkey").click()
    await expect(phone.screen.at("says")).to_contain_text("not used")
    # A page that were not ours could ask for less than a finger: what is signed then says so, and does not count.
    weak = {**await options_of(desk, asked.id), "userVerification": "discouraged"}
    signed = await phone.sign(weak)
    status, _ = await desk.ask("prove", challenge=asked.id, factor="passkey", credential=signed)
    assert status == 422
    assert not desk.challenge(asked.id).done


async def test_the_passkey_of_somebody_else_confirms_nothing(browser: Browser, desk: Counter) -> None:
    phone = await Phone.new(browser)
    await enrols(phone, desk)
    await desk.has_pin(LIN)
    theirs = desk.to_pay(LIN)
    mine = desk.to_pay()
    options = {**await options_of(desk, mine.id), "challenge": _b64(desk, theirs)}
    signed = await phone.sign(options)
    status, _ = await desk.ask("prove", LIN, challenge=theirs.id, factor="passkey", credential=signed)
    assert status in (410, 422)
    assert not desk.challenge(theirs.id).done


def _b64(desk: Counter, challenge: Any) -> str:
    from fido2.utils import websafe_encode

    from bot.web.webauthn import Passkeys

    return websafe_encode(Passkeys(desk.site, "Sampan", b"p" * 32).to_sign(challenge))


async def test_a_copied_passkey_is_refused_and_its_owner_is_told(browser: Browser, desk: Counter) -> None:
    phone = await Phone.new(browser)
    key = await enrols(phone, desk)
    for order in "AB":
        asked = desk.to_pay(order=order)
        await phone.open(desk.url(asked.id))
        await phone.screen.at("passkey").click()
        await expect(phone.screen.at("end")).to_contain_text("Confirmed")
    thief = await Phone.new(browser)
    await phone.copy_to(thief, count=key.last)
    asked = desk.to_pay(order="C")
    await thief.open(desk.url(asked.id))
    await thief.screen.at("passkey").click()
    await expect(thief.screen.at("says")).to_contain_text("did not confirm")
    assert not desk.challenge(asked.id).done
    assert len(desk.told("passkey_copied")) == 1


async def test_another_passkey_is_added_only_after_a_confirmation(browser: Browser, desk: Counter) -> None:
    await desk.has_pin()
    phone = await Phone.new(browser)
    await phone.open(desk.url())
    await phone.screen.at("set-passkey").click()
    await expect(phone.screen.at("dots")).to_be_visible()
    for digit in PIN:
        await phone.screen.at(f"pin-{digit}").click()
    await phone.screen.at("pin-ok").click()
    await expect(phone.screen.at("says")).to_have_text("Saved.")
    assert len(await desk.store.read(passkeys, MAYA)) == 1
    await phone.screen.at("remove").click()
    await phone.screen.at("passkey").click()
    await expect(phone.screen.at("set-passkey")).to_be_visible()
    assert await desk.store.read(passkeys, MAYA) == []


async def test_a_view_without_passkeys_offers_the_pin_and_the_browser(browser: Browser, desk: Counter) -> None:
    phone = await Phone.new(browser)
    await enrols(phone, desk)
    await desk.has_pin()
    asked = desk.to_pay()
    await phone.page.add_init_script("delete window.PublicKeyCredential")
    await phone.open(desk.url(asked.id))
    await expect(phone.screen.at("dots")).to_be_visible()
    await phone.screen.at("way-passkey").click()
    await expect(phone.screen.at("outside")).to_be_visible()
