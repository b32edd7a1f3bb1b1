"""The transport: python-telegram-bot's own Bot over it, and no token in anything it says."""

import asyncio
import email
import email.message
import logging
import socket
import traceback
from collections.abc import AsyncIterator
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from bot.wire.request import AiohttpRequest, NotSent, multipart, proxy_for

from .fakes import TOKEN, Stub

MESSAGE = {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}}


@pytest.fixture
async def bot(stub: Stub) -> AsyncIterator[Bot]:
    request = AiohttpRequest(read_timeout=5)
    async with request:
        yield Bot(TOKEN, f"{stub.url}/bot", f"{stub.url}/file/bot", request=request)


async def test_a_call_goes_as_json_and_its_answer_comes_back(bot: Bot, stub: Stub) -> None:
    stub.answer("sendMessage", 200, MESSAGE)
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("付款 & go", callback_data="x")]])
    assert (await bot.send_message(1, "你好 <b>", reply_markup=keyboard)).message_id == 1
    _method, sent = stub.calls[0]
    assert (sent["chat_id"], sent["text"]) == (1, "你好 <b>")
    assert sent["reply_markup"]["inline_keyboard"][0][0]["text"] == "付款 & go"


async def test_a_file_goes_as_multipart_under_its_own_name(bot: Bot, stub: Stub) -> None:
    stub.answer("sendPhoto", 200, MESSAGE)
    await bot.send_photo(1, InputFile(b"\x89PNG" * 500_000, filename='收据 "1".png'), caption="价格 & more")
    _method, sent = stub.calls[0]
    assert sent["caption"] == "价格 & more"
    assert sent["photo"] == ('收据 "1".png', b"\x89PNG" * 500_000)


async def test_a_files_name_ends_neither_its_quotes_nor_its_line(bot: Bot, stub: Stub) -> None:
    stub.answer("sendPhoto", 200, MESSAGE)
    name = 'a" name="caption"\r\n\r\nmine\r\n--'
    await bot.send_photo(1, InputFile(b"\r\n--\r\n", filename=name), caption="ours")
    _method, sent = stub.calls[0]
    assert sent["caption"] == "ours"
    assert sent["photo"] == ('a" name="caption"  mine --', b"\r\n--\r\n")


def test_another_parser_reads_the_same_names() -> None:
    name = 'a"; name="caption'
    body, boundary = multipart({"text": "ours"}, {"upload": (name, b"bytes", "image/jpeg")})
    told = email.message_from_bytes(f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n".encode() + body)
    text, file = cast(list[email.message.Message], told.get_payload())
    assert text.get_param("name", header="content-disposition") == "text" and text.get_payload() == "ours"
    assert file.get_param("name", header="content-disposition") == "upload"
    assert file.get_filename() == name and file.get_payload(decode=True) == b"bytes"


async def test_a_file_is_fetched(bot: Bot, stub: Stub) -> None:
    stub.answer("photo.jpg", 200, b"\xff\xd8pixels")
    assert await bot.request.retrieve(f"{stub.url}/file/bot{TOKEN}/photo.jpg") == b"\xff\xd8pixels"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"ok": False, "description": "Bad Request: message is not modified"}, BadRequest),
        (401, {"ok": False, "description": "Unauthorized"}, InvalidToken),
        (403, {"ok": False, "description": "Forbidden: bot was blocked by the user"}, Forbidden),
        (409, {"ok": False, "description": "Conflict"}, Conflict),
        (429, {"ok": False, "description": "Flood", "parameters": {"retry_after": 7}}, RetryAfter),
        (502, b"<html>a proxy's page</html>", NetworkError),
        (500, {"ok": False, "description": "Internal"}, NetworkError),
    ],
)
async def test_each_fault_has_python_telegram_bots_own_name(
    status: int, body: object, error: type[Exception], bot: Bot, stub: Stub
) -> None:
    stub.answer("close", status, body)
    with pytest.raises(error) as raised:
        await bot.close()
    assert "proxy's page" not in str(raised.value)


async def test_the_token_follows_no_redirect(bot: Bot, stub: Stub) -> None:
    stub.answer("close", 307, b"", Location="logOut")
    with pytest.raises(NetworkError, match="answered 307"):
        await bot.close()
    assert [method for method, _ in stub.calls] == ["close"]


async def test_an_answer_that_is_no_json_is_not_quoted(bot: Bot, stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    stub.answer("close", 200, b"{Via Roma 1")
    with caplog.at_level(logging.DEBUG), pytest.raises(Exception, match="not JSON") as raised:
        await bot.close()
    assert "Roma" not in caplog.text + str(raised.value)


def everything(error: BaseException | None) -> str:
    """All an error could ever print: itself and whatever it was raised from."""
    told = ""
    while error is not None:
        told += repr(error) + str(error) + "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__
    return told


def refused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    raise AssertionError


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def test_silence_is_timed_out_and_perhaps_done(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    stub.plan["close"] = [hang]
    await refuses(f"{stub.url}/bot", TimedOut, caplog)


async def test_a_broken_connection_is_a_network_error(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    stub.plan["close"] = [hang_up]
    await refuses(f"{stub.url}/bot", NetworkError, caplog)


async def test_no_connection_means_nothing_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    await refuses(f"http://127.0.0.1:{refused_port()}/bot", NotSent, caplog)
    await refuses("gopher:///bot", NetworkError, caplog)
    await refuses("http:///bot", NotSent, caplog)


async def refuses(base: str, error: type[Exception], caplog: pytest.LogCaptureFixture) -> None:
    """The call fails so, and neither the error, what it came from, nor the log knows the token."""
    async with AiohttpRequest(read_timeout=0.05) as request:
        with (
            caplog.at_level(logging.DEBUG, "bot"),
            caplog.at_level(logging.DEBUG, "aiohttp"),
            pytest.raises(error) as raised,
        ):
            await Bot(TOKEN, base, request=request).close()
    assert type(raised.value) is error
    assert TOKEN not in everything(raised.value)
    assert TOKEN not in caplog.text


async def test_it_must_be_opened_first_and_can_be_opened_again(stub: Stub) -> None:
    request = AiohttpRequest()
    bot = Bot(TOKEN, f"{stub.url}/bot", request=request)
    with pytest.raises(NetworkError, match="not initialized"):
        await bot.close()
    for _ in range(2):
        async with request:
            assert await bot.close()


async def test_connections_are_kept(stub: Stub) -> None:
    seen = set()

    async def who(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        seen.add(request.transport.get_extra_info("peername"))
        return web.json_response({"ok": True, "result": True})

    stub.plan["close"] = [who] * 5
    async with AiohttpRequest() as request:
        for _ in range(5):
            await Bot(TOKEN, f"{stub.url}/bot", request=request).close()
    assert len(seen) == 1


def test_the_environments_proxy_is_for_others_than_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    assert proxy_for("https://api.telegram.org") == "http://proxy.example:3128"
    assert proxy_for("http://127.0.0.1:8081") is None
    monkeypatch.delenv("https_proxy")
    assert proxy_for("https://api.telegram.org") is None


def test_aiohttp_is_the_one_whose_timeouts_were_read() -> None:
    # `sock_read` starting before the upload ends is what upload_timeout is for; look again at the next major version.
    assert aiohttp.__version__.startswith("3.")
