"""A large purchase is confirmed on the keypad; and what happens to those who guess, replay, forget or write the PIN."""

from __future__ import annotations

import re

import pytest

from tests.flows.conftest import OpenDemo
from tests.flows.driver import button, decode, labels
from tests.flows.keypad_help import (
    LARGE,
    PIN,
    at_security,
    is_keypad,
    keypad,
    presses,
    sets_pin,
    shopper,
    to_keypad,
    with_pin,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_somebody_without_a_pin_is_led_to_set_one_and_pays(town: OpenDemo) -> None:
    maya = await shopper(town)
    asked = await to_keypad(maya, await town.on_sale("Loom", LARGE))
    assert "no payment PIN yet" in asked["text"]
    await sets_pin(maya)
    asked = await keypad(maya)
    assert "€200.00" in asked["text"]
    assert "Casa Rosa" in asked["text"]
    await presses(maya, PIN)
    card = await maya.card()
    assert "€200.00" in card["text"]
    assert not [one for one in await maya.messages() if is_keypad(one)], "the keypad is retired"


async def test_a_small_purchase_asks_for_nothing(town: OpenDemo) -> None:
    maya = await with_pin(town)
    await maya.buy(await town.on_sale("Spoon", "9 EUR"))


async def test_button_data_say_nothing_of_the_digit_and_work_once_for_their_owner(town: OpenDemo) -> None:
    maya = await with_pin(town)
    first = await to_keypad(maya, await town.on_sale("Loom", LARGE))
    data = {one["label"]: one["value"] for line in first["keyboard"] for one in line if one["label"].isdigit()}
    assert sorted(data) == list("0123456789")
    assert len(set(data.values())) == 10
    assert all(len(one.encode()) <= 64 for one in data.values())
    await presses(maya, "4", ok=False)
    replayed = await maya.press_data(await keypad(maya), data["4"])
    assert "works once" in replayed["text"]
    assert (await keypad(maya))["text"].count("●") == 1
    thief = await shopper(town)
    second = await keypad(maya)
    stolen = await thief.press_data(await thief.last(), button(second, "0")["value"])
    assert "not yours" in stolen["text"]


async def test_two_keypads_lie_differently(town: OpenDemo) -> None:
    maya = await with_pin(town)
    orders = set()
    for _ in range(4):
        await at_security(maya, "Change PIN")
        pad = await maya.wait_for(is_keypad)
        orders.add("".join(one for one in labels(pad) if one.isdigit()))
        await maya.press("Cancel")
        await maya.wait_for("Nothing was confirmed")
    assert len(orders) > 1


async def test_guessing_is_locked_and_told_and_nothing_is_placed(town: OpenDemo) -> None:
    maya = await with_pin(town)
    product = await town.on_sale("Loom", LARGE)
    await to_keypad(maya, product)
    for wrong in ("9999", "9998"):
        await presses(maya, wrong)
        await maya.wait_for("not right")
    await presses(maya, "9997")
    await maya.wait_for("locked until")
    await maya.wait_for("3 wrong tries")
    assert await town.stock(product) == 5
    await maya.press("Cancel")
    await maya.wait_for("Nothing was confirmed")
    await maya.press("Back to the order")
    await maya.press("✅")
    await maya.wait_for(is_keypad)
    await presses(maya, PIN)
    await maya.wait_for("too many wrong tries")
    assert await town.stock(product) == 5


async def test_a_pin_written_into_the_chat_is_deleted_and_counts_for_nothing(town: OpenDemo) -> None:
    maya = await with_pin(town)
    await to_keypad(maya, await town.on_sale("Loom", LARGE))
    await maya.say(PIN)
    await maya.wait_for("I have deleted your message")
    assert PIN not in [one["text"] for one in await maya.messages()]


async def test_cancelling_confirms_nothing_and_leads_back(town: OpenDemo) -> None:
    maya = await with_pin(town)
    product = await town.on_sale("Loom", LARGE)
    await to_keypad(maya, product)
    await maya.press("Cancel")
    await maya.wait_for("Nothing was confirmed")
    await maya.press("Back to the order")
    await maya.wait_for(lambda message: any(one.startswith("✅") for one in labels(message)))
    assert await town.stock(product) == 5


async def test_after_a_restart_the_keypad_is_asked_anew(town: OpenDemo) -> None:
    maya = await with_pin(town)
    await to_keypad(maya, await town.on_sale("Loom", LARGE))
    await presses(maya, "40", ok=False)
    town.demo.shop.house.keypads.close(maya.who)  # what a restart forgets
    await maya.press("7")
    asked = await maya.wait_for("Please begin again")
    assert asked["text"].count("●") == 0
    await presses(maya, PIN)
    await maya.card()


async def test_a_weak_pin_or_two_different_ones_are_not_set(town: OpenDemo) -> None:
    maya = await shopper(town)
    await at_security(maya, "Set a PIN")
    await maya.wait_for(is_keypad)
    await presses(maya, "1234")
    await maya.wait_for("easily guessed")
    await presses(maya, "4071")
    await maya.wait_for("once more")
    await presses(maya, "4072")
    await maya.wait_for("two different PINs")


async def test_an_authenticator_app_is_added_with_the_pin_and_pays(town: OpenDemo) -> None:
    from core.risk import totp

    maya = await with_pin(town)
    await at_security(maya, "Add an authenticator app")
    await maya.wait_for(is_keypad)
    await presses(maya, PIN)
    shown = await maya.wait_for(lambda message: message["kind"] == "photo")
    secret = re.sub(r"\s", "", re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", shown["text"]).group())  # type: ignore[union-attr]
    assert f"secret={secret}" in decode(await maya.picture(shown))[0]
    await maya.wait_for(is_keypad)
    await presses(maya, totp.code(secret, town.demo.clock.now()), ok=False)
    await maya.wait_for("authenticator app, since")
    assert shown["message_id"] not in [one["message_id"] for one in await maya.messages()], "the key has left the chat"
    await to_keypad(maya, await town.on_sale("Loom", LARGE))
    await maya.press("By authenticator app")
    await maya.wait_for("six digits")
    await town.skip(30)
    await presses(maya, totp.code(secret, town.demo.clock.now()), ok=False)
    await maya.card()


async def test_who_sets_a_pin_reads_all_of_it_in_one_message_beside_the_warning(town: OpenDemo) -> None:
    maya = await shopper(town)
    await at_security(maya, "Set a PIN")
    pad = await maya.wait_for(is_keypad)
    await presses(maya, PIN)
    await maya.wait_for("once more")
    await presses(maya, PIN)
    await maya.wait_for("was set or changed")
    news = [one for one in await maya.messages() if one["out"] and one["message_id"] >= pad["message_id"]]
    assert len(news) == 2, [one["text"] for one in news]
    assert "PIN is set" in news[0]["text"] and "Your recovery code" in news[0]["text"]
    assert "If that was not you" in news[1]["text"]


async def test_a_forgotten_pin_comes_back_slowly_and_can_be_stopped(town: OpenDemo) -> None:
    maya = await shopper(town)
    await at_security(maya, "Set a PIN")
    await maya.wait_for(is_keypad)
    await presses(maya, PIN)
    await maya.wait_for("once more")
    await presses(maya, PIN)
    paper = await maya.wait_for("Your recovery code")
    code = re.search(r"\d{4} \d{4} \d{4}", paper["text"]).group().replace(" ", "")  # type: ignore[union-attr]
    await maya.press("written it down")
    await at_security(maya, "I forgot my PIN")
    await maya.wait_for("twelve digits")
    await presses(maya, code, ok=False)
    await maya.wait_for("A recovery has begun")
    await maya.press("Stop the recovery")
    await maya.wait_for("The recovery was stopped")
