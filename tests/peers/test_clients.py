"""Other people's Bot API clients run one small bot's whole script against the sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from tests.peers.clients import bot_aiogram, bot_ptb
from tests.peers.clients.shopper import Shopper, play

CLIENTS = Path(__file__).parent / "clients"
NODE = CLIENTS / "node"
TOKEN = "424242:peer-clients"


@contextlib.asynccontextmanager
async def program(*command: str):
    """A bot in a process of its own, ended with the block."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    failed = True
    try:
        yield
        failed = False
    finally:
        if process.returncode is None:
            process.kill()
        said, _ = await process.communicate()
        if failed:
            print(said.decode(errors="replace")[-3000:])


def needs_node(package: str) -> str:
    """The node program. Skips where it or the package is missing."""
    node = shutil.which("node")
    if node is None:
        pytest.skip(f"{package} needs Node.js: apt-get install nodejs npm")
    if not (NODE / "node_modules" / package).is_dir():
        pytest.skip(f"{package} is not installed: npm install --prefix tests/peers/clients/node")
    return node


def client(name: str, base: str):
    match name:
        case "python-telegram-bot":
            return bot_ptb.running(base, TOKEN)
        case "aiogram":
            return bot_aiogram.running(base, TOKEN)
        case "pyTelegramBotAPI":
            return program(sys.executable, str(CLIENTS / "bot_telebot.py"), base, TOKEN)
        case "grammy" | "telegraf":
            return program(needs_node(name), str(NODE / f"bot_{name}.cjs"), base, TOKEN)
    raise AssertionError(name)


@pytest.mark.parametrize("name", ["python-telegram-bot", "aiogram", "pyTelegramBotAPI", "grammy", "telegraf"])
async def test_a_small_bot_written_with_another_client_sells_a_box(name):
    sandbox = Sandbox(token=TOKEN)
    base = await sandbox.start()
    try:
        async with client(name, base), aiohttp.ClientSession() as session:
            await play(Shopper(base, session))
            refused = [f"{call.method}: {call.description}" for call in sandbox.world.events.calls if not call.ok]
            assert refused == []
    finally:
        await sandbox.stop()
