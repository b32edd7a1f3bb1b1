"""The small bot, written with pyTelegramBotAPI: it sends GET with a form in the body. Run as a program: BASE TOKEN."""

from __future__ import annotations

import asyncio
import sys

from telebot import asyncio_helper, types
from telebot.async_telebot import AsyncTeleBot


def build(base: str, token: str) -> AsyncTeleBot:
    asyncio_helper.API_URL = base + "/bot{0}/{1}"
    asyncio_helper.FILE_URL = base + "/file/bot{0}/{1}"
    bot = AsyncTeleBot(token)

    @bot.message_handler(commands=["start"])
    async def start(message):
        markup = types.InlineKeyboardMarkup()
        markup.add(
            types.InlineKeyboardButton("Buy", callback_data="buy"),
            types.InlineKeyboardButton("Code", copy_text=types.CopyTextButton("PIX")),
        )
        came = message.text.split()[1]
        text = f"Welcome <b>{message.from_user.first_name}</b>, you came for {came}"
        await bot.send_message(message.chat.id, text, parse_mode="HTML", reply_markup=markup)

    @bot.message_handler(commands=["pay"])
    async def pay(message):
        prices = [types.LabeledPrice("Box", 5)]
        await bot.send_invoice(message.chat.id, "Box", "A box", "order-7", "", "XTR", prices)

    @bot.message_handler(content_types=["photo"])
    async def photo(message):
        file = await bot.get_file(message.photo[-1].file_id)
        data = await bot.download_file(file.file_path)
        await bot.send_photo(message.chat.id, data, caption=f"{len(data)} bytes")

    @bot.message_handler(content_types=["successful_payment"])
    async def paid(message):
        await bot.send_message(message.chat.id, f"Thanks for {message.successful_payment.invoice_payload}")

    @bot.message_handler(content_types=["text"], chat_types=["private"])
    async def echo(message):
        await bot.send_message(message.chat.id, f"echo: {message.text}")

    @bot.callback_query_handler(func=lambda query: True)
    async def pressed(query):
        await bot.answer_callback_query(query.id, "In the cart")
        await bot.edit_message_text("Bought", query.message.chat.id, query.message.message_id)

    @bot.inline_handler(func=lambda query: True)
    async def inline(query):
        content = types.InputTextMessageContent(f"<b>Card</b> {query.query}", parse_mode="HTML")
        result = types.InlineQueryResultArticle("r1", f"Find {query.query}", content)
        await bot.answer_inline_query(query.id, [result])

    @bot.chosen_inline_handler(func=lambda result: True)
    async def chosen(result):
        await bot.send_message(result.from_user.id, f"chosen {result.result_id}")

    @bot.pre_checkout_query_handler(func=lambda query: True)
    async def checkout(query):
        await bot.answer_pre_checkout_query(query.id, ok=True)

    return bot


if __name__ == "__main__":
    asyncio.run(build(sys.argv[1], sys.argv[2]).polling(timeout=5, request_timeout=20))
