"""The small bot, written with python-telegram-bot."""

from __future__ import annotations

import contextlib

from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LabeledPrice,
    Update,
)
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    ChosenInlineResultHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    PreCheckoutQueryHandler,
    filters,
)


async def start(update, context):
    buttons = [
        InlineKeyboardButton("Buy", callback_data="buy"),
        InlineKeyboardButton("Code", copy_text=CopyTextButton("PIX")),
    ]
    text = f"Welcome <b>{update.effective_user.first_name}</b>, you came for {context.args[0]}"
    await update.message.reply_html(text, reply_markup=InlineKeyboardMarkup([buttons]))


async def pay(update, context):
    await update.message.reply_invoice("Box", "A box", "order-7", "XTR", [LabeledPrice("Box", 5)])


async def echo(update, context):
    await update.message.reply_text(f"echo: {update.message.text}")


async def pressed(update, context):
    await update.callback_query.answer("In the cart")
    await update.callback_query.edit_message_text("Bought")


async def photo(update, context):
    file = await update.message.photo[-1].get_file()
    data = bytes(await file.download_as_bytearray())
    await update.message.reply_photo(data, caption=f"{len(data)} bytes")


async def inline(update, context):
    content = InputTextMessageContent(f"<b>Card</b> {update.inline_query.query}", parse_mode="HTML")
    await update.inline_query.answer([InlineQueryResultArticle("r1", f"Find {update.inline_query.query}", content)])


async def chosen(update, context):
    result = update.chosen_inline_result
    await context.bot.send_message(result.from_user.id, f"chosen {result.result_id}")


async def checkout(update, context):
    await update.pre_checkout_query.answer(ok=True)


async def paid(update, context):
    await update.message.reply_text(f"Thanks for {update.message.successful_payment.invoice_payload}")


@contextlib.asynccontextmanager
async def running(base: str, token: str):
    """The bot, polling until the block ends."""
    builder = ApplicationBuilder().token(token).base_url(f"{base}/bot").base_file_url(f"{base}/file/bot")
    application = builder.job_queue(None).build()
    application.add_handlers(
        [
            CommandHandler("start", start),
            CommandHandler("pay", pay),
            CallbackQueryHandler(pressed),
            MessageHandler(filters.PHOTO, photo),
            MessageHandler(filters.SUCCESSFUL_PAYMENT, paid),
            MessageHandler(filters.TEXT & ~filters.COMMAND & filters.ChatType.PRIVATE, echo),
            InlineQueryHandler(inline),
            ChosenInlineResultHandler(chosen),
            PreCheckoutQueryHandler(checkout),
        ]
    )
    async with application:
        await application.start()
        await application.updater.start_polling(allowed_updates=Update.ALL_TYPES)
        yield
        await application.updater.stop()
        await application.stop()
