"""Webhooks: in order within a lane, side by side between lanes, tried again until taken."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

SECRET = "s3cret_-A"


async def until(condition):
    """Ask again and again until the answer is yes; ten seconds at most."""
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110  # the condition lies behind HTTP
            await asyncio.sleep(0.01)


class Receiver:
    """A webhook that answers as told: `plan` holds the answer to each request, 200 when it is used up."""

    def __init__(self):
        self.got = []
        self.plan = []
        self.gates = {}
        self.running = self.most = 0
        self.slowness = 0.0
        self.news = asyncio.Condition()

    async def handle(self, request):
        self.running += 1
        self.most = max(self.most, self.running)
        body = await request.json()
        kind = next(name for name in body if name != "update_id")
        if kind in self.gates:
            await self.gates[kind].wait()
        await asyncio.sleep(self.slowness)
        self.running -= 1
        async with self.news:
            self.got.append((kind, body, dict(request.headers)))
            self.news.notify_all()
        return web.json_response(**self.plan.pop(0)) if self.plan else web.Response()

    async def wait(self, count):
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: len(self.got) >= count), 10)
        return self.got

    def texts(self):
        return [body["message"]["text"] for kind, body, _ in self.got if kind == "message"]


@pytest.fixture
async def hook():
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def api(make):
    _, client = await make(retry_first=0.01, retry_most=0.04)
    return client


async def test_updates_come_with_the_secret_and_in_order(api, hook):
    await api.does("maya", "say", text="before")
    assert (await api.call("setWebhook", url=hook.url, secret_token=SECRET)).result is True
    for text in ("one", "two", "three"):
        await api.does("maya", "say", text=text)
    got = await hook.wait(4)
    assert hook.texts() == ["before", "one", "two", "three"]
    assert got[0][2]["X-Telegram-Bot-Api-Secret-Token"] == SECRET
    info = (await api.call("getWebhookInfo")).result
    assert (info["url"], info["pending_update_count"], info["max_connections"]) == (hook.url, 0, 40)


async def test_a_refused_update_is_sent_again_before_the_next_of_its_chat(api, hook):
    hook.plan = [{"status": 500}, {"status": 502}]
    await api.call("setWebhook", url=hook.url)
    await api.does("maya", "say", text="one")
    await api.does("maya", "say", text="two")
    await hook.wait(4)
    assert hook.texts() == ["one", "one", "one", "two"]
    info = (await api.call("getWebhookInfo")).result
    assert info["last_error_message"] == "Wrong response from the webhook: 502 Bad Gateway"


async def test_chats_and_kinds_of_update_do_not_wait_for_each_other(api, hook):
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    sent = (await api.call("sendMessage", chat_id=5001, text="x", reply_markup=markup)).result
    hook.gates["message"] = asyncio.Event()
    await api.call("setWebhook", url=hook.url)
    await api.does("maya", "say", text="slow")
    await api.does("lin", "say", text="slow too")
    await api.does("maya", "press", message_id=sent["message_id"], label="a", timeout=0)
    got = await hook.wait(1)
    assert got[0][0] == "callback_query"
    hook.gates["message"].set()
    await hook.wait(3)
    assert sorted(hook.texts()) == ["slow", "slow too"]


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (1000, 100), (7, 7)])
async def test_the_number_of_connections_is_brought_into_its_bounds(api, hook, asked, given):
    await api.call("setWebhook", url=hook.url, max_connections=asked)
    assert await info_of(api, "max_connections") == given


async def test_no_more_than_the_asked_for_connections_are_used(api, hook):
    hook.slowness = 0.02  # long enough for the others to arrive meanwhile if they were sent
    for who in ("maya", "lin", "wei", "rosa"):
        await api.does(who, "say", text=who)
    await api.call("setWebhook", url=hook.url, max_connections=2)
    await hook.wait(4)
    assert hook.most == 2


async def said(api, text):
    return (await api.last())["text"] == text


async def info_of(api, name):
    return (await api.call("getWebhookInfo")).result.get(name)


async def nothing_pending(api):
    return await info_of(api, "pending_update_count") == 0


async def no_webhook(api):
    return await info_of(api, "url") == ""


async def test_a_method_in_the_answer_is_run(api, hook):
    hook.plan = [{"data": {"method": "sendMessage", "chat_id": 5001, "text": "from the answer"}}]
    await api.call("setWebhook", url=hook.url)
    await api.does("maya", "say", text="x")
    await until(lambda: said(api, "from the answer"))


async def test_retry_after_is_honoured_and_an_expired_update_is_dropped(make, hook):
    now = [1_800_000_000.0]
    _, api = await make(clock=lambda: now[0], retry_first=0.01, retry_most=0.01)
    hook.plan = [{"status": 429, "headers": {"Retry-After": "1"}}]
    await api.call("setWebhook", url=hook.url)
    loop = asyncio.get_running_loop()
    begin = loop.time()
    await api.does("maya", "say", text="x")
    await hook.wait(2)
    assert loop.time() - begin > 0.9
    hook.plan = [{"status": 500}] * 1000
    await api.does("maya", "inline", query="x", timeout=0)
    await hook.wait(4)
    now[0] += 31
    await until(lambda: nothing_pending(api))


async def test_a_webhook_that_is_gone_for_a_day_is_taken_away(make, hook):
    now = [1_800_000_000.0]
    _, api = await make(clock=lambda: now[0], retry_first=0.01, retry_most=0.01)
    hook.plan = [{"status": 410}] * 10_000
    await api.call("setWebhook", url=hook.url)
    await api.does("maya", "say", text="x")
    await hook.wait(2)
    now[0] += 23 * 3600
    await until(lambda: no_webhook(api))


async def polls(api):
    return (await api.get("/state"))["delivery"] == "polling"


async def test_polling_and_webhook_exclude_each_other(api, hook):
    waiting = asyncio.create_task(api.call("getUpdates", timeout=50))
    await until(lambda: polls(api))
    await api.call("setWebhook", url=hook.url)
    assert (await waiting).complaint == "409 Conflict: terminated by setWebhook request"
    conflict = await api.call("getUpdates")
    assert (conflict.status, conflict.body["error_code"]) == (409, 409)
    too_soon = await api.call("setWebhook", url=hook.url)
    assert (too_soon.status, too_soon.headers["Retry-After"]) == (429, "1")
    await api.call("deleteWebhook")
    assert (await api.call("getUpdates")).result == []


@pytest.mark.parametrize(
    "params",
    [{"url": "http://example.com/hook"}, {"url": "http://127.0.0.1/x", "secret_token": "no blanks"}],
)
async def test_a_webhook_outside_of_this_machine_or_with_a_bad_secret_is_refused(api, params):
    assert (await api.call("setWebhook", **params)).status == 400


async def test_a_receiver_that_is_not_there_is_written_down_and_tried_again(api, hook):
    await api.call("setWebhook", url="http://127.0.0.1:1/hook")
    await api.does("maya", "say", text="x")
    await until(lambda: info_of(api, "last_error_message"))
    info = (await api.call("getWebhookInfo")).result
    assert (info["last_error_message"], info["pending_update_count"]) == ("Connection refused", 1)
    await api.call("deleteWebhook")
    assert (await api.updates())[0]["message"]["text"] == "x"
