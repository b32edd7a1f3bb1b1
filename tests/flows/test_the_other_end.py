"""The person at the other end: what must not be written, words that prove a card, names that imitate, one-tap pay."""

from __future__ import annotations

import io
import re

import pytest
import pytest_asyncio
import segno
from stdnum import iban

from bot.demo import ADMIN, ROSA
from tests.flows.driver import GROUP

pytestmark = pytest.mark.asyncio(loop_scope="module")

CARD = "4111 1111 1111 1111"


def a_code(payload):
    """A picture with a QR code of somebody else's making."""
    out = io.BytesIO()
    segno.make(payload, error="m").save(out, kind="png", scale=8)
    return out.getvalue()


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


@pytest_asyncio.fixture(loop_scope="module")
async def calm(town):
    """An hour in which nobody was warned of: a group hears only so many warnings in one."""
    await town.skip(3601)
    return town


async def warned(town, writer, text):
    """What the bot answers in the group to a message, or None once the bot has shown that it read on."""
    writer.mark = await town.seq()
    sent = await writer.say(text, GROUP)
    await writer.say("/start")  # one person's messages are answered in their order
    await writer.wait_for("Welcome")
    for message in await writer.messages(GROUP):
        if message["out"] and message.get("reply_to") == sent["message_id"]:
            return message
    return None


@pytest.mark.parametrize("name", ["Sampan Dеmо Shор", "Sampan Demo Shop Support", "Casa R0sa", "西湖小铺", "西湖小鋪"])
async def test_a_group_is_warned_of_who_passes_for_the_shop_or_a_seller(calm, name):
    town = calm
    eve, ada = await town.newcomer(name), town.chatter(ADMIN)
    ada.mark = await town.seq()
    await eve.say("Pay me here, it is cheaper", GROUP)
    warning = await eve.wait_for("🚨", GROUP)
    assert "Careful" in warning["text"] and "小心" in warning["text"]
    assert "t.me/c/1000000001/" in (await ada.wait_for("passes for"))["text"]


@pytest.mark.parametrize(
    "text",
    [
        "new bot: @sampan_b0t",
        "https://t.me/sampan_bot_help",
        "please pay to DE89 3704 0044 0532 0130 00",
        "BCD\n002\n1\nSCT\n\nSampan Demo Shop\nDE89370400440532013000\nEUR10.00",
    ],
)
async def test_a_group_is_warned_of_look_alike_bots_and_of_codes_and_accounts_that_are_not_the_shops(calm, text):
    town = calm
    eve = await town.newcomer("Eve")
    await eve.say(text, GROUP)
    assert "@sampan_bot" in (await eve.wait_for("🚨", GROUP))["text"]


async def test_a_forged_code_in_a_picture_is_seen_in_the_group(calm):
    town = calm
    eve = await town.newcomer("Eve")
    forged = "BCD\n002\n1\nSCT\n\nSampan Demo Shop\nDE89370400440532013000\nEUR10.00"
    await eve.send(a_code(forged), "photo.jpg", "image/jpeg", kind="photo", chat_id=str(GROUP))
    assert "do not pay this code" in (await eve.wait_for("🚨", GROUP))["text"]


async def test_a_group_hears_each_warning_once(calm):
    town = calm
    eve = await town.newcomer("Sampan Demo Shop")
    await eve.say("one", GROUP)
    await eve.wait_for("🚨", GROUP)
    assert await warned(town, eve, "two") is None


def an_account(number):
    """A German account that is not the shop's."""
    digits = f"37040044{number:010d}"
    return f"DE{iban.calc_check_digits('DE00' + digits)}{digits}"


async def test_throwaway_messages_of_one_sender_hide_neither_what_they_write_next_nor_another_forger(calm):
    town = calm
    eve, eva = await town.newcomer("Eve"), await town.newcomer("Eva")
    heard = [await warned(town, eve, f"pay to {an_account(n)}") for n in range(1, 7)]
    assert [one is not None for one in heard] == [True] * 4 + [False] * 2
    assert "say no more for now" in heard[3]["text"] and "暂时不再" in heard[3]["text"]
    assert "say no more" not in heard[2]["text"]
    assert await warned(town, eva, f"pay to {an_account(1)}")


async def test_however_many_a_group_was_warned_of_the_next_forger_is_warned_of_too(calm):
    town = calm
    for n in range(5):
        eve = await town.newcomer("Eve")
        heard = [await warned(town, eve, f"pay to {an_account(m)}") for m in range(3 * n + 1, 3 * n + 5)]
        assert heard[0], "the first of each"
    assert heard[1:] == [None] * 3, "but not every one of those warned of before"


async def test_people_talking_in_a_group_are_left_alone_and_not_written_down(calm):
    town = calm
    mia = await town.newcomer("Mia")
    harmless = ("hello all", "the tea of @sampan_bot is good", "see https://t.me/sampan_bot?start=shop", "2026")
    said = [(await mia.say(text, GROUP))["message_id"] for text in harmless]
    await mia.say("no, @sampan_b0t", GROUP)  # one person's messages are answered in their order
    await mia.wait_for("🚨", GROUP)
    assert not [one for one in await mia.messages(GROUP) if one["reply_to"] in said]
    assert await town.look(lambda uow: uow.people.get(mia.who)) is None


async def test_the_sellers_and_the_admin_are_not_taken_for_imitators(town):
    assert await warned(town, town.chatter(ROSA), "hello, from Casa Rosa") is None
    assert await warned(town, town.chatter(ADMIN), "our account is DE89 3704 0044 0532 0130 00") is None


async def test_a_card_number_in_a_group_is_told_of_in_private(town):
    nora = await town.newcomer()
    await nora.start()
    await nora.wait_for("Welcome")
    await nora.say(CARD, GROUP)
    assert "delete the message yourself" in (await nora.wait_for("🛑"))["text"]
