"""In the demo's chat the step-up page opens in the frame of a phone; what is confirmed there goes on in the chat."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, FrameLocator, expect

from bot.demo import Demo
from bot.web.stepup_door import PATH
from tests.flows.conftest import UNHURRIED, OpenDemo
from tests.flows.page_help import Screen, chromium, open_page
from tests.flows.test_page_purchase import ADDRESS
from tests.flows.test_stepup_page_passkey import FINGER

PIN = "8305"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture
async def demo(tmp_path: Path) -> AsyncIterator[OpenDemo]:
    """A demo whose shop has a page of its own."""
    opened = Demo(tmp_path, limits=UNHURRIED, pages=True)
    try:
        await opened.start()
        async with aiohttp.ClientSession() as http:
            yield OpenDemo(opened, http)
    finally:
        await opened.stop()


def phone(screen: Screen) -> FrameLocator:
    """What stands in the frame."""
    return screen.page.frame_locator('[data-testid="app-frame"]')


async def keep(screen: Screen, name: str) -> None:
    """A screenshot, where SAMPAN_SCREENSHOTS names a folder to look into afterwards."""
    if folder := os.environ.get("SAMPAN_SCREENSHOTS"):
        await screen.look(f"{folder}/stepup-{name}.png")


@asynccontextmanager
async def elsewhere(browser: Browser, url: str) -> AsyncIterator[Screen]:
    """The page on another machine. A private window keeps no mark in a frame: the other facts must tell."""
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, user_agent=agent, locale="de-DE")
    context.set_default_timeout(15_000)
    screen = Screen(await context.new_page())
    await screen.page.goto(url)
    await screen.page.wait_for_selector("body[data-ready]")
    yield screen
    await context.close()


async def tap(screen: Screen, key: str) -> None:
    """Press what changes the page at once, and again while it does not.

    On a busy machine Chromium now and then loses what is pressed just after a frame was opened; a person sees that
    nothing happened, and presses again.
    """
    button, app = phone(screen).get_by_test_id(key), phone(screen).locator("#app")
    await expect(button).to_be_visible()
    before = await app.inner_html()
    async with asyncio.timeout(20):
        while await app.inner_html() == before:
            await button.click()


async def types(screen: Screen, pin: str) -> None:
    for digit in pin:
        await tap(screen, f"pin-{digit}")
    await phone(screen).get_by_test_id("pin-ok").click()


async def sets_pin(screen: Screen, name: str) -> None:
    """/security leads to the page; the first PIN comes with a code on paper."""
    await screen.say("/security")
    await screen.button("🔑").click()
    frame = phone(screen)
    await tap(screen, "set-pin")
    await keep(screen, f"{name}-1-new-pin")
    await types(screen, PIN)
    await types(screen, PIN)
    await expect(frame.get_by_test_id("paper")).to_have_text(re.compile(r"^\d{4} \d{4} \d{4}$"))
    await keep(screen, f"{name}-2-paper")
    await frame.get_by_test_id("next").click()
    await expect(frame.get_by_test_id("item-pin")).to_be_visible()
    await keep(screen, f"{name}-3-security")
    await frame.get_by_test_id("close").click()
    await expect(screen.at("app-frame")).to_have_count(0)


async def orders(screen: Screen, product: str) -> None:
    """From the product's deep link to the question for a confirmation."""
    await screen.say(f"/start p_{product}")
    await screen.button("⚡").click()
    await screen.say(ADDRESS)
    await screen.button("✅").click()


@pytest.mark.parametrize(("who", "chinese"), [("maya", False), ("lin", True)])
async def test_a_large_purchase_is_confirmed_by_pin_on_the_page_and_goes_on_in_the_chat(
    demo: OpenDemo, browser: Browser, who: str, chinese: bool
) -> None:
    product = await demo.on_sale("Samovar", "200 EUR")
    async with open_page(browser, demo.demo.page, height=900) as screen:
        await screen.be(who)
        await screen.start()
        await sets_pin(screen, who)
        await orders(screen, product)
        await screen.button("🔓").click()
        frame = phone(screen)
        await expect(frame.get_by_test_id("bill")).to_contain_text("Casa Rosa")
        title = await frame.get_by_role("heading").inner_text()
        assert bool(CHINESE.search(title)) == chinese
        await keep(screen, f"{who}-4-bill")
        await types(screen, "0000")
        await expect(frame.get_by_test_id("says")).not_to_be_empty()
        await keep(screen, f"{who}-5-wrong")
        await types(screen, PIN)
        await expect(screen.at("scan").last).to_be_visible()
        await expect(screen.at("app-frame")).to_have_count(0)  # it closes by itself
        await expect(screen.message("Chrome")).to_be_visible()
        await keep(screen, f"{who}-6-card")
        assert [one for one in screen.problems if "422" not in one] == []


