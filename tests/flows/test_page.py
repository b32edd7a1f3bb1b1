"""The page shows a bot as a chat client does: a tiny bot of this file's own uses every feature, a browser looks."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import segno
from aiohttp import web
from PIL import Image
from playwright.async_api import Browser, expect
from telegram import (
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from bot.sandbox import bank as pocket_bank
from bot.sandbox.server import Sandbox
from tests.flows.page_help import Screen, chromium, open_page

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOP = pocket_bank.MerchantAccounts()
EPC = f"BCD\n002\n1\nSCT\n\n{SHOP.name}\n{SHOP.iban}\nEUR48.50\n\nRF18539007547034"
KEYS = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("Toast", callback_data="toast"), InlineKeyboardButton("Alert", callback_data="alert")],
        [InlineKeyboardButton("Edit", callback_data="edit"), InlineKeyboardButton("Delete", callback_data="delete")],
        [InlineKeyboardButton("Copy", copy_text=CopyTextButton("SAMPAN-10"))],
        [InlineKeyboardButton("Share", switch_inline_query="mug")],
        [InlineKeyboardButton("Deep", url="https://t.me/sampan_bot?start=p_mug")],
    ]
)


def payment_card() -> bytes:
    """A QR code with some card around it."""
    code = io.BytesIO()
    segno.make(EPC, error="m").save(code, kind="png", scale=8)
    code.seek(0)
    card = Image.new("RGB", (700, 800), "white")
    card.paste(Image.open(code).convert("RGB"), (100, 200))
    out = io.BytesIO()
    card.save(out, "JPEG")
    return out.getvalue()


async def begin(update: Update, context: Any) -> None:
    if context.args:
        await update.message.reply_text(f"Deep link: {context.args[0]}")
        return
    words = "<b>bold</b> <i>italic</i> <u>under</u> <s>gone</s> <code>copy me</code>"
    words += " <tg-spoiler>secret</tg-spoiler> &lt;i&gt; <a href='https://t.me/sampan_bot?start=p_tea'>tea</a>"
    await update.message.reply_html(words + "\n<pre>code</pre><blockquote>quoted</blockquote>", reply_markup=KEYS)


async def press(update: Update, context: Any) -> None:
    query = update.callback_query
    if query.data == "toast":
        await query.answer("A toast")
    elif query.data == "alert":
        await query.answer("An alert", show_alert=True)
    elif query.data == "edit":
        await query.answer()
        await query.edit_message_text("Another text", reply_markup=KEYS)
    else:
        await query.answer()
        await query.delete_message()


async def other(update: Update, context: Any) -> None:
    text = update.message.text or ""
    if update.message.photo:
        await update.message.reply_text(f"A picture: {update.message.caption}")
    elif text == "card":
        await update.message.reply_photo(payment_card(), caption="Pay this")
    elif text == "keys":
        await update.message.reply_text(
            "Size?", reply_markup=ReplyKeyboardMarkup([["Small", "Large"]], one_time_keyboard=True)
        )
    elif text == "ask":
        await update.message.reply_text("Where?", reply_markup=ForceReply(input_field_placeholder="Street"))
    elif update.message.reply_to_message:
        await update.message.reply_text(f"Answered: {text}")
    elif update.message.chat.type == "private":
        await update.message.reply_text(f"Heard: {text}")


async def inline(update: Update, context: Any) -> None:
    results = [
        InlineQueryResultArticle(
            str(i), name, InputTextMessageContent(f"<b>{name}</b>", parse_mode="HTML"), description="A thing"
        )
        for i, name in enumerate(("Blue mug", "Green tea"))
        if update.inline_query.query.lower() in name.lower()
    ]
    await update.inline_query.answer(results, cache_time=0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


class Clock:
    """A clock the page can skip."""

    skipped = 0.0

    def __call__(self) -> float:
        return time.time() + self.skipped


@pytest_asyncio.fixture(loop_scope="module")
async def base(browser: Browser) -> AsyncIterator[str]:
    """A sandbox with its bank, a skippable clock and the tiny bot."""
    clock, told = Clock(), list[str]()
    sandbox = Sandbox(clock=clock)
    bank = pocket_bank.mount(sandbox, data=None)

    async def skip(request: web.Request) -> web.Response:
        clock.skipped += (await request.json())["seconds"]
        return web.json_response({})

    async def shop(request: web.Request) -> web.Response:
        told.append(await request.text())
        return web.Response()

    sandbox.app.router.add_post("/demo/skip", skip)
    sandbox.app.router.add_post("/shop/bank/{kind}", shop)
    url = await sandbox.start()
    bank.set_merchant_url(f"{url}/shop")
    bot = Application.builder().token("42:page").base_url(f"{url}/bot").base_file_url(f"{url}/file/bot").build()
    bot.add_handlers(
        [
            CommandHandler("start", begin),
            CallbackQueryHandler(press),
            InlineQueryHandler(inline),
            MessageHandler(filters.ALL, other),
        ]
    )
    async with bot:
        await bot.bot.set_my_commands([("start", "Begin here")])
        await bot.bot.set_my_commands([("start", "从这里开始")], language_code="zh")
        await bot.start()
        assert bot.updater is not None
        await bot.updater.start_polling(poll_interval=0, allowed_updates=Update.ALL_TYPES)
        yield f"{url}/"
        await bot.updater.stop()
        await bot.stop()
    await sandbox.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def screen(browser: Browser, base: str) -> AsyncIterator[Screen]:
    """The page at 1280 × 800; whatever a test does, the console stays clean."""
    async with open_page(browser, base) as opened:
        yield opened
        assert opened.problems == []


async def test_a_first_visit_offers_start_and_shows_formatted_text(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    message = screen.message("bold")
    for tag, text in {
        "b": "bold",
        "i": "italic",
        "u": "under",
        "s": "gone",
        "pre": "code",
        "blockquote": "quoted",
    }.items():
        await expect(message.locator(f".text {tag}").first).to_have_text(text)
    await expect(message).to_contain_text("<i>")
    secret = message.locator(".spoiler")
    await expect(secret).to_have_css("color", "rgba(0, 0, 0, 0)")
    await secret.click()
    await expect(secret).not_to_have_css("color", "rgba(0, 0, 0, 0)")


async def test_buttons_answer_with_toasts_alerts_edits_and_deletions(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    await screen.button("Toast").click()
    await expect(screen.at("toast")).to_have_text("A toast")
    await screen.button("Alert").click()
    await expect(screen.at("alert")).to_have_text("An alert")
    await screen.at("alert-ok").click()
    await screen.button("Edit").click()
    await expect(screen.message("Another text").get_by_test_id("edited")).to_be_visible()
    await expect(screen.message("bold")).to_have_count(0)
    await screen.button("Delete").click()
    await expect(screen.message("Another text")).to_have_count(0)


async def test_text_is_copied_by_a_tap(screen: Screen) -> None:
    await screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await screen.be("maya")
    await screen.start()
    await screen.button("Copy").click()
    await expect(screen.at("toast")).to_have_text("Copied")
    assert await screen.page.evaluate("navigator.clipboard.readText()") == "SAMPAN-10"
    await screen.message("bold").locator("code").first.click()
    await expect(screen.at("toast")).to_have_count(2)
    assert await screen.page.evaluate("navigator.clipboard.readText()") == "copy me"


async def test_a_deep_link_waits_for_start(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    await screen.button("Deep").click()
    await screen.start()
    await expect(screen.message("Deep link: p_mug")).to_be_visible()
    await screen.message("bold").get_by_text("tea").click()
    await screen.start()
    await expect(screen.message("Deep link: p_tea")).to_be_visible()
    await expect(screen.at("composer-input")).to_be_visible()


async def test_inline_results_are_chosen_into_the_group(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    await screen.button("Share").click()
    await screen.page.locator('[data-testid^="choose-chat--"]').click()
    await expect(screen.at("inline-result")).to_have_count(1)
    await screen.at("composer-input").fill("@sampan_bot ")
    await expect(screen.at("inline-result")).to_have_count(2)
    await screen.at("inline-result").last.click()
    await expect(screen.message("Green tea")).to_contain_text("via @sampan_bot")
    await expect(screen.at("person-lin").get_by_test_id("person-unread")).to_have_text("1")
    await screen.be("lin")
    await screen.open_group()
    await expect(screen.at("person-lin").get_by_test_id("person-unread")).to_have_count(0)
    await expect(screen.message("Green tea")).to_contain_text("Maya")


async def test_each_person_reads_the_page_and_the_commands_in_their_language(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    await screen.at("menu-button").click()
    await expect(screen.at("command-start")).to_contain_text("Begin here")
    await screen.at("language").select_option("zh-hans")
    await expect(screen.at("menu-button")).to_have_text("菜单")
    await expect(screen.at("bank")).to_contain_text("口袋银行")
    await screen.at("menu-button").click()
    await expect(screen.at("command-start")).to_contain_text("从这里开始")
    await screen.be("ada")
    await expect(screen.at("bank")).to_contain_text("Pocket Bank")


async def test_a_picture_is_sent_with_a_caption_and_a_bot_may_ask_back(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    picture = {"name": "mug.jpg", "mimeType": "image/jpeg", "buffer": payment_card()}
    await screen.at("file-input").set_input_files(picture)  # type: ignore[arg-type]
    await screen.at("caption").fill("Blue mug")
    await screen.at("send-file").click()
    await expect(screen.message("A picture: Blue mug")).to_be_visible()
    await screen.say("keys")
    await screen.at("reply-button").filter(has_text="Large").click()
    await expect(screen.message("Heard: Large")).to_be_visible()
    await expect(screen.at("reply-button").first).to_be_hidden()
    await screen.say("ask")
    await expect(screen.at("reply-bar")).to_be_visible()
    await expect(screen.at("composer-input")).to_have_attribute("placeholder", "Street")
    await screen.say("Rua da Aurora 5")
    await expect(screen.message("Answered: Rua da Aurora 5")).to_be_visible()
    await expect(screen.at("composer-input")).to_have_attribute("placeholder", "Message")


async def test_the_bank_reads_the_picture_of_the_chat_and_pays_it(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    await screen.say("card")
    await screen.scan()
    await expect(screen.at("bank-payee")).to_contain_text(SHOP.name)
    await expect(screen.at("bank-amount")).to_have_attribute("data-amount", "48.50")
    await expect(screen.at("bank-reference")).to_have_text("RF18539007547034")
    await screen.at("bank-pay").click()
    await expect(screen.at("bank-paid")).to_contain_text("€48.50")
    await screen.at("bank-done").click()
    await expect(screen.at("bank-balance-EUR")).to_have_attribute("data-amount", "4951.50")
    await screen.at("bank-messages-toggle").click()
    await expect(screen.at("bank-message")).to_have_attribute("data-delivered", "true")
    await screen.at("bank-forge").click()
    await expect(screen.at("toast")).to_have_text("The shop answered 200")  # this one takes everything


async def test_one_may_pay_another_amount_or_too_late(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    await screen.say("card")
    await screen.scan()
    await screen.at("bank-mode-wrong_amount").click()
    await screen.at("bank-amount-input").fill("40")
    await screen.at("bank-pay").click()
    await expect(screen.at("bank-paid")).to_contain_text("€40.00")
    await screen.at("bank-done").click()
    before = await screen.at("clock").inner_text()
    await screen.scan()
    await screen.at("bank-mode-late").click()
    await screen.at("bank-late-wait").select_option("3600")
    await screen.at("bank-pay").click()
    await expect(screen.at("bank-paid")).to_be_visible()
    assert int((await screen.at("clock").inner_text())[:2]) == (int(before[:2]) + 1) % 24
    await screen.at("bank-done").click()
    await expect(screen.at("bank-balance-EUR")).to_have_attribute("data-amount", "4911.50")


async def test_a_picture_without_a_code_and_a_garbled_code_are_told(screen: Screen) -> None:
    await screen.be("maya")
    await screen.start()
    await screen.at("bank-scan-file").set_input_files({"name": "x.txt", "mimeType": "image/png", "buffer": b"no"})
    await expect(screen.at("bank-problem").first).to_have_attribute("data-code", "not_a_picture")
    await screen.at("bank-dont").click()
    await screen.at("bank-paste").click()
    await screen.at("bank-paste-input").fill(EPC.replace("DE59", "DE58"))
    await screen.at("bank-read").click()
    await expect(screen.at("bank-problem")).to_have_attribute("data-code", "iban")
    await expect(screen.at("bank-pay")).to_have_count(0)
    screen.problems = [problem for problem in screen.problems if "415" not in problem]  # the browser notes the refusal


async def test_the_page_works_on_a_narrow_screen(browser: Browser, base: str) -> None:
    async with open_page(browser, base, width=390, height=780) as phone:
        await phone.at("view-people").click()
        await phone.at("person-maya").click()
        await phone.at("chat-5001").click()
        await phone.start()
        await phone.say("card")
        await phone.scan()
        await expect(phone.at("bank-pay")).to_be_in_viewport()
        await phone.at("bank-pay").click()
        await phone.at("bank-done").click()
        await expect(phone.at("composer-input")).to_be_visible()
        assert await phone.page.evaluate("document.documentElement.scrollWidth") == 390
        assert phone.problems == []


async def test_the_page_is_used_with_the_keyboard_alone(screen: Screen) -> None:
    await screen.be("maya")
    await screen.at("start-button").focus()
    await screen.page.keyboard.press("Enter")
    await screen.button("Alert").focus()
    await screen.page.keyboard.press("Enter")
    await expect(screen.at("alert-ok")).to_be_focused()
    await screen.page.keyboard.press("Escape")
    await expect(screen.at("alert")).to_have_count(0)
    await screen.at("composer-input").focus()
    await screen.page.keyboard.type("/st")
    await screen.page.keyboard.press("ArrowDown")
    await expect(screen.at("command-start")).to_be_focused()
