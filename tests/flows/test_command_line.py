"""`sampan …` as somebody meets it in a terminal: plain words, honest exit codes, never a traceback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.server import Sandbox
from tests.flows.driver import Town

LONG = 30.0  # seconds a command may take
SEPA = {"SAMPAN_SEPA_IBAN": "DE89370400440532013000", "SAMPAN_SEPA_NAME": "Olio GmbH", "SAMPAN_RATES": "history"}


async def sampan(*words: str, folder: Path, **env: str) -> asyncio.subprocess.Process:
    """Start the command with nothing of ours in the environment but `env`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMPAN_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words,
        env=clean | {"SAMPAN_DATA": str(folder / "data"), "SAMPAN_LISTEN": "127.0.0.1:0"} | env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def said(process: asyncio.subprocess.Process) -> tuple[int, str]:
    """Its exit code, and all it printed. A traceback in it is a failure."""
    async with asyncio.timeout(LONG):
        out, err = await process.communicate()
    words = out.decode() + err.decode()
    assert "Traceback" not in words, words
    assert process.returncode is not None
    return process.returncode, words


async def heard(process: asyncio.subprocess.Process, words: str) -> str:
    """The first line it prints that holds these words."""
    assert process.stdout is not None
    async with asyncio.timeout(LONG):
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, "it ended without saying it"
    return line


async def test_run_without_a_token_says_what_to_set_and_where_to_get_it(tmp_path):
    code, words = await said(await sampan("run", folder=tmp_path))
    assert code != 0
    assert "SAMPAN_BOT_TOKEN is not set" in words and "@BotFather" in words and "sampan doctor" in words


async def test_run_names_everything_that_is_wrong_at_once_and_repeats_no_secret(tmp_path):
    wrong = {"SAMPAN_BOT_TOKEN": "hunter2", "SAMPAN_ADMINS": "me", "SAMPAN_SEPA_IBAN": "DE00", "SAMPAN_LISTEN": "x"}
    code, words = await said(await sampan("run", folder=tmp_path, **wrong))
    assert code != 0
    for name in wrong:
        assert name in words
    assert "hunter2" not in words


async def test_run_where_telegram_cannot_be_reached_says_so(tmp_path):
    env = {"SAMPAN_BOT_TOKEN": "1:secret-part", "SAMPAN_BOT_API": "http://127.0.0.1:9"}
    code, words = await said(await sampan("run", folder=tmp_path, **env))
    assert code == 1 and words == "Telegram cannot be reached (NotSent). `sampan doctor` looks closer.\n"


async def test_run_with_a_token_that_telegram_does_not_know_says_so(tmp_path):
    world = Sandbox(token="1:the-right-one")
    try:
        env = {"SAMPAN_BOT_TOKEN": "1:another-one", "SAMPAN_BOT_API": await world.start()}
        code, words = await said(await sampan("run", folder=tmp_path, **env, **SEPA))
    finally:
        await world.stop()
    assert code == 1 and words == "Telegram does not know this token. Ask @BotFather for it (/mybots).\n"


async def test_a_running_shop_stops_at_once_and_in_peace_when_it_is_told_to(tmp_path):
    world = Sandbox()
    try:
        base = await world.start()
        shop = await sampan("run", folder=tmp_path, SAMPAN_BOT_TOKEN="1:x", SAMPAN_BOT_API=base, **SEPA)
        assert "serves by long polling" in await heard(shop, "serves by")
        async with aiohttp.ClientSession() as http:
            nora = await Town(base, http).newcomer()
            await nora.start()
            await nora.wait_for("Welcome")
        shop.send_signal(signal.SIGTERM)
        code, words = await said(shop)
    finally:
        await world.stop()
    assert code == 0 and "stopping" in words


async def test_migrate_makes_the_database_and_finds_nothing_to_do_the_second_time(tmp_path):
    code, first = await said(await sampan("migrate", folder=tmp_path))
    assert code == 0 and "the newest" in first
    code, again = await said(await sampan("migrate", "--json", folder=tmp_path))
    state = json.loads(again)
    assert code == 0 and state["revision"] == state["head"]


async def test_doctor_says_what_is_missing_and_what_to_do(tmp_path):
    code, words = await said(await sampan("doctor", folder=tmp_path))
    assert code == 1 and "SAMPAN_BOT_TOKEN" in words and "→" in words
    code, words = await said(await sampan("doctor", "--json", folder=tmp_path))
    assert any(not finding["good"] and finding["todo"] for finding in json.loads(words))


async def test_doctor_is_content_with_a_shop_that_can_serve(tmp_path):
    async def fixings(_: web.Request) -> web.Response:
        return web.json_response({"base": "EUR", "date": datetime.now(UTC).date().isoformat(), "rates": {"USD": 1.1}})

    world = Sandbox()
    world.app.router.add_get("/fixings", fixings)
    try:
        base = await world.start()
        env = {"SAMPAN_BOT_TOKEN": "1:x", "SAMPAN_BOT_API": base, "SAMPAN_ADMINS": "5005"}
        rates = {"SAMPAN_RATES": f"json:{base}/fixings"}
        await said(await sampan("migrate", folder=tmp_path))
        code, words = await said(await sampan("doctor", folder=tmp_path, **env, **SEPA | rates))
    finally:
        await world.stop()
    assert code == 0, words


async def test_a_demo_on_a_port_in_use_says_so(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, words = await said(await sampan("demo", "--no-browser", "--port", port, folder=tmp_path))
    assert code == 1 and port in words and "--port 0" in words


async def test_a_demo_with_a_folder_is_the_same_shop_after_a_restart(tmp_path):
    options = ("demo", "--no-browser", "--port", "0", "--data", str(tmp_path / "kept"))
    async with aiohttp.ClientSession() as http:
        for visit in ("first", "second"):
            demo = await sampan(*options, folder=tmp_path)
            town = Town((await heard(demo, "http://")).split()[-1], http)
            maya = town.chatter(5001)
            if visit == "first":
                await maya.start()
                await maya.wait_for("Welcome")
                await maya.press("See what is for sale")
                await maya.wait_for("For sale")
                await maya.press("Longjing")
                await maya.wait_for(lambda message: message["kind"] == "photo")
                await maya.press("Add to cart")
            else:
                await maya.say("/cart")
                assert "1 × Longjing" in (await maya.wait_for("Your cart"))["text"]
            demo.send_signal(signal.SIGINT)
            assert (await said(demo))[0] == 0


@pytest.mark.parametrize("words", [(), ("fly",), ("bench", "moon"), ("demo", "--port", "x")])
async def test_words_that_sampan_does_not_know_are_answered_with_its_usage(tmp_path, words):
    code, told = await said(await sampan(*words, folder=tmp_path))
    assert code == 2 and "usage: sampan" in told
