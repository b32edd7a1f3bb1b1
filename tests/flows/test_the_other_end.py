"""The person at the other end: what must not be written, words that prove a card, names that imitate, one-tap pay."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize("words", [f"take my card {CARD}", "my PIN is 4711", "4711"])
async def test_a_secret_typed_in_the_chat_is_deleted_and_in_no_log(town, caplog, words):
    nora = await town.newcomer()
    await nora.start()
    await nora.wait_for("Welcome")
    sent = await nora.say(words)
    told = await nora.wait_for("🛑")
    assert "kept nothing" in told["text"]
    assert sent["message_id"] not in [one["message_id"] for one in await nora.messages() if not one.get("deleted")]
    assert "4111" not in caplog.text and "4711" not in caplog.text


async def test_a_secret_edited_into_an_old_message_is_deleted_too(town):
    nora = await town.newcomer()
    sent = await nora.say("hello")
    await nora.wait_for("Welcome")
    await nora._do("edit", message_id=sent["message_id"], text=CARD)
    await nora.wait_for("🛑")
    assert sent["message_id"] not in [one["message_id"] for one in await nora.messages() if not one.get("deleted")]


async def test_an_iban_may_be_written(town):
    nora = await town.newcomer()
    await nora.say("DE89 3704 0044 0532 0130 00")
    await nora.wait_for("Welcome")


async def test_each_payment_card_shows_words_that_only_this_shopper_and_the_shop_know(town):
    nora, mia = await town.newcomer(), await town.newcomer("Mia")
    phrases = []
    for person in (nora, mia):
        await person.start()
        await person.wait_for("Welcome")
        await person.say("/phrase")
        page = await person.wait_for("safety phrase")
        phrases.append(page["text"].split("\n\n")[1])
    assert phrases[0] != phrases[1] and all(len(phrase.split()) == 3 for phrase in phrases)
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Known", "10.00 EUR"), "SEPA")
    assert f"Your phrase: {phrases[0]}. No phrase, not from us." in card["text"]
    person = await town.look(lambda uow: uow.people.need(nora.who))
    assert person.phrase == phrases[0]


async def test_other_words_stand_on_the_next_card(town):
    nora = await town.newcomer()
    await nora.give_address()
    await nora.say("/phrase")
    before = (await nora.wait_for("safety phrase"))["text"]
    await nora.press("🎲")
    after = await nora.wait_for(lambda message: "safety phrase" in message["text"] and message["text"] != before)
    assert after["text"].split("\n\n")[1] != before.split("\n\n")[1]
    await nora.press("✍️ My own words")
    await nora.wait_for("Which words")
    await nora.say("42")
    await nora.wait_for("one line of")
    await nora.say("blue  elephant")
    await nora.wait_for("blue elephant")
    card = await nora.buy(await town.on_sale("Own words", "10.00 EUR"), "SEPA")
    assert re.search("Your phrase: blue elephant", card["text"])
