"""Lin reads Chinese: not one sentence of ours reaches her in English, on any page of the road."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import locales
from bot.demo import ADMIN, ROSA, WEI
from tests.flows.driver import GROUP, labels, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Telegram's and the bank's own words in our sentences, and commands, are the same in every language.
_SAME = re.compile(
    r"https?://\S+|/\w+|@\w+|\b(Sampan|Demo|Shop|SEPA|PIX|ECB|USER_ID|COUNTRY|CURRENCY|CODE|VALUE|Name)\b"
)


def english() -> list[str]:
    """Every piece of English of the catalogue that is at least two words long."""
    with Path(locales.catalogue("en")).open("rb") as file:
        found = [message.id for message in read_po(file) if message.id]
    texts = [one for message in found for one in (message if isinstance(message, tuple) else (message,))]
    pieces = [re.sub(r"\s+", " ", piece).strip(" .,:;!?·—") for text in texts
              for piece in re.split(r"\{\w+\}|</?\w+>|\n", text)]  # fmt: skip
    return sorted({piece for piece in pieces if len(re.findall(r"[A-Za-z]{2,}", _SAME.sub("", piece))) >= 2})


def everything_in(message):
    """What a message shows: its words, and the words on its buttons."""
    return re.sub(r"\s+", " ", " ".join([message["text"], *labels(message)]))


async def no_english(town, person, toasts=()):
    """Judge everything this person was ever shown."""
    shown = [everything_in(one) for one in await person.messages() if one["out"]] + [text for text in toasts if text]
    assert shown
    phrases = english()
    assert len(phrases) > 150
    for text in shown:
        found = [phrase for phrase in phrases if phrase in text]
        assert not found, f"{found} in {text[:400]!r}"


async def test_lin_buys_and_pays_without_reading_a_word_of_english(town):
    lin, rosa, toasts = await town.newcomer("林", "zh-hans"), town.chatter(ROSA), []
    product = await town.on_sale("茶杯", "20.00 EUR")
    other = await town.on_sale("扇子", "5.00 USD", seller=WEI)

    async def press(label, on=None):
        toasts.append((await lin.press(label, on)).get("text"))

    await lin.start()
    await lin.wait_for(lambda message: True)
    shared = await rosa.choose(await rosa.inline("茶杯", GROUP), 0)
    toasts.append((await lin.press("➕" if "➕" in "".join(labels(shared)) else "Add", shared)).get("text"))
    await press("🛍")
    await lin.wait_for("茶杯")
    await press("茶杯")
    await lin.wait_for(lambda message: message["kind"] == "photo")
    await lin.say("/currency JPY")
    await lin.wait_for(lambda message: True)
    await lin.start(f"p_{other}")
    await lin.wait_for("≈")
    await press("➕")
    await lin.say("/cart")
    await lin.wait_for("扇子")
    await lin.say("/orders")
    await lin.say("/help")
    await lin.wait_for("/help")
    await lin.say("/nonsense")
    await lin.start("p_NOSUCH")
    await lin.start(f"b_{product}")
    await lin.wait_for("街道")
    await lin.say("太短")
    await lin.say("林\n西湖路 1 号\n310000 杭州\n中国")
    await lin.wait_for("310000")
    await press("💳")
    await press("SEPA ·")
    await lin.wait_for("SEPA")
    await press("✅")
    card = await lin.card()
    assert "⏳" in card["text"]
    reading = await lin.scan(card)
    assert reading["payable"] and reading["amount"] == "20.00"
    await lin.pay(reading, "wrong_amount", amount="1.00")
    held = await lin.wait_for("€1.00")
    await press("↩️", held)
    await lin.wait_for("↩️")
    await lin.say(f"/order {order_of(card)}")
    await lin.wait_for(order_of(card))
    rosa.mark = await town.seq()
    await lin.pay(reading)
    await lin.wait_for(lambda message: message["text"].startswith("✅") and message["kind"] == "text")
    await rosa.press("🚚", await rosa.wait_for(order_of(card)))
    await rosa.wait_for("tracking")
    lin.mark = await town.seq()
    await rosa.say("RR 123")
    await press("🎁", await lin.wait_for("RR 123"))
    await lin.wait_for(order_of(card))
    await lin.say("/stats")
    await lin.wait_for("/help")
    await no_english(town, lin, toasts)


async def test_the_judge_of_this_page_notices_english(town):
    nora = await town.newcomer()
    await nora.start()
    await nora.wait_for("Welcome")
    with pytest.raises(AssertionError, match="See what is for sale"):
        await no_english(town, nora)


async def test_lins_order_expires_and_is_cancelled_in_chinese(town):
    lin = await town.newcomer("林", "zh-hans")
    await lin.give_address()
    await lin.buy(await town.on_sale("杯", "4.00 EUR"), "SEPA")
    await town.skip(56 * 60)
    await town.skip(6 * 60)
    await lin.wait_for("⌛")
    card = await lin.buy(await town.on_sale("盘", "4.00 EUR"), "PIX")
    await lin.press("✖️", card)
    await lin.wait_for("✖️")
    await lin.start(f"b_{await town.on_sale('贵', '900.00 EUR')}")
    toast = await lin.press("✅", await lin.wait_for("贵"))
    await no_english(town, lin, [toast["text"]])


async def test_wei_sells_in_chinese(town):
    wei, nora = town.chatter(WEI), await town.newcomer()
    await nora.give_address()
    for said in ("/sell", "/products", "/sales", "/help", "/sell"):
        await wei.say(said)
        await wei.wait_for(lambda message: True)
    await wei.send_photo()
    for said in ("青瓷杯", "便宜", "100 ARS", "5 XYZ", "30 CNY", "很多", "3"):
        await wei.say(said)
        await wei.wait_for(lambda message: True)
    await wei.say("手工")
    up = await wei.wait_for("start=p_")
    product = up["text"].partition("start=p_")[2].split("\n")[0]
    await wei.start(f"p_{product}")
    await wei.press("⬇️")
    await wei.wait_for(lambda message: "⬆️" in "".join(labels(message)))
    await wei.press("⬆️")
    await wei.wait_for(lambda message: "⬇️" in "".join(labels(message)))
    card = await nora.buy(product, "SEPA")
    wei.mark = await town.seq()
    await nora.pay(await nora.scan(card))
    await wei.press("🚚", await wei.wait_for(order_of(card)))
    await wei.wait_for("单号")
    await wei.say("!?")
    await wei.wait_for(lambda message: True)
    nora.mark = await town.seq()
    await wei.say("SF 1234")
    shipped = await nora.wait_for("SF 1234")
    await wei.wait_for("💶")
    wei.mark = await town.seq()
    await nora.press("🎁", shipped)
    await wei.wait_for("💶")
    await no_english(town, wei)


async def test_a_chinese_admin_runs_the_shop_in_chinese(town):
    ada = town.chatter(ADMIN)
    await ada.say("/language")
    await ada.press("简体中文")
    try:
        await ada.wait_for("欢迎")
        mark = len(await ada.messages())
        for said in ["/orders", "/stats", "/sellers", "/channels", "/rates", "/help", "/refund", "/rate", "/order"]:
            await ada.say(said)
            await ada.wait_for(lambda message: True)
        await ada.send(b"<a/>", "a.xml", "application/xml", kind="document")
        await ada.wait_for(lambda message: True)
        shown = [everything_in(one) for one in (await ada.messages())[mark:] if one["out"]]
        for text in shown:
            found = [phrase for phrase in english() if phrase in text]
            assert not found, f"{found} in {text[:400]!r}"
    finally:
        await ada.say("/language")
        await ada.press("English")
        await ada.wait_for("Welcome")


async def test_the_menu_is_in_the_language_of_the_reader(town):
    lin, nora = await town.newcomer("林", "zh-hans"), await town.newcomer()
    for person, word in ((lin, "您的购物车"), (nora, "your cart")):
        menu = (await town.get(f"/sandbox/people/{person.who}/commands"))["commands"]
        assert {one["command"]: one["description"] for one in menu}["cart"] == word


@pytest.mark.parametrize("language", ["zh-hans", "zh-CN", "zh"])
async def test_every_kind_of_chinese_phone_is_spoken_to_in_chinese(town, language):
    lin = await town.newcomer("林", language)
    await lin.start()
    await lin.wait_for("欢迎")


async def test_somebody_may_choose_another_language_than_their_phones(town):
    lin = await town.newcomer("林", "zh-hans")
    await lin.start()
    await lin.press("🌐")
    await lin.press("English")
    await lin.wait_for("Welcome to")
    await lin.say("/cart")
    await lin.wait_for("Your cart is empty")
