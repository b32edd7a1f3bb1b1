"""One-tap pay in the chat: from a product's page to its payment card by one press."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.money import parse_price
from tests.flows.driver import GROUP, button, labels, order_of
from tests.flows.keypad_help import LARGE, PIN, has_pin, keypad, presses, with_pin

pytestmark = pytest.mark.asyncio(loop_scope="module")

TAP = "👆"


async def regular(town):
    """Somebody who has an address and has paid an order by SEPA."""
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("First", "5.00 EUR"), "SEPA")
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    return nora


def reprice(uow, product, price):
    """Its seller asks for another price."""
    uow.products.save(replace(uow.products.need(product), price=parse_price(price)))


async def test_a_known_shopper_has_the_payment_card_by_one_tap(town):
    nora = await regular(town)
    product = await town.on_sale("Second", "19.90 EUR")
    await nora.start(f"p_{product}")
    page = await nora.wait_for("Second")
    assert labels(page)[0] == "👆 Pay at once: €19.90 by SEPA"
    nora.taps = 0
    answer = await nora.press(TAP, page)
    card = await nora.card()
    assert nora.taps == 1 and "is placed" in answer["text"]
    reading = await nora.scan(card)
    assert reading["amount"] == "19.90" and reading["payable"]
    assert not [one for one in labels(await nora.message(page["message_id"])) if TAP in one]
    assert labels(await nora.message(page["message_id"])), "the page is still a page"


async def test_a_double_tap_buys_once(town):
    nora = await regular(town)
    product = await town.on_sale("Twice", "19.90 EUR")
    await nora.start(f"p_{product}")
    page = await nora.wait_for("Twice")
    data = button(page, TAP)["value"]
    await nora.press(TAP, page)
    order = order_of(await nora.card())
    answer = await nora.press_data(page, data)
    assert order in answer["text"]
    assert await town.stock(product) == 4


async def test_a_price_that_has_moved_is_reviewed_and_not_charged(town):
    nora = await regular(town)
    product = await town.on_sale("Moves", "19.90 EUR")
    await nora.start(f"p_{product}")
    page = await nora.wait_for("Moves")
    await town.demo.shop.store.write(reprice, product, "20.90 EUR")
    answer = await nora.press(TAP, page)
    assert "changed" in answer["text"]
    review = await nora.wait_for("Please check your order")
    assert "€20.90" in review["text"]
    assert await town.stock(product) == 5


async def test_who_is_new_or_has_switched_it_off_sees_no_such_button(town):
    product = await town.on_sale("Off", "19.90 EUR")
    mia, nora = await town.newcomer("Mia"), await regular(town)
    await mia.give_address()
    await mia.start(f"p_{product}")
    assert TAP not in "".join(labels(await mia.wait_for("Off")))
    await nora.say("/quickpay")
    await nora.wait_for("One-tap pay is on")
    await nora.press("Switch it off")
    await nora.wait_for("One-tap pay is off")
    await nora.start(f"p_{product}")
    assert TAP not in "".join(labels(await nora.wait_for("Off")))
    await nora.say("/quickpay")
    await nora.press("by PIX")
    await nora.wait_for("is on, by PIX")
    await nora.start(f"p_{product}")
    assert "by PIX" in labels(await nora.wait_for("Off"))[0]


async def test_a_card_in_a_group_never_pays_by_one_tap(town):
    nora = await regular(town)
    product = await town.on_sale("In the group", "19.90 EUR")
    found = await nora.inline(product)
    posted = await nora.choose(found, 0, GROUP)
    assert labels(posted) and TAP not in "".join(labels(posted))
    page = await nora.start(f"p_{product}") or await nora.wait_for("In the group")
    data = button(page, TAP)["value"]
    assert "not yours" in (await town.chatter(5004).press_data(posted, data))["text"]


async def test_a_large_payment_by_one_tap_is_confirmed_first_and_then_goes_on_by_itself(town):
    nora = await regular(town)
    await has_pin(nora)
    product = await town.on_sale("Dear", LARGE)
    await nora.start(f"p_{product}")
    page = await nora.wait_for("Dear")
    await nora.press(TAP, page)
    asked = await keypad(nora)
    assert "€200.00" in asked["text"] and "Your phrase:" in asked["text"]
    assert await town.stock(product) == 5, "nothing is taken before it is proved"
    await presses(nora, PIN)
    reading = await nora.scan(await nora.card())
    assert reading["amount"] == "200.00"
    assert await town.stock(product) == 4


async def test_who_has_a_pin_confirms_before_the_safety_phrase_is_another(town):
    nora = await with_pin(town)
    await nora.say("/phrase")
    before = (await nora.wait_for("safety phrase"))["text"].split("\n\n")[1]
    await nora.press("🎲")
    assert before in (await keypad(nora))["text"]
    await presses(nora, PIN)
    page = await nora.wait_for("Your safety phrase")
    assert page["text"].split("\n\n")[1] != before
