"""The admin sees what a sale across currencies has opened, closes it by a deal made outside, and nobody else may."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from bot.demo import ADMIN, WEI
from core.payments.fx import positions, treasury
from tests.flows.driver import order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def a_sale_abroad(town):
    """A shopper pays euros for goods of a seller in China; the order."""
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Clay pot", "390.00 CNY", seller=WEI), "SEPA")
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    return order_of(card)


async def told(person, command, words):
    await person.say(command)
    return await person.wait_for(words)


async def test_the_review_tells_what_holding_the_rate_costs(town):
    nora = await town.newcomer()
    await nora.give_address()
    await nora.start(f"p_{await town.on_sale('Paper', '390.00 CNY', seller=WEI)}")
    await nora.press("Buy now")
    review = await nora.wait_for("Please check your order")
    if "SEPA" not in review["text"]:
        await nora.press("Pay another way", review)
        await nora.press("SEPA")
        review = await nora.wait_for("Pay with: SEPA")
    assert re.search(r"1 CNY = 0\.1\d+ EUR \(ECB, .*\), and €0\.0\d for holding it", review["text"]), review["text"]


async def test_a_position_is_shown_in_a_picture_and_in_words_and_closed_by_a_deal(town):
    await a_sale_abroad(town)
    admin = town.chatter(ADMIN)
    picture = await told(admin, "/fx", "Open in foreign currencies")
    with Image.open(io.BytesIO(await admin.picture(picture))) as drawn:
        assert drawn.width > drawn.height / 2 > 100
    words = await admin.wait_for("Deals that would close")
    assert "CNY: booked -CN¥" in words["text"]
    assert "Markup CN¥" in words["text"]
    assert "wanted 50" in words["text"], "the demo's shop wants to keep half of its money in euros"
    deals = await town.look(treasury.proposals, town.shop)
    for number, deal in enumerate(deals):
        command = f"/hedge {deal.sell.decimal} {deal.sell.asset} {deal.buy.decimal} {deal.buy.asset} DEAL {number}"
        booked = await told(admin, command, "Booked: sold")
        assert "slippage" in booked["text"]
    assert "fx:position" not in {account for account, _ in await town.ledger()}
    assert await town.look(lambda uow: list(positions.check(uow))) == []
    again = await told(admin, "/fx", lambda one: "Open by currency" in one["text"])
    assert "Nothing is open." in again["text"] or "booked CN¥0.00, locked CN¥0.00" in again["text"]
    assert "Markup CN¥" in again["text"]
    refused = await told(admin, "/hedge 10.00 EUR 74.00 CNY DEAL-9", "open position")
    assert "€0.00" in refused["text"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/hedge", "To book a currency deal"),
        ("/hedge 10 EUR", "To book a currency deal"),
        ("/hedge 10.123 EUR 74 CNY X", "is not a price"),
        ("/hedge 10 EUR 10 EUR X", "To book a currency deal"),
        ("/hedge 10 XXY 10 EUR X", "is not a currency"),
    ],
)
async def test_what_is_no_deal_is_answered_with_how_one_is_written(town, command, answer):
    await told(town.chatter(ADMIN), command, answer)


@pytest.mark.parametrize("command", ["/fx", "/hedge 1.00 EUR 7.40 CNY X"])
async def test_nobody_else_sees_or_closes_a_position(town, command):
    nora = await town.newcomer()
    await told(nora, command, "This command is not for you")


async def test_the_treasury_speaks_chinese(town):
    await a_sale_abroad(town)
    li = town.chatter(ADMIN)
    await li.say("/language")
    await li.press("中文")
    await li.say("/fx")
    words = await li.wait_for("各货币敞口")
    assert "已入账" in words["text"]
    await li.say("/language")
    await li.press("English")
