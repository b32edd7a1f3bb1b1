"""Around a step-up in the chat: what is confirmed is changed meanwhile, replayed, watched, or looked for on disk."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo import ROSA
from tests.attacks.ears import Ears
from tests.attacks.scene import at_rest
from tests.flows.driver import Chatter, labels
from tests.flows.keypad_help import has_pin, is_keypad, presses, shopper, to_review

pytestmark = pytest.mark.asyncio(loop_scope="module")


PIN = "8305729"  # one digit short of the longest, which would need no OK


async def guarded(town: Any) -> Chatter:
    """A shopper with a PIN so long that nothing else is by chance."""
    maya: Chatter = await shopper(town)
    await has_pin(maya, PIN)
    return maya


async def at_the_keypad(town: Any, maya: Chatter, title: str) -> tuple[str, str]:
    """Before the keypad of a purchase of €200: product and order."""
    product = await town.on_sale(title, "200.00 EUR", stock=9)
    await maya.press("✅", await to_review(maya, product))
    await maya.wait_for(is_keypad)
    (order,) = await town.look(lambda uow: uow.orders.find(shopper=maya.who, limit=1))
    return product, order.id


async def placed(town: Any, maya: Chatter) -> list[str]:
    await at_rest(town)
    found = await town.look(lambda uow: uow.orders.find(shopper=maya.who, limit=50))
    return [order.id for order in found if order.state not in ("draft", "cancelled")]


async def test_a_price_raised_while_the_buyer_enters_the_pin(town):
    """The seller waits for the keypad, and doubles the price: the PIN was for the other one."""
    maya, rosa = await guarded(town), town.chatter(ROSA)
    product, _ = await at_the_keypad(town, maya, "Dearer")
    await rosa.start(f"p_{product}")
    await rosa.press("Price", await rosa.wait_for("Dearer"))
    await rosa.wait_for("What does one cost?")
    await rosa.say("400 EUR")
    await rosa.wait_for("€400.00")
    await presses(maya, PIN)
    await maya.wait_for(lambda message: "has changed since you looked" in message["text"] or "€400" in message["text"])
    assert await placed(town, maya) == []


async def test_a_confirmation_given_and_taken_back(town):
    """The keypad is left open on one phone and cancelled on the other: its digits confirm nothing any more."""
    maya = await guarded(town)
    await at_the_keypad(town, maya, "Left")
    pad = next(one for one in reversed(await maya.messages()) if is_keypad(one))
    await presses(maya, PIN, ok=False)
    last = await maya.message(pad["message_id"])
    values = {key["label"]: key["value"] for line in last["keyboard"] for key in line}
    await maya.press("✖️", last)
    await at_rest(town)
    for label in ("OK", "1", "⌫"):
        if label in values:
            await maya.press_data(last, values[label])
    assert await placed(town, maya) == []


async def test_every_press_of_a_keypad_replayed(town):
    """Whoever recorded the taps of a whole step-up and sends them again, in their order, confirms nothing."""
    maya = await guarded(town)
    await at_the_keypad(town, maya, "Recorded")
    before = await town.seq()
    await presses(maya, PIN)
    await maya.card()
    first = await placed(town, maya)
    recorded = (await town.get(f"/sandbox/events?after={before}&timeout=0"))["events"]
    taps = [call["params"].get("reply_markup") for call in await town.calls(before, "editMessageText")]
    await at_the_keypad(town, maya, "Again")
    page = await maya.last()
    for markup in [*taps, *(event.get("message", {}).get("keyboard") for event in recorded)]:
        for data in _data(markup):
            answer = await maya.press_data(page, data)
            assert answer["answered"]
    assert await placed(town, maya) == first
    assert len(first) == 1


def _data(markup: Any) -> list[str]:
    """The button data in a keyboard, of the Bot API's shape or the sandbox's; those of keypads alone."""
    lines = markup.get("inline_keyboard", []) if isinstance(markup, dict) else markup or []
    keys = [key for line in lines for key in line]
    found = [str(key.get("callback_data") or key.get("value") or "") for key in keys]
    return [one for one in found if ".kp." in one]


async def test_a_pin_looked_for_on_the_disk_and_in_the_log(town, nothing_slips_into_the_log: Ears):
    """After it was set, used, mistaken and written into the chat: its digits are in no file of the shop, and no log."""
    maya = await guarded(town)
    await at_the_keypad(town, maya, "Searched")
    await maya.say(PIN)
    await maya.wait_for("I have deleted your message")
    await presses(maya, PIN[::-1])
    await maya.wait_for(lambda message: is_keypad(message) and "●" not in message["text"])
    await presses(maya, PIN)
    await maya.card()
    await at_rest(town)
    needles = (PIN.encode(), PIN[::-1].encode())
    for path in town.demo.data.rglob("*"):
        if path.is_file() and "telegram" not in path.parts and not path.name.startswith("bank"):
            held = path.read_bytes()
            assert not any(needle in held for needle in needles), path.name
    assert not [line for line in nothing_slips_into_the_log.lines if PIN in line or PIN[::-1] in line]
    for call in await town.calls(0):
        assert PIN not in str(call["params"]), "nor does the bot ever say it"


async def test_digits_on_a_screen_over_the_shoulder(town):
    """Nothing on the screen or in a screenshot tells the digits: dots alone, and keys that lie elsewhere each time."""
    maya = await guarded(town)
    await at_the_keypad(town, maya, "Watched")
    orders = set()
    for _ in range(4):
        await maya.press(PIN[0])
        await at_rest(town)
        pad = next(one for one in reversed(await maya.messages()) if is_keypad(one))
        assert PIN[0] not in pad["text"].replace("€200.00", "").partition("●")[2]
        orders.add(tuple(labels(pad)))
        await maya.press("⌫")
        await at_rest(town)
    assert await placed(town, maya) == []
    assert orders
