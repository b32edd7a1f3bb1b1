"""aiogram's models, an independent schema of the Bot API, accept every answer of every method that is played."""

from __future__ import annotations

import asyncio
import io

import aiogram.methods as m
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    ChatAdministratorRights,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaPhoto,
    InputTextMessageContent,
    LabeledPrice,
    MenuButtonCommands,
    ReactionTypeEmoji,
    ShippingOption,
    Update,
)
from PIL import Image
from pydantic import BaseModel

from bot.sandbox.methods.registry import HANDLERS
from bot.sandbox.server import Sandbox

TOKEN = "424242:peer-models"
MAYA = 5001
GROUP = -1001000000001
PRICES = [LabeledPrice(label="Box", amount=500)]
EUROS = {"title": "Box", "description": "A box", "payload": "p", "currency": "EUR", "provider_token": "t:1"}
STARS = {**EUROS, "currency": "XTR", "provider_token": ""}
ARTICLE = InlineQueryResultArticle(
    id="1", title="t", input_message_content=InputTextMessageContent(message_text="<b>x</b>", parse_mode="HTML")
)
KEYS = InlineKeyboardMarkup(
    inline_keyboard=[[InlineKeyboardButton(text="a", callback_data="a"), InlineKeyboardButton(text="b", url="t.me/b")]]
)


def surprises(value, path="result"):
    """Fields that aiogram does not know, anywhere in an answer."""
    if isinstance(value, BaseModel):
        found = [f"{path}.{name}" for name in value.model_extra or {}]
        for name in type(value).model_fields:
            found += surprises(getattr(value, name), f"{path}.{name}")
        return found
    if isinstance(value, (list, tuple)):
        return [one for index, item in enumerate(value) for one in surprises(item, f"{path}[{index}]")]
    return []


class Judge:
    """Calls methods through aiogram, which validates the answer, and remembers which were called."""

    def __init__(self, bot):
        self.bot = bot
        self.called = set()

    async def __call__(self, method):
        result = await self.bot(method)
        assert surprises(result) == []
        self.called.add(type(method).__api_method__.lower())
        return result

    async def update(self):
        """The next update, confirmed."""
        update = (await self(m.GetUpdates(timeout=5, allowed_updates=[])))[0]
        await self(m.GetUpdates(offset=update.update_id + 1))
        return update


def png(side=40):
    out = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
async def sandbox():
    sandbox = Sandbox(token=TOKEN)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def judge(sandbox):
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base)))
    yield Judge(bot)
    await bot.session.close()


async def about_itself(judge):
    await judge(m.GetMe())
    scope = BotCommandScopeChat(chat_id=MAYA)
    await judge(m.SetMyCommands(commands=[BotCommand(command="a", description="b")], scope=scope))
    assert len(await judge(m.GetMyCommands(scope=scope))) == 1
    await judge(m.DeleteMyCommands(scope=scope))
    for name in ("Name", "Description", "ShortDescription"):
        field = {"Name": "name", "Description": "description", "ShortDescription": "short_description"}[name]
        await judge(getattr(m, f"SetMy{name}")(**{field: "words"}))
        assert getattr(await judge(getattr(m, f"GetMy{name}")()), field) == "words"
    await judge(m.SetChatMenuButton(chat_id=MAYA, menu_button=MenuButtonCommands()))
    await judge(m.GetChatMenuButton(chat_id=MAYA))
    rights = dict.fromkeys(ChatAdministratorRights.model_fields, True)
    await judge(m.SetMyDefaultAdministratorRights(rights=ChatAdministratorRights(**rights)))
    await judge(m.GetMyDefaultAdministratorRights())