async def test_a_passkey_confirms_it_in_the_frame_too(demo: OpenDemo, browser: Browser) -> None:
    product = await demo.on_sale("Samovar", "200 EUR")
    async with open_page(browser, demo.demo.page, height=900) as screen:
        sensor: Any = await screen.page.context.new_cdp_session(screen.page)
        await sensor.send("WebAuthn.enable")
        await sensor.send("WebAuthn.addVirtualAuthenticator", {"options": FINGER})
        await screen.be("maya")
        await screen.start()
        await screen.say("/security")
        await screen.button("🔑").click()
        await tap(screen, "set-passkey")
        await expect(phone(screen).get_by_test_id("remove")).to_be_visible()
        await phone(screen).get_by_test_id("close").click()
        await orders(screen, product)
        await screen.button("🔓").click()
        await phone(screen).get_by_test_id("passkey").click()
        await expect(screen.at("scan").last).to_be_visible()
        assert screen.problems == []


async def test_who_says_that_was_not_me_locks_the_device_and_voids_what_waits(demo: OpenDemo, browser: Browser) -> None:
    product = await demo.on_sale("Samovar", "200 EUR")
    async with open_page(browser, demo.demo.page, height=900) as screen:
        await screen.be("maya")
        await screen.start()
        await sets_pin(screen, "lock")
    async with elsewhere(browser, demo.demo.page) as thief:
        await thief.be("maya")
        await orders(thief, product)
        await thief.button("🔓").click()
        await types(thief, "0000")
        alert = thief.message("new device")
        await expect(phone(thief).get_by_test_id("says")).not_to_be_empty()
        await thief.at("app-close").click()
        await expect(alert).to_contain_text("Firefox on Windows")
        await keep(thief, "alert")
        await alert.get_by_test_id("button").click()
        await expect(thief.message("is locked")).to_be_visible()
        await thief.button("🔓").click()
        await expect(phone(thief).get_by_test_id("end")).to_contain_text("locked")


async def test_nothing_of_the_page_is_cut_off_on_a_small_screen(demo: OpenDemo, browser: Browser) -> None:
    product = await demo.on_sale("Samovar", "200 EUR")
    async with open_page(browser, demo.demo.page, width=1280, height=800) as screen:
        await screen.be("maya")
        await screen.start()
        await sets_pin(screen, "small-0")
        await orders(screen, product)
        await screen.button("🔓").click()
        cancel = phone(screen).get_by_test_id("cancel")
        await expect(cancel).to_be_visible()
        await keep(screen, "small-1-bill")
        sheet, button = await screen.at("web-app").bounding_box(), await cancel.bounding_box()
        assert sheet and button and button["y"] + button["height"] <= sheet["y"] + sheet["height"]


async def test_a_shop_without_an_address_has_no_page(own_town: OpenDemo) -> None:
    async with own_town.http.get(own_town.shop_url + PATH) as answer:
        assert answer.status == 404


async def test_the_demos_thief_is_on_another_device_and_its_owner_is_told(demo: OpenDemo, browser: Browser) -> None:
    product = await demo.on_sale("Samovar", "200 EUR")
    async with open_page(browser, demo.demo.page, height=900) as screen:
        await screen.be("maya")
        await screen.start()
        await sets_pin(screen, "thief-0")
        await orders(screen, product)
        await screen.at("person-thief").click()
        await screen.button("🔓").click()
        frame = phone(screen)
        await expect(frame.get_by_test_id("bill")).to_contain_text("Casa Rosa")
        await types(screen, "0000")
        await expect(frame.get_by_test_id("says")).not_to_be_empty()
        await keep(screen, "thief-1-guess")
        await screen.at("app-close").click()
        await screen.be("maya")
        await expect(screen.message("new device")).to_be_visible()
        await keep(screen, "thief-2-told")
