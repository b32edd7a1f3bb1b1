"""Telegram refuses, answers late or not at all, people block the bot: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import pytest
import pytest_asyncio

from bot.demo import ADMIN, ROSA
from tests.flows.driver import button, labels, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _no_fault_outlives_its_test(town):
    yield
    await town.ask("DELETE", "/sandbox/faults")


async def at_the_review(town, title, price="10.00 EUR"):
    nora = await town.newcomer()
    await nora.give_address()
    product = await town.on_sale(title, price)
    await nora.start(f"b_{product}")
    return nora, product, await nora.wait_for("Please check your order")


def cards(messages):
    """The messages that carry a payment code."""
    return [one for one in messages if "📋" in "".join(labels(one))]


@pytest.mark.parametrize(
    "fault",
    [
        {"code": 429, "retry_after": 1},
        {"code": 500},
        {"code": 502},
        {"drop": "before"},
    ],
    ids=["429", "500", "502", "cut before"],
)
@pytest.mark.parametrize("method", ["sendPhoto", "sendMessage", "editMessageMedia"])
async def test_what_telegram_refuses_once_reaches_the_person_all_the_same(town, fault, method):
    """From the confirmation to the receipt, with every kind of call failing at its first try."""
    nora, product, review = await at_the_review(town, "Refused once")
    await town.fault(method, chat_id=nora.who, times=1, **fault)
    await nora.press("Confirm", review)
    card = await nora.card()
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    receipt = await nora.message(card["message_id"])
    assert receipt["text"].startswith("✅ Paid") and not receipt["keyboard"]
    assert cards(await nora.messages()) == []
    assert sum("Your payment has arrived" in one["text"] for one in await nora.messages()) == 1
    assert await town.stock(product) == 4


@pytest.mark.parametrize("method", ["sendPhoto", "editMessageMedia", "answerCallbackQuery", "editMessageReplyMarkup"])
async def test_a_call_whose_answer_is_lost_makes_one_order_and_one_receipt(town, method):
    """The bot cannot know whether it was done, and does it again: painting a card twice in its place makes one."""
    nora, product, review = await at_the_review(town, "Lost answer")
    await town.fault(method, chat_id=None if method == "answerCallbackQuery" else nora.who, times=1, drop="after")
    await nora.press("Confirm", review)
    card = await nora.card()
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    assert await town.stock(product) == 4
    order = await town.look(lambda uow: uow.orders.find(shopper=nora.who))
    assert [one.state for one in order] == ["paid"]
    captures = [leg for leg in await town.legs(order[0].id) if leg.account.startswith("clearing")]
    assert len(captures) == 1
    assert cards(await nora.messages()) == []


async def test_updates_whose_answer_was_lost_are_handled_once(town):
    """getUpdates is done, its answer cut: Telegram gives the same updates again."""
    nora = await town.newcomer()
    product = await town.on_sale("Polled twice", "5.00 EUR", stock=9)
    await nora.start(f"p_{product}")
    card = await nora.wait_for("Polled twice")
    await town.fault("getUpdates", times=1, drop="after")
    await nora.say("/help")  # taken by the request that is under way: the next one is cut
    await nora.wait_for("What you can do here")
    await nora.press("Add to cart", card)
    await nora.wait_for(lambda message: "Cart (" in "".join(labels(message)))
    assert not (await town.get("/sandbox/faults"))["faults"]
    await nora.say("/cart")
    await nora.wait_for("1 × Polled twice")


async def test_a_button_whose_screen_fails_is_answered_in_words(town):
    """The screen could not be sent; the person must not be left with a button that did nothing."""
    nora = await town.newcomer()
    await nora.start()
    welcome = await nora.wait_for("Welcome")
    await town.fault("editMessageText", chat_id=nora.who, code=500, times=1)
    await nora.press("Cart", welcome)
    await nora.wait_for("Something went wrong on our side. Nothing is lost")
    await nora.press("Cart", welcome)
    await nora.wait_for("Your cart is empty")


async def test_a_toast_that_comes_too_late_is_said_as_a_message(town):
    """After a restart the button can no longer be answered; what it had to say is said all the same."""
    nora, _, review = await at_the_review(town, "Too late")
    await town.fault("answerCallbackQuery", code=400, times=1, description="Bad Request: query is too old")
    await nora.press("Confirm", review, patience=0)
    await nora.wait_for("is placed. Here comes your payment code.")
    await nora.card()


async def test_who_blocked_the_bot_is_served_again_when_they_come_back(town):
    nora, product, review = await at_the_review(town, "Blocked")
    await nora.press("Confirm", review)
    card = await nora.card()
    reading = await nora.scan(card)
    await town.post(f"/sandbox/people/{nora.who}/block")
    rosa, ada = town.chatter(ROSA), town.chatter(ADMIN)
    rosa.mark = await town.seq()
    await nora.pay(reading)
    await rosa.wait_for("Sold! Order")
    await town.until(lambda: nothing_waits(town), "the outbox is empty: nobody waits for somebody who is gone")
    await ada.say("/help")
    await ada.wait_for("What you can do here")
    await nora.start()
    await nora.say(f"/order {order_of(card)}")
    assert "paid" in (await nora.wait_for(f"Order {order_of(card)}"))["text"]
    assert await town.stock(product) == 4


async def nothing_waits(town):
    return await town.look(lambda uow: uow.outbox.waiting()) == 0


async def test_a_deleted_card_is_replaced_by_a_new_message_when_it_is_paid(town):
    nora, _, review = await at_the_review(town, "Deleted")
    await nora.press("Confirm", review)
    card = await nora.card()
    reading = await nora.scan(card)
    await town.ask(
        "POST", f"/bot{town.token}/deleteMessage", json={"chat_id": nora.who, "message_id": card["message_id"]}
    )
    await nora.pay(reading)
    receipt = await nora.wait_for("✅ Paid")
    assert receipt["message_id"] > card["message_id"]
    await nora.wait_for("Your payment has arrived")


async def test_the_bank_tells_it_again_until_the_shop_has_it(town):
    """The shop's door fails once: the bank's next try brings the money all the same."""
    nora, _, review = await at_the_review(town, "Told again")
    await nora.press("Confirm", review)
    reading = await nora.scan(await nora.card())
    shop_url = town.shop_url
    await town.post("/bank/config", merchant_url="http://127.0.0.1:9")
    await nora.pay(reading)

    async def tried():
        return [one for one in await town.bank_messages("camt054", reading["reference"]) if one["attempts"]]

    await town.until(tried)
    await town.post("/bank/config", merchant_url=shop_url)
    await town.skip(30)
    await nora.wait_for("Your payment has arrived")


async def test_a_busy_shop_answers_everybody(town):
    """Thirty people look around at once, while Telegram is slow for one of them."""
    people = [await town.newcomer(f"P{n}") for n in range(30)]
    await town.fault("sendMessage", chat_id=people[0].who, delay=1.0, times=1)
    for person in people:
        await person.start()
    for person in people:
        assert button(await person.wait_for("Welcome"), "See what is for sale")