async def texts(judge):
    sent = await judge(m.SendMessage(chat_id=MAYA, text="<b>x</b> @maya", parse_mode="HTML", reply_markup=KEYS))
    where = {"chat_id": MAYA, "message_id": sent.message_id}
    await judge(m.EditMessageText(**where, text="y", reply_markup=KEYS))
    await judge(m.EditMessageReplyMarkup(**where))
    await judge(m.SetMessageReaction(**where, reaction=[ReactionTypeEmoji(emoji="👍")]))
    await judge(m.CopyMessage(chat_id=MAYA, from_chat_id=MAYA, message_id=sent.message_id))
    await judge(m.ForwardMessage(chat_id=GROUP, from_chat_id=MAYA, message_id=sent.message_id))
    await judge(m.CopyMessages(chat_id=MAYA, from_chat_id=MAYA, message_ids=[sent.message_id]))
    await judge(m.ForwardMessages(chat_id=GROUP, from_chat_id=MAYA, message_ids=[sent.message_id]))
    await judge(m.PinChatMessage(**where))
    await judge(m.GetChat(chat_id=MAYA))
    await judge(m.UnpinChatMessage(chat_id=MAYA))
    await judge(m.UnpinAllChatMessages(chat_id=MAYA))
    await judge(m.SendChatAction(chat_id=MAYA, action="typing"))
    await judge(m.SendMessageDraft(chat_id=MAYA, draft_id=1, text="x"))
    await judge(m.SendLocation(chat_id=MAYA, latitude=1, longitude=2))
    await judge(m.SendVenue(chat_id=MAYA, latitude=1, longitude=2, title="t", address="a"))
    await judge(m.SendContact(chat_id=MAYA, phone_number="+1", first_name="n"))
    await judge(m.SendDice(chat_id=MAYA))
    poll = await judge(m.SendPoll(chat_id=GROUP, question="q", options=["a", "b"]))
    await judge(m.StopPoll(chat_id=GROUP, message_id=poll.message_id))
    await judge(m.DeleteMessage(**where))
    await judge(m.DeleteMessages(chat_id=MAYA, message_ids=[sent.message_id + 1]))


async def files(judge):
    sent = await judge(m.SendPhoto(chat_id=MAYA, photo=BufferedInputFile(png(), "a.png"), caption="c"))
    photo = sent.photo[-1].file_id
    where = {"chat_id": MAYA, "message_id": sent.message_id}
    await judge(m.EditMessageCaption(**where, caption="d"))
    await judge(m.EditMessageMedia(**where, media=InputMediaPhoto(media=BufferedInputFile(png(50), "b.png"))))
    await judge(m.SendMediaGroup(chat_id=MAYA, media=[InputMediaPhoto(media=photo), InputMediaPhoto(media=photo)]))
    for kind in ("Document", "Video", "Audio", "Voice", "Animation", "VideoNote", "Sticker"):
        field = "video_note" if kind == "VideoNote" else kind.lower()
        await judge(getattr(m, f"Send{kind}")(chat_id=MAYA, **{field: BufferedInputFile(b"bytes", "a.bin")}))
    await judge(m.GetFile(file_id=photo))
    await judge(m.GetUserProfilePhotos(user_id=MAYA))


async def chats(judge, sandbox):
    await judge(m.GetChat(chat_id=GROUP))
    for user_id in (MAYA, 5002, judge.bot.id):
        await judge(m.GetChatMember(chat_id=GROUP, user_id=user_id))
    await judge(m.GetChatMemberCount(chat_id=GROUP))
    sandbox.world.chats[GROUP].bot_admin = True
    await judge(m.GetChatAdministrators(chat_id=GROUP))
    await judge(m.SetChatTitle(chat_id=GROUP, title="t"))
    await judge(m.SetChatDescription(chat_id=GROUP, description="d"))
    await judge(m.ExportChatInviteLink(chat_id=GROUP))
    await judge(m.CreateChatInviteLink(chat_id=GROUP))
    await judge(m.BanChatMember(chat_id=GROUP, user_id=5002))
    await judge(m.UnbanChatMember(chat_id=GROUP, user_id=5002))
    await judge(m.LeaveChat(chat_id=GROUP))


