"""What every test of the wire may ask for."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.wire.intake import Intake

from .fakes import TOKEN, MemoryInbox, Shop, Stub, an_intake


@pytest.fixture
def inbox() -> MemoryInbox:
    return MemoryInbox()


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def intake(inbox: MemoryInbox, shop: Shop) -> Intake:
    return an_intake(inbox, shop)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    api = Stub()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/bot" + TOKEN + "/{method}", api.serve)
    app.router.add_route("*", "/file/bot" + TOKEN + "/{method}", api.serve)
    server = TestServer(app)
    await server.start_server(access_log=None)  # its log would hold the token, and the tests look for that
    api.url = str(server.make_url("")).rstrip("/")
    yield api
    await server.close()
