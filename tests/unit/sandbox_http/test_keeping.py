"""A sandbox with a folder remembers chats, files and undelivered updates; one without forgets them."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from bot.sandbox.server import Sandbox

PATH = "/bot424242:sandbox-test"
KEYS = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}


async def test_a_restart_keeps_what_was_said_and_what_waits(make, picture, tmp_path):
    first, api = await make(data=tmp_path)
    await api.does("maya", "say", text="hello")
    form = aiohttp.FormData({"chat_id": "5001"})
    form.add_field("photo", picture(200, 100), filename="a.png")
    photo = (await api.request("POST", f"{PATH}/sendPhoto", data=form)).result["photo"][-1]["file_id"]
    await api.call("sendMessage", chat_id=5001, text="card", reply_markup=KEYS)
    await api.call("setMyCommands", commands=[{"command": "help", "description": "h"}])
    before = await api.get("/chats/5001/messages")
    await first.stop()

    _, api = await make(data=tmp_path)
    assert (await api.get("/chats/5001/messages"))["messages"] == before["messages"]
    (waiting,) = await api.updates()
    assert waiting["message"]["text"] == "hello"
    assert (await api.call("sendPhoto", chat_id=5002, photo=photo)).result["photo"][-1]["width"] == 200
    assert (await api.get("/people/maya/commands"))["commands"][0]["command"] == "help"
    await api.does("maya", "press", message_id=3, label="a", timeout=0)
    said = await api.does("maya", "say", text="again")
    assert said["message_id"] == 4
    assert [update["update_id"] > waiting["update_id"] for update in await api.updates()] == [True, True]


async def test_a_page_that_was_open_is_told_to_read_again(make, tmp_path):
    first, api = await make(data=tmp_path)
    seq = (await api.get("/state"))["seq"]
    await first.stop()
    _, api = await make(data=tmp_path)
    assert [event["type"] for event in (await api.get(f"/events?after={seq}"))["events"]] == ["reset"]
    _, other = await make()
    assert [event["type"] for event in (await other.get("/events?after=999"))["events"]] == ["reset"]


async def test_a_kill_loses_no_more_than_a_moment(make, tmp_path):
    _, api = await make(data=tmp_path)
    await api.does("maya", "say", text="hello")
    async with asyncio.timeout(10):
        while "hello" not in "".join(file.read_text() for file in tmp_path.glob("*.json")):  # noqa: ASYNC110  # a file
            await asyncio.sleep(0.02)
    saved = json.loads((tmp_path / "telegram.json").read_text())
    assert saved["pending"][0]["body"]["message"]["text"] == "hello"


def test_a_file_that_is_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "telegram.json").write_text("{}")
    with pytest.raises(RuntimeError, match="is not a sandbox's memory"):
        Sandbox(data=tmp_path)
    assert (tmp_path / "telegram.json").read_text() == "{}"