async def questions(judge, sandbox):
    maya = sandbox.person("maya")
    await judge(m.GetUpdates(offset=-1))
    sandbox.world.updates.drop()
    sent = await judge(m.SendMessage(chat_id=MAYA, text="x", reply_markup=KEYS))
    await maya.press(sent.message_id, data="a", wait=0)
    await judge(m.AnswerCallbackQuery(callback_query_id=(await judge.update()).callback_query.id, text="t"))
    found = await maya.inline("q", wait=0)
    await judge(m.AnswerInlineQuery(inline_query_id=(await judge.update()).inline_query.id, results=[ARTICLE]))
    maya.choose(found["query_id"], "1")
    await judge.update()
    await judge.update()
    opened = maya.web_app({"url": "https://a.example.com/"})
    await judge(m.AnswerWebAppQuery(web_app_query_id=opened["query_id"], result=ARTICLE))
    await judge(m.SavePreparedInlineMessage(user_id=MAYA, result=ARTICLE))
    await judge.update()
    maya.set_blocked(True)
    maya.set_blocked(False)
    assert (await judge.update()).my_chat_member.new_chat_member.status == "kicked"
    await judge.update()


async def money(judge, sandbox):
    maya = sandbox.person("maya")
    sent = await judge(m.SendInvoice(chat_id=MAYA, prices=PRICES, is_flexible=True, need_name=True, **EUROS))
    paying = asyncio.create_task(maya.pay({"message_id": sent.message_id}))
    options = [ShippingOption(id="a", title="Post", prices=PRICES)]
    shipping = (await judge.update()).shipping_query
    await judge(m.AnswerShippingQuery(shipping_query_id=shipping.id, ok=True, shipping_options=options))
    checkout = (await judge.update()).pre_checkout_query
    await judge(m.AnswerPreCheckoutQuery(pre_checkout_query_id=checkout.id, ok=True))
    assert (await paying)["status"] == "paid"
    assert (await judge.update()).message.successful_payment.total_amount == 1000
    link = await judge(m.CreateInvoiceLink(prices=PRICES, subscription_period=2592000, **STARS))
    paying = asyncio.create_task(maya.pay({"slug": link.rsplit("$", 1)[1]}))
    checkout = (await judge.update()).pre_checkout_query
    await judge(m.AnswerPreCheckoutQuery(pre_checkout_query_id=checkout.id, ok=True))
    await paying
    charge = (await judge.update()).message.successful_payment.telegram_payment_charge_id
    await judge(m.RefundStarPayment(user_id=MAYA, telegram_payment_charge_id=charge))
    await judge.update()
    await judge(m.GetStarTransactions())
    await judge(m.GetMyStarBalance())


async def delivery(judge):
    await judge(m.SetWebhook(url="http://127.0.0.1:1/"))
    await judge(m.GetWebhookInfo())
    await judge(m.DeleteWebhook())
    await judge(m.Close())
    await judge(m.LogOut())


async def test_every_answer_of_every_played_method_fits_the_schema(judge, sandbox):
    await about_itself(judge)
    await texts(judge)
    await files(judge)
    await questions(judge, sandbox)
    await money(judge, sandbox)
    await chats(judge, sandbox)
    await delivery(judge)
    assert set(HANDLERS) - judge.called == set()


async def test_every_update_fits_the_schema(judge, sandbox):
    kinds = ["message", "edited_message", "message_reaction", "chat_member", "my_chat_member"]
    await judge(m.GetUpdates(allowed_updates=kinds))
    maya, lin = sandbox.person("maya"), sandbox.person("lin")
    said = maya.say("see https://a.com and /help")
    maya.edit(said.message_id, "changed")
    maya.react(said.message_id, "🎉")
    maya.send_contact({"phone_number": "+1"})
    maya.send_location({"latitude": 1, "longitude": 2})
    maya.web_app_data("{}", "Shop")
    lin.say("@sampan_bot", GROUP, None)
    updates = await judge(m.GetUpdates())
    assert len(updates) == 7
    assert all(isinstance(update, Update) for update in updates)
