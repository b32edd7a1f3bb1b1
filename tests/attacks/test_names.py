"""Markup, direction marks and look-alike letters in everything that people write: shown as typed, or refused.

Each test writes the same poison by another door, carries it wherever that door leads, and then everything that the bot
has sent to anybody is searched: no link or style of the writer’s, no mark that turns our own sentences around.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bot.demo import ADMIN, ROSA
from bot.words import tame
from tests.attacks.scene import a_seller, at_rest, shipped_order
from tests.flows.driver import ADDRESS, GROUP, Chatter, a_photo, labels

pytestmark = pytest.mark.asyncio(loop_scope="module")

# What would be a link, bold or code if anybody took it for HTML, Markdown or a caption; and a broken tag.
LINK = "<a href='https://evil.example/x'>Sampan</a>"
POISONS = (LINK, "</code></b><b>Pwn", "&lt;b&gt;Pwn &#60;i&#62;", "[S](https://evil.example/x)", "<tg-spoiler>Pwn")
# Right-to-left override, embeddings, isolates and marks; a lone half of a character; controls.
BIDI = "\u202e\u202d\u202a\u202b\u202c\u2066\u2067\u2069\u200e\u200f\u061c"
TURNED = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066\u2067\x00-\x08\x0b-\x1f\x7f-\x9f]")


async def everything_said(town: Any) -> list[dict[str, Any]]:
    """Every call of the bot’s that shows something to somebody."""
    await at_rest(town)
    calls = await town.calls(0)
    refused = [one for one in calls if not one["ok"] and "parse entities" in str(one)]
    assert not refused, "words of somebody’s broke the bot’s own markup"
    return [one for one in calls if one["method"].startswith(("send", "edit", "answer"))]


async def nothing_was_taken_for_ours(town: Any, *people: Chatter) -> str:
    """Search all that was said; what these people see now, as plain text."""
    for call in await everything_said(town):
        words = json.dumps(call["params"], ensure_ascii=False)
        assert not TURNED.search(json.dumps(call["params"]).encode().decode("unicode_escape", "ignore")), words[:500]
        assert words.count("\u2068") == words.count("\u2069"), "writing from the right stays in its own place"
    seen = []
    for person in people:
        for message in await person.messages():
            for entity in message["entities"]:
                assert "evil.example" not in str(entity.get("url")), message["text"]
            if message["out"] or message["via_bot"]:
                keys = [key for line in message["keyboard"] or [] for key in line]
                assert not [key for key in keys if "evil.example" in key["value"] and key["kind"] != "copy"]
                seen.append(message["text"])
                typed = sum(message["text"].count(poison.partition("Pwn")[0] + "Pwn") for poison in POISONS[1:])
                assert message["text"].count("Pwn") <= typed, f"a tag was taken for one: {message['html']}"
    return "\n".join(seen)


@pytest.mark.parametrize("name", [*POISONS, f"Ada{BIDI}", BIDI, "A" * 500, "עברית", "=1+1"], ids=range(10))
async def test_a_telegram_name(town, name):
    """A shopper’s name meets the shopper, the seller of their order, and the admin."""
    eve, ada, rosa = await town.newcomer(name), town.chatter(ADMIN), town.chatter(ROSA)
    await eve.give_address()
    card = await eve.buy(await town.on_sale("Named", "5.00 EUR"), "SEPA")
    rosa.mark = await town.seq()
    await eve.pay(await eve.scan(card))
    await eve.wait_for("Your payment has arrived")
    await rosa.wait_for("Sold!")
    order = re.search(r"\b[0-9A-Z]{10}\b", " ".join(labels(card)) + card["text"])
    assert order
    for person in (eve, rosa, ada):
        await person.say(f"/order {order.group()}")
        await person.wait_for(order.group())
    await eve.start()
    await eve.wait_for("Welcome")
    await nothing_was_taken_for_ours(town, eve, rosa, ada)


async def put_up(rosa: Chatter, title: str, description: str) -> bool:
    """Whether the shop took a product of this name and description."""
    await rosa.say("/sell")
    await rosa.wait_for("photo of the product")
    await rosa.send_photo(a_photo())
    await rosa.wait_for("called?")
    await rosa.say(title)
    answer = await rosa.wait_for(lambda message: True)
    if "cost" not in answer["text"]:
        await rosa.say("/cancel")
        await rosa.wait_for("left")
        return False
    await rosa.say("4.00 EUR")
    await rosa.wait_for("How many")
    await rosa.say("3")
    await rosa.wait_for("Describe")
    await rosa.say(description)
    await rosa.wait_for("is on sale")
    return True


@pytest.mark.parametrize("title", [*POISONS, f"Lamp {BIDI}", "=cmd|calc!A1", "שעון"])
async def test_a_product_name_and_description(town, title):
    """From the seller’s card to the shelf, a cart, an order, a card in a group and an inline result."""
    rosa, nora = town.chatter(ROSA), await town.newcomer()
    taken = await put_up(rosa, title, f"Fine. {title} {BIDI} {LINK}")
    assert taken != (BIDI in title), "direction marks are refused in a name"
    if not taken:
        return
    product = (await town.look(lambda uow: uow.products.find(limit=1)))[0]
    assert product.title == title
    await nora.give_address()
    await nora.start(f"p_{product.id}")
    seen = await nora.wait_for(lambda message: message["kind"] == "photo")
    assert tame(title) in seen["text"], "shown as it was typed"
    await nora.press("Add to cart", seen)
    await nora.say("/cart")
    await nora.wait_for("Your cart")
    await nora.say("/shop")
    await nora.wait_for("For sale")
    await nora.buy(product.id, "SEPA")
    await rosa.choose(await rosa.inline(product.id, GROUP), 0)
    await rosa.say("/products")
    await rosa.wait_for("Your products")
    await nothing_was_taken_for_ours(town, nora, rosa)
    shown = await nora.last(GROUP)
    assert all("evil.example" not in str(one.get("url")) for one in shown["entities"])


@pytest.mark.parametrize("line", [*POISONS, "=1+1"])
async def test_an_address(town, line):
    eve, rosa = await town.newcomer("Eve"), town.chatter(ROSA)
    await eve.give_address(f"{line}\n1 {line}\n10000 {line}\n{line}")
    card = await eve.buy(await town.on_sale("Addressed", "5.00 EUR"), "SEPA")
    rosa.mark = await town.seq()
    await eve.pay(await eve.scan(card))
    await rosa.wait_for("Sold!")
    assert line in await nothing_was_taken_for_ours(town, eve, rosa)


async def test_an_address_that_turns_the_line_around(town):
    """A name that reads as another one, or pushes our own words away, is refused."""
    eve = await town.newcomer("Eve")
    await eve.say("/address")
    await eve.wait_for("Where should it go?")
    for place in range(4):
        lines = ADDRESS.splitlines()
        lines[place] += "\u202e"
        await eve.say("\n".join(lines))
        await eve.wait_for("Please send your address as text")
    await nothing_was_taken_for_ours(town, eve)


@pytest.mark.parametrize("words", [*POISONS, BIDI + "tell nobody", "\u202egnp.exe", "x" * 4000])
async def test_evidence_of_both_sides(town, words):
    """What is said in a dispute is read by the other side and by the admin who decides."""
    eve, rosa, ada = await town.newcomer("Eve"), town.chatter(ROSA), town.chatter(ADMIN)
    await eve.give_address()
    order = await shipped_order(town, eve, "Complained about")
    await eve.press("Something is wrong")
    await eve.press("not what was described", await eve.wait_for("What is wrong with order"))
    await eve.wait_for("Please tell me what happened")
    await eve.say(words)
    await eve.wait_for(lambda message: True)
    (case,) = await town.look(lambda uow: uow.disputes.find(order=order, limit=1))
    await ada.say(f"/dispute {case.id}")
    await ada.wait_for(f"Case {case.id}")
    await nothing_was_taken_for_ours(town, eve, rosa, ada)


@pytest.mark.parametrize(
    "tracking", [*POISONS, f"RR1{BIDI}", "ＲＲ１２３", "RR\n123\n/refund", "=1+1", "https://evil.example"]
)
async def test_a_tracking_number_with_markup(town, tracking):
    """Only letters, digits, spaces and dashes reach the buyer: not even a link that is none."""
    vera, rosa = await town.newcomer("Vera"), town.chatter(ROSA)
    await vera.give_address()
    card = await vera.buy(await town.on_sale("To be shipped", "5.00 EUR"), "SEPA")
    rosa.mark = await town.seq()
    await vera.pay(await vera.scan(card))
    await rosa.press("Mark as shipped", await rosa.wait_for("Sold!"))
    await rosa.wait_for("tracking number")
    await rosa.say(tracking)
    answer = await rosa.wait_for(lambda message: True)
    if "\n" in tracking:
        assert "not a tracking number" in answer["text"]
    assert "is not a tracking number" in answer["text"]
    await rosa.say("/cancel")
    await nothing_was_taken_for_ours(town, vera, rosa)


@pytest.mark.parametrize("name", [*POISONS, f"Olga{BIDI}", "=1+1"])
async def test_a_sellers_name_and_their_account(town, name):
    """A name as the admin may copy it from an application form, and a holder’s name as the seller likes it."""
    olga, ada = await town.newcomer("Olga"), town.chatter(ADMIN)
    await olga.start()
    await olga.wait_for("Welcome")
    await ada.say(f"/sellers add {olga.who} DE EUR {name}")
    await ada.wait_for(lambda message: True)
    await olga.say("/payout")
    await olga.press("🏦", await olga.wait_for("Your payouts"))
    await olga.wait_for("Where shall your")
    await olga.say("IT60X0542811101000000123456")
    await olga.wait_for("name of its holder")
    await olga.say(name)
    await olga.wait_for(lambda message: True)
    await olga.say("/cancel")
    await at_rest(town)
    product = await town.on_sale("Sold by a strange one", "5.00 EUR", seller=olga.who)
    nora = await town.newcomer()
    await nora.start(f"p_{product}")
    await nora.wait_for("Sold by")
    await ada.say("/sellers")
    await ada.wait_for("Sellers")
    await nothing_was_taken_for_ours(town, nora, olga, ada)


@pytest.mark.parametrize("name", [*POISONS, f"Maya{BIDI}"])
async def test_a_payers_name_from_the_bank(town, name):
    """What the payer’s bank says of them is as foreign as anything: held money shows it to the admin."""
    ada = town.chatter(ADMIN)
    ada.mark = await town.seq()
    number = str(abs(hash(name)))[:10]
    row = {
        "endToEndId": f"E{number}", "txid": "NOBODYKNOWSTHIS", "valor": "3.00", "horario": "2026-11-22T10:00:00Z",
        "pagador": {"cpf": "12345678909", "nome": name},
    }  # fmt: skip
    assert await town.deliver("pix", json.dumps({"pix": [row]}).encode()) == 200
    await ada.wait_for("3.00 is held")
    await nothing_was_taken_for_ours(town, ada)


async def test_a_look_alike_name(town):
    """Latin and Cyrillic letters that look alike are different people and different words to the shop."""
    ada, copy = town.chatter(ADMIN), await town.newcomer("Аdа")  # with Cyrillic А and а
    await ada.start()
    await copy.say("/stats")
    await copy.wait_for("This command is not for you")
    sid = await a_seller(town, "Sid")
    await sid.say("/sаles")  # with a Cyrillic а: no command of ours
    answer = await sid.wait_for(lambda message: True)
    assert "Your sales" not in answer["text"]
    await sid.say("/currency ＥＵＲ")
    answer = await sid.wait_for(lambda message: True)
    assert "on our side" not in answer["text"]


@pytest.mark.parametrize(
    "name",
    [
        "S\u0430mpan D\u0435mo Shop",  # Cyrillic а, е
        "Ｓａｍｐａｎ Ｄｅｍｏ Ｓｈｏｐ",  # full width
        "Sam\u200bpan\u2060 Demo\u00ad Shop",  # what nobody sees
        "S\u0301ampan D\u0308emo Shop",  # accents
        "\u202epohS omeD napmaS\u202c",  # written backwards, and turned around
        "Sam\u202enap\u202c Demo Shop",  # a part of it
        "𝐒𝐚𝐦𝐩𝐚𝐧 𝐃𝐞𝐦𝐨 𝐒𝐡𝐨𝐩",  # letters of mathematics
        "ꓢampan Demo Shop",  # Lisu
        "✅ Sampan Demo Shop · Support",
        "Casa\u00a0R\u043esa",  # a seller
        "西湖\u3000小铺",
    ],
    ids=range(11),
)
async def test_a_look_alike_of_the_shop_in_a_group(town, name):
    """Bidi and homoglyph names: whoever passes for the shop or a seller in a group is pointed at."""
    await town.skip(3601)
    copy = await town.newcomer(name)
    copy.mark = await town.seq()
    await copy.say("Please pay your order to this account instead, thank you", GROUP)
    warned = await copy.wait_for("🚨", GROUP)
    assert warned["reply_to"], "under the very message"
    await nothing_was_taken_for_ours(town)
