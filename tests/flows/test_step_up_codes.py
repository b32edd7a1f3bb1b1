"""Codes by SMS: enrolled, sent for a payment with its payee and amount, pressed on the keypad."""

from __future__ import annotations

import re

import pytest

from bot.wiring import codes_of
from core.risk.codes import Letter
from tests.flows.conftest import OpenDemo
from tests.flows.driver import Chatter
from tests.flows.keypad_help import LARGE, PIN, at_security, is_keypad, presses, shopper, to_keypad, with_pin

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Phone:
    """A gateway and the telephones behind it."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.works = True

    async def send(self, letter: Letter) -> bool:
        if self.works:
            self.letters.append(letter)
        return self.works

    def code(self) -> str:
        """The one that came last."""
        return re.search(r"\b\d{6}\b", self.letters[-1].text).group()  # type: ignore[union-attr]


@pytest.fixture
def phone(town: OpenDemo) -> Phone:
    phone = Phone()
    object.__setattr__(town.demo.shop.house, "codes", phone)
    return phone


async def enrols(maya: Chatter, phone: Phone, *, proves: bool = True) -> None:
    await at_security(maya, "Add an address for codes")
    if proves:
        await maya.wait_for(is_keypad)
        await presses(maya, PIN)
    await maya.wait_for("Where shall codes go")
    await maya.say("+49 151 23456789")
    await maya.wait_for(is_keypad)
    await presses(maya, phone.code(), ok=False)
    await maya.wait_for("…789")


async def test_a_code_confirms_a_payment_and_says_which(town: OpenDemo, phone: Phone) -> None:
    maya = await with_pin(town)
    await enrols(maya, phone)
    await to_keypad(maya, await town.on_sale("Loom", LARGE))
    await maya.press("By a code sent to me")
    await maya.wait_for("six digits")
    assert phone.letters[-1].to == "+4915123456789"
    text = phone.letters[-1].text
    assert "€200.00" in text and "Rosa" in text and re.search(r"order [0-9A-Z]{10}", text)
    await presses(maya, phone.code(), ok=False)
    card = await maya.card()
    assert "€200.00" in card["text"]
    assert phone.code() not in "".join(one["text"] for one in await maya.messages())


async def test_a_new_address_is_confirmed_by_its_own_code(town: OpenDemo, phone: Phone) -> None:
    maya = await shopper(town)
    await at_security(maya, "Add an address for codes")
    await maya.wait_for("Where shall codes go")
    await maya.say("not an address")
    await maya.wait_for("country code")
    await maya.say("maya@example.com")
    await maya.wait_for(is_keypad)
    wrong = f"{(int(phone.code()) + 1) % 10**6:06d}"
    await presses(maya, wrong, ok=False)
    await maya.wait_for("not right")
    await presses(maya, phone.code(), ok=False)
    await maya.wait_for("m…@example.com")


async def test_a_code_that_could_not_be_sent_is_told(town: OpenDemo, phone: Phone) -> None:
    maya = await with_pin(town)
    await enrols(maya, phone)
    await to_keypad(maya, await town.on_sale("Loom", LARGE))
    phone.works = False
    answer = await maya.press("By a code sent to me")
    assert "could not be sent" in answer["text"]
    await presses(maya, PIN)
    await maya.card()


async def test_another_code_voids_the_first_and_not_at_once(town: OpenDemo, phone: Phone) -> None:
    maya = await with_pin(town)
    await enrols(maya, phone)
    await to_keypad(maya, await town.on_sale("Loom", LARGE))
    await maya.press("By a code sent to me")
    await maya.wait_for("six digits")
    first = phone.code()
    assert "half a minute" in (await maya.press("Send another code"))["text"]
    await town.skip(31)
    await maya.press("Send another code")
    await town.until(lambda: _other(phone, first), "another code")
    await presses(maya, first, ok=False)
    await maya.wait_for("not right")
    await presses(maya, phone.code(), ok=False)
    await maya.card()


async def _other(phone: Phone, first: str) -> bool:
    return phone.code() != first


async def test_the_demos_own_gateway_rings_on_the_page(town: OpenDemo) -> None:
    object.__setattr__(town.demo.shop.house, "codes", codes_of(town.demo.shop.settings, town.demo.shop._session))
    maya = await shopper(town)
    await at_security(maya, "Add an address for codes")
    await maya.wait_for("Where shall codes go")
    await maya.say("+49 151 99999999")
    await maya.wait_for(is_keypad)
    letter = (await town.get("/sms/letters"))["letters"][0]
    assert (letter["channel"], letter["to"]) == ("sms", "+4915199999999")
    await presses(maya, re.search(r"\b\d{6}\b", letter["text"]).group(), ok=False)  # type: ignore[union-attr]
    await maya.wait_for("…999")
    status, _ = await town.ask("POST", "/sms/send", json=letter)
    assert status == 401, "nobody else's"
