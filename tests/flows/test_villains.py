"""The demo's thief and forger, played on the page by a real browser against the whole shop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.flows.conftest import OpenDemo
from tests.flows.driver import GROUP, decode
from tests.flows.page_help import chromium, open_page
from tests.flows.test_one_tap import regular

pytestmark = pytest.mark.asyncio(loop_scope="module")

FELIX = 5006


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


async def forged(town: OpenDemo, kind: str) -> bytes:
    """The picture that the forger posts into the group."""
    felix = town.chatter(FELIX)
    await town.post("/demo/forge", person=FELIX, chat_id=GROUP, kind=kind)
    sent = next(one for one in reversed(await felix.messages(GROUP)) if (one["from"] or {}).get("id") == FELIX)
    return await felix.picture(sent)


async def test_where_no_card_was_shown_yet_the_forger_invents_one(town: OpenDemo) -> None:
    genuine, payee = decode(await forged(town, "old"))[0], decode(await forged(town, "payee"))[0]
    assert "DE59999900001000000001" in genuine and "DE59999900001000000001" not in payee
    assert {genuine, payee} == set(decode(await forged(town, "two")))


async def test_each_forgery_is_what_it_says_and_can_be_read(town: OpenDemo) -> None:
    nora = await regular(town)
    old = await nora.buy(await town.on_sale("Over", "11.00 EUR"), "SEPA")
    first = decode(await nora.picture(old))[0]
    await nora.pay(await nora.scan(old))
    await nora.wait_for("Your payment has arrived")
    for method, price in (("SEPA", "12.00 EUR"), ("PIX", "62.00 BRL")):
        genuine = decode(await nora.picture(await nora.buy(await town.on_sale("Seen", price), method)))[0]
        payee, amount = decode(await forged(town, "payee"))[0], decode(await forged(town, "amount"))[0]
        account = "DE59999900001000000001" if method == "SEPA" else "7f6844d0"
        assert account in genuine and account in amount and account not in payee
        assert "Sampan Demo Shop" in payee and payee != genuine != amount
        told = (await town.ask("POST", "/bank/read", json={"text": payee}))[1]
        assert told["payable"], told
        assert {genuine, payee} == set(decode(await forged(town, "two")))
        assert decode(await forged(town, "link"))[0].startswith("https://")
    assert decode(await forged(town, "old"))[0] == first
    status, _ = await town.ask("POST", "/demo/forge", json={"person": FELIX, "chat_id": GROUP, "kind": "other"})
    assert status == 400


@pytest.mark.parametrize("kind", ["payee", "amount", "two", "link", "old"])
async def test_the_group_is_warned_of_each_forgery(town: OpenDemo, kind: str) -> None:
    await regular(town)
    await town.skip(3601)
    felix = town.chatter(FELIX)
    felix.mark = await town.seq()
    await town.post("/demo/forge", person=FELIX, chat_id=GROUP, kind=kind)
    assert "do not pay this code" in (await felix.wait_for("🚨", GROUP))["text"]


async def test_the_forger_is_played_on_the_page(town: OpenDemo, browser: Browser) -> None:
    await town.skip(3601)
    async with open_page(browser, town.base + "/") as screen:
        await screen.be("felix")
        await expect(screen.at("villain")).to_contain_text("Go to the group")
        await screen.open_group()
        await screen.at("trick-payee").click()
        await expect(screen.message("do not pay this code")).to_be_visible()
        await screen.at("trick-name").click()
        await expect(screen.at("trick-name")).to_have_text("My own name again")
        await screen.at("trick-account").click()
        await expect(screen.message("this is not Sampan Demo Shop")).to_be_visible()
        await screen.at("trick-name").click()
        await expect(screen.at("trick-name")).to_have_text("Bear the shop’s name")
        assert screen.problems == []


async def test_the_thief_sees_the_chats_of_the_account_and_not_its_money(town: OpenDemo, browser: Browser) -> None:
    maya = town.chatter(5001)
    await maya.start()
    await maya.wait_for("Welcome")
    async with open_page(browser, town.base + "/") as screen:
        await screen.be("maya")
        await expect(screen.at("villain")).to_be_hidden()
        await screen.at("person-thief").click()
        await expect(screen.at("villain")).to_contain_text("Maya")
        await expect(screen.at("bank")).to_contain_text("Somebody")
        await screen.say("/phrase")
        await expect(screen.message("Your safety phrase")).to_be_visible()
        await screen.be("maya")
        await expect(screen.at("villain")).to_be_hidden()
        await expect(screen.message("Your safety phrase")).to_be_visible()
        assert screen.problems == []
