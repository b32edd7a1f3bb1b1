"""Whatever a bot sends, the sandbox answers in words: no parameter breaks it."""

from __future__ import annotations

import inspect
import io

import pytest
from PIL import Image

from bot.sandbox.errors import ApiError
from bot.sandbox.methods.registry import HANDLERS
from bot.sandbox.params import Params, Upload
from bot.sandbox.schema import METHODS
from bot.sandbox.server import Sandbox

NONSENSE = [
    None, "", "x", "--5", "٣", "{", "[null]", 10**30, -1, 1.5, float("nan"), True, [], {}, [None], [[]], [{}], {"a": 1},
    "<b>", "*", "[a](", {"type": "x"}, {"url": 5}, {"type": "chat", "chat_id": {}}, {"type": "web_app", "web_app": 5},
    {"message_id": "z"}, {"inline_keyboard": [["a"]]}, {"inline_keyboard": [[{"text": "x", "callback_data": {}}]]},
    {"keyboard": [[5]]}, [{"type": "bold", "offset": "x", "length": None}], [{"type": "emoji", "emoji": 1}],
    [{"type": "text_mention", "offset": 0, "length": 1, "user": 5}], [{"label": 5, "amount": "x"}],
    [{"type": "article", "id": 1, "title": "t", "input_message_content": {"latitude": "x"}}], [{"command": 1}],
    {"type": "photo", "media": "attach://f"},
]  # fmt: skip
SENSE = {
    "chat_id": 5001, "from_chat_id": 5001, "user_id": 5001, "text": "hello", "photo": "attach://f", "question": "q",
    "title": "t", "description": "d", "payload": "p", "currency": "XTR", "action": "typing", "phone_number": "1",
    "first_name": "n", "latitude": 1, "longitude": 1, "address": "a", "prices": [{"label": "a", "amount": 5}],
    "options": ["a"], "media": [{"type": "photo", "media": "attach://f"}] * 2, "message_ids": [1], "ok": True,
    "shipping_options": [{"id": "1", "title": "t", "prices": [{"label": "a", "amount": 5}]}],
}  # fmt: skip
WAITING = {"getupdates", "setwebhook", "deletewebhook"}


@pytest.fixture
async def sandbox():
    """A world with one message of the bot and one question of every kind open."""
    sandbox = Sandbox()
    world, maya = sandbox.world, sandbox.person("maya")
    maya.say("hello")
    for chat in world.chats.values():
        chat.bot_admin = True
    for kind in ("callback_query", "inline_query", "pre_checkout_query", "shipping_query"):
        SENSE[f"{kind}_id"] = world.ask(kind, maya.person, {}, 1e9, world.chats[5001].latest()).id
    SENSE["web_app_query_id"] = world.open_web_app(maya.person, 5001, 1e9).id
    SENSE["message_id"] = world.post(world.chats[5001], world.bot, {"text": "t"}).message_id
    return sandbox


@pytest.mark.parametrize("name", sorted(set(HANDLERS) - WAITING))
async def test_nonsense_in_any_parameter_is_refused_in_words_or_taken(name, sandbox, picture_bytes):
    method = METHODS[name]
    assert not inspect.iscoroutinefunction(HANDLERS[name])
    for parameter in sorted(method.parameters):
        for value in NONSENSE:
            sense = {known: SENSE[known] for known in method.parameters if known in SENSE}
            params = Params({**sense, parameter: value}, {"f": Upload("f.png", picture_bytes, "image/png")})
            try:
                await sandbox.execute(method, params)
            except ApiError as error:
                assert error.code in (400, 403)


@pytest.fixture
def picture_bytes():
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    return out.getvalue()
