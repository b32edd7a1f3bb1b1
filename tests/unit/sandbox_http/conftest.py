"""A running sandbox, a raw Bot API client and a raw control client, for tests over HTTP on loopback."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass

import aiohttp
import pytest
from PIL import Image

from bot.sandbox.server import Sandbox

TOKEN = "424242:sandbox-test"
GROUP = -1001000000001


@dataclass
class Answer:
    """Status and decoded body, with headers."""

    status: int
    body: dict
    headers: dict

    @property
    def result(self):
        assert self.body["ok"], self.body
        return self.body["result"]

    @property
    def complaint(self):
        assert not self.body["ok"], self.body
        return f"{self.body['error_code']} {self.body['description']}"


class Client:
    """`call` speaks the Bot API in JSON; `get`, `post`, … the control API."""

    def __init__(self, base, session, token=TOKEN):
        self.base, self.session, self.token = base, session, token

    async def call(self, method, **params):
        return await self.request("POST", f"/bot{self.token}/{method}", json=params)

    async def request(self, verb, path, **kwargs):
        async with self.session.request(verb, self.base + path, **kwargs) as response:
            return Answer(response.status, json.loads(await response.read()), dict(response.headers))

    async def get(self, path):
        return (await self.request("GET", "/sandbox" + path)).body

    async def post(self, path, **body):
        return await self.request("POST", "/sandbox" + path, json=body)

    async def does(self, who, verb, **body):
        answer = await self.post(f"/people/{who}/{verb}", **body)
        assert answer.status in (200, 201), answer.body
        return answer.body

    async def updates(self, **params):
        got = (await self.call("getUpdates", **params)).result
        if got:
            await self.call("getUpdates", offset=got[-1]["update_id"] + 1)
        return got

    async def last(self, chat_id=5001):
        return (await self.get(f"/chats/{chat_id}/messages"))["messages"][-1]

    async def answering(self, act, answer_with):
        """Do something that waits for the bot; meanwhile take the one update and answer it."""
        task = asyncio.create_task(act)
        (update,) = await self.updates(timeout=5)
        answered = await answer_with(update)
        return update, answered, await task


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def make(session):
    """Start a sandbox with options; gives (sandbox, client)."""
    running = []

    async def start(**options):
        sandbox = Sandbox(**options)
        running.append(sandbox)
        return sandbox, Client(await sandbox.start(), session)

    yield start
    for sandbox in running:
        await sandbox.stop()


@pytest.fixture
async def api(make):
    return (await make())[1]


@pytest.fixture
def picture():
    """Bytes of a PNG of a given size."""

    def draw(width, height):
        out = io.BytesIO()
        Image.new("RGB", (width, height), "#2a9d8f").save(out, "PNG")
        return out.getvalue()

    return draw
