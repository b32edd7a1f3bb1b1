"""The keypad under real fingers: on the demo's page, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.flows.conftest import OpenDemo
from tests.flows.keypad_help import LARGE, PIN, is_keypad, keypad, to_review
from tests.flows.page_help import Screen, chromium, open_page

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAYA = 5001


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


async def press(screen: Screen, digits: str) -> None:
    """Each digit, and wait for its dot."""
    for count, digit in enumerate(digits, 1):
        await screen.page.get_by_role("button", name=digit, exact=True).last.click()
        await expect(screen.message("●" + " ●" * (count - 1)).last).to_be_visible()
    await screen.page.get_by_role("button", name="OK", exact=True).last.click()


async def test_a_pin_is_set_and_confirms_a_purchase_with_clicks(town: OpenDemo, browser: Browser) -> None:
    maya = town.chatter(MAYA)
    await maya.give_address()
    await to_review(maya, await town.on_sale("Loom", LARGE))
    async with open_page(browser, town.base + "/") as screen:
        await screen.be("maya")
        await maya.press("✅")
        await maya.wait_for(is_keypad)
        await press(screen, PIN)
        await maya.wait_for("once more")
        await press(screen, PIN)
        await maya.wait_for("recovery code")
        await maya.press("written it down")
        assert "Confirm: €200.00" in (await keypad(maya))["text"]
        await press(screen, PIN)
        await maya.card()
        assert screen.problems == []
