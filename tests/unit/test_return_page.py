"""The page that a provider sends the buyer back to: anybody may open it, and it decides nothing."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web.return_page import ROUTE, ReturnPage
from core.ids import OperationId


@pytest.mark.parametrize(("browser", "words"), [("zh-CN,zh;q=0.9", "核实"), ("xx", "checked"), ("", "check")])
async def test_it_says_in_the_browsers_language_that_the_payment_is_being_checked(browser: str, words: str) -> None:
    asked: list[OperationId] = []

    async def ask_soon(operation: OperationId) -> None:
        asked.append(operation)

    app = web.Application()
    app.router.add_get(ROUTE, ReturnPage(ask_soon).show)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        async with client.get("/return/0P1", headers={"Accept-Language": browser}) as answer:
            page = await answer.text()
        assert (answer.status, words in page, asked) == (200, True, [OperationId("0P1")])
        assert (await client.get("/return/<script>")).status == 404
        assert (await client.post("/return/0P1")).status == 405
