"""A real browser on the page: starts Chromium, notes every error of the page, and names what tests click on."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Locator, Page, async_playwright

# Without these Chromium looks for the outside world at every start.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, headless; skips with the command that installs it where it is missing."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here: apt-get install -y chromium fonts-noto-cjk fonts-noto-color-emoji")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


class Screen:
    """The page of one browser. `problems` are console errors and uncaught exceptions; a test ends with none."""

    def __init__(self, page: Page) -> None:
        self.page, self.problems = page, list[str]()
        page.on("console", self._note)
        page.on("pageerror", self._crash)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def _crash(self, error: Error) -> None:
        self.problems.append(str(error))

    def at(self, testid: str) -> Locator:
        """Everything with this data-testid (listed at the top of page.js)."""
        return self.page.get_by_test_id(testid)

    async def be(self, username: str) -> None:
        """Become somebody, in their private chat with the bot."""
        await self.at(f"person-{username}").click()
        await self.page.locator(".rows .row").first.click()

    async def open_group(self) -> None:
        await self.page.locator('[data-testid^="chat--"]').first.click()

    async def start(self) -> None:
        await self.at("start-button").click()

    async def say(self, text: str) -> None:
        await self.at("composer-input").fill(text)
        await self.at("composer-send").click()

    def message(self, text: str) -> Locator:
        """The newest message that holds this text."""
        return self.at("message").filter(has_text=text).last

    def button(self, label: str) -> Locator:
        """The newest inline button whose label holds this."""
        return self.page.locator(f'[data-testid="button"][data-label*="{label}"]').last

    async def scan(self) -> None:
        """Point the pocket bank at the newest picture of the chat."""
        await self.at("scan").last.click()

    async def look(self, path: str) -> None:
        """A screenshot for people."""
        await self.page.screenshot(path=path)


@asynccontextmanager
async def open_page(browser: Browser, url: str, *, width: int = 1280, height: int = 800) -> AsyncIterator[Screen]:
    """The page in a context of its own (nothing remembered), ready for use."""
    context = await browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(15_000)
    screen = Screen(await context.new_page())
    await screen.page.goto(url)
    await screen.page.wait_for_selector("body[data-ready]")
    yield screen
    await context.close()
