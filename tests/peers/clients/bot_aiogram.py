"""The small bot, written with aiogram: its models are strict about every answer."""

from __future__ import annotations

import asyncio
import contextlib

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command, CommandStart
from aiogram.types import (
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LabeledPrice,
)


def dispatcher() -> Dispatcher:
    dp = Dispatcher()

    @dp.message(CommandStart(deep_link=True))
    async def start(message, command):
        buttons = [
            InlineKeyboardButton(text="Buy", callback_data="buy"),
            InlineKeyboardButton(text="Code", copy_text=CopyTextButton(text="PIX")),
        ]
        text = f"Welcome <b>{message.from_user.first_name}</b>, you came for {command.args}"
        await message.answer(text, parse_mode="HTML", reply_markup=InlineKeyboardMarkup(inline_keyboard=[buttons]))

    @dp.message(Command("pay"))
    async def pay(message):
        prices = [LabeledPrice(label="Box", amount=5)]
        await message.answer_invoice("Box", "A box", "order-7", "XTR", prices)

    @dp.message(F.photo)
    async def photo(message, bot):
        data = (await bot.download(message.photo[-1])).read()
        await message.answer_photo(BufferedInputFile(data, "back.png"), caption=f"{len(data)} bytes")

    @dp.message(F.successful_payment)
    async def paid(message):
        await message.answer(f"Thanks for {message.successful_payment.invoice_payload}")

    @dp.message(F.text, F.chat.type == "private")
    async def echo(message):
        await message.answer(f"echo: {message.text}")

    @dp.callback_query()
    async def pressed(query):
        await query.answer("In the cart")
        await query.message.edit_text("Bought")

    @dp.inline_query()
    async def inline(query):
        content = InputTextMessageContent(message_text=f"<b>Card</b> {query.query}", parse_mode="HTML")
        await query.answer(
            [InlineQueryResultArticle(id="r1", title=f"Find {query.query}", input_message_content=content)]
        )

    @dp.chosen_inline_result()
    async def chosen(result, bot):
        await bot.send_message(result.from_user.id, f"chosen {result.result_id}")

    @dp.pre_checkout_query()
    async def checkout(query):
        await query.answer(ok=True)

    return dp


@contextlib.asynccontextmanager
async def running(base: str, token: str):
    """The bot, polling until the block ends."""
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    dp = dispatcher()
    options = {"handle_signals": False, "close_bot_session": False, "polling_timeout": 5}
    polling = asyncio.create_task(dp.start_polling(bot, **options))
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):
            await dp.stop_polling()
        await asyncio.wait_for(polling, 15)
        await bot.session.close()
