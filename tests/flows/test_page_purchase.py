"""A person buys in the browser, from the card in a group to the settled order, in their own language."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.flows.conftest import OpenDemo
from tests.flows.page_help import Screen, chromium, open_page

ADDRESS = "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


async def keep(screen: Screen, name: str) -> None:
    """A screenshot, where SAMPAN_SCREENSHOTS names a folder to look into afterwards."""
    if folder := os.environ.get("SAMPAN_SCREENSHOTS"):
        await screen.look(f"{folder}/{name}.png")


async def order_in_the_group(screen: Screen, seller: str, shopper: str, product: str) -> None:
    """The seller shares the card in the group; the shopper buys from it, up to the payment card."""
    await screen.be(seller)
    await screen.open_group()
    await screen.at("composer-input").fill(f"@sampan_bot {product}")
    await screen.at("inline-result").first.click()
    await screen.be(shopper)
    await screen.open_group()
    await keep(screen, f"{shopper}-1-group")
    await screen.button("⚡").click()
    await screen.start()
    await expect(screen.at("composer-input")).to_be_visible()
    await expect(screen.at("reply-bar")).to_be_visible()
    await screen.say(ADDRESS)
    await keep(screen, f"{shopper}-2-review")
    await screen.button("✅").click()
    await expect(screen.at("scan").last).to_be_visible()


@pytest.mark.parametrize(
    ("shopper", "language", "balance"),
    [("maya", "en", "BRL"), ("lin", "zh-hans", "BRL")],
)
async def test_a_purchase_is_walked_from_the_group_to_the_settled_order(
    own_town: OpenDemo, browser: Browser, shopper: str, language: str, balance: str
) -> None:
    async with open_page(browser, own_town.demo.page) as screen:
        await order_in_the_group(screen, "rosa", shopper, "Cerrado")
        await expect(screen.at("message-photo").last).to_be_in_viewport(ratio=0.99)
        await keep(screen, f"{shopper}-3-payment-card")
        await screen.scan()
        await expect(screen.at("message-photo").last).to_be_in_viewport(ratio=0.99)
        await expect(screen.at("bank-payee")).to_contain_text("Sampan Demo Shop")
        paid = await screen.at("bank-amount").get_attribute("data-amount")
        await keep(screen, f"{shopper}-4-bank")
        await screen.at("bank-pay").click()
        await screen.at("bank-done").click()
        receipt = screen.at("message").filter(has=screen.page.get_by_test_id("edited")).last
        await expect(receipt).to_contain_text(str(paid))
        await keep(screen, f"{shopper}-5-receipt")
        await expect(screen.at("bank-balance-" + balance)).to_have_attribute(
            "data-amount", f"{25000 - float(str(paid)):.2f}"
        )

        await screen.be("rosa")
        await screen.button("🚚").click()
        await expect(screen.at("message").last).to_contain_text("tracking number")
        await screen.say("BR123456789XX")
        await screen.be(shopper)
        await expect(screen.message("BR123456789XX")).to_be_visible()
        await screen.button("🎁").click()
        await expect(screen.button("🎁")).to_have_count(0)
        await keep(screen, f"{shopper}-6-received")
        texts = await screen.page.locator(
            '[data-testid="message"][data-out="true"] [data-testid="message-text"]'
        ).all_inner_texts()
        assert all(bool(CHINESE.search(text)) == (language == "zh-hans") for text in texts), texts
        assert screen.problems == []
