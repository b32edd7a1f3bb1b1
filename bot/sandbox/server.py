"""The Bot API over HTTP, and the Sandbox that ties server, people and control API together."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox.acts import Actor
from bot.sandbox.control import Control
from bot.sandbox.errors import ApiError
from bot.sandbox.events import Call
from bot.sandbox.faults import Fault
from bot.sandbox.files import MAX_DOWNLOAD, MAX_UPLOAD
from bot.sandbox.methods import chats, delivery, edit, inline, media, payments, profile, send  # noqa: F401
from bot.sandbox.methods.registry import HANDLERS
from bot.sandbox.params import Params, read_params
from bot.sandbox.people import SEED_PEOPLE, Person
from bot.sandbox.schema import METHODS, Method
from bot.sandbox.snapshot import Keeper
from bot.sandbox.verbs import Verbs
from bot.sandbox.watching import Watching
from bot.sandbox.world import World

Json = dict[str, Any]

_log = logging.getLogger(__name__)

PAGE = Path(__file__).with_name("page")
_FORBIDDEN_IN_REPLY = ("get", "setwebhook", "deletewebhook", "close", "logout")
_UNAUTHORIZED = ApiError(401, "Unauthorized: invalid token specified")


class Sandbox:
    """A Telegram of one's own on loopback.

    `token` pins the bot's token (any is taken otherwise); `clock` gives Unix seconds; `people` are who lives there;
    `privacy` is group privacy mode; `poll_hold` is how long a repeated empty getUpdates is held (3 s on the official
    server, 0 here, so that a bot stops at once); `retry_first`, `retry_most` are the pauses of webhook retries.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        bot_username: str = "sampan_bot",
        bot_name: str = "Sampan",
        token: str | None = None,
        people: Iterable[Person] = SEED_PEOPLE,
        privacy: bool = True,
        poll_hold: float = 0.0,
        retry_first: float = 1.0,
        retry_most: float = 60.0,
        data: Path | None = None,
        page: Path = PAGE,
    ) -> None:
        self.world = World(
            clock=clock,
            bot_username=bot_username,
            bot_name=bot_name,
            people=people,
            privacy=privacy,
            folder=data,
            poll_hold=poll_hold,
        )
        self.clock = clock
        self.token = token
        self._keeper = Keeper(self.world, data) if data else None
        if self._keeper is not None:
            self._keeper.load()
        if token is not None:
            self.world.see_token(token)
        self.base = ""
        self.world.post_office.on_reply = self._webhook_reply
        self.world.post_office.retry_first = retry_first
        self.world.post_office.retry_most = retry_most
        self.app = web.Application(client_max_size=MAX_UPLOAD + 1_000_000)
        self.app.router.add_route("*", "/bot{rest:.+}", self._bot_api)
        self.app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        Control(self.world, self._forget_webhook).add_routes(self.app)
        Verbs(self.world).add_routes(self.app)
        Watching(self.world).add_routes(self.app)
        self._page = page
        self._runner: web.AppRunner | None = None

    # -- life

    async def start(self, port: int = 0) -> str:
        """Serve on 127.0.0.1; port 0 lets the OS choose. Gives the base URL."""
        self.app.router.add_get("/{name:.*}", self._page_file)  # last, so that every mounted route goes first
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=1.0)
        self.world.events.open()
        self.app.on_shutdown.append(self._let_go)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        if self._keeper is not None:
            self._keeper.start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.base

    async def stop(self) -> None:
        """Let every waiting reader go and close. Nothing is lost that `data` keeps."""
        if self._runner is not None:
            await self.world.post_office.set(None)
            await self._runner.cleanup()
            self._runner = None
            if self._keeper is not None:
                await self._keeper.stop()

    async def _let_go(self, app: web.Application) -> None:
        self.world.events.close()
        self.world.updates.interrupt("stop")

    async def _forget_webhook(self) -> None:
        await self.world.post_office.set(None)

    def person(self, who: str | int) -> Actor:
        """Somebody to act as, in the same process. Raises ControlError 404."""
        return Actor(self.world, self.world.person(who))

    # -- the Bot API

    async def _bot_api(self, request: web.Request) -> web.StreamResponse:
        token, _, name = request.match_info["rest"].partition("/")
        name = name.removeprefix("test/").strip("/").lower()
        try:
            self._check_token(token)
            params = await read_params(request)
            return await self._call(request, name, params)
        except ApiError as error:
            return _failure(error)

    def _check_token(self, token: str) -> None:
        wrong = token.startswith("0") or len(token) > 80 or ":" not in token
        if wrong or (self.token is not None and token != self.token):
            raise _UNAUTHORIZED
        self.world.see_token(token)

    async def _call(self, request: web.Request, name: str, params: Params) -> web.StreamResponse:
        method = METHODS.get(name)
        if method is None:
            raise ApiError(404, "Not Found: method not found")
        world = self.world
        call = Call(
            0, world.clock(), method.name, params.shown(), sorted(params.values.keys() - method.parameters),
            params.text("chat_id"),
        )  # fmt: skip
        begin = time.perf_counter()
        fault = world.faults.strike(method.name, params) if world.faults.armed else None
        if fault is not None:
            call.fault = fault.id
        try:
            result = await self._result(request, method, params, fault)
            call.result = result
            return _success(result)
        except ApiError as error:
            call.ok, call.error_code, call.description = False, error.code, error.description
            raise
        except Exception as error:
            _log.exception("%s failed in the sandbox", method.name)
            call.ok, call.error_code, call.description = False, 500, f"Internal Server Error: {type(error).__name__}"
            raise ApiError(500, call.description) from error
        finally:
            call.ms = round((time.perf_counter() - begin) * 1000, 3)
            if name != "getupdates" or call.result or not call.ok:
                world.events.add_call(call)

    async def _result(self, request: web.Request, method: Method, params: Params, fault: Fault | None) -> Any:
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.drop == "before":
                _cut(request)
            error = fault.error() if fault.drop is None else None
            if error is not None:
                raise error
        result = await self.execute(method, params)
        if fault is not None and fault.drop == "after":
            _cut(request)
        return result

    async def execute(self, method: Method, params: Params) -> Any:
        """Run a method as flood control allows. Raises ApiError; 501 for a method that is not played."""
        handler = HANDLERS.get(method.name.lower())
        if handler is None:
            raise ApiError(501, f"Not Implemented: the sandbox does not play {method.name}")
        self.world.flood.check(method.name, params.text("chat_id"))
        result = handler(self.world, params)
        return await result if inspect.isawaitable(result) else result

    async def _webhook_reply(self, body: Json) -> None:
        """A method in the answer to a webhook: run, its result seen by nobody."""
        name = str(body.pop("method")).lower()
        method = METHODS.get(name)
        if method is None or name.startswith(_FORBIDDEN_IN_REPLY):
            return
        params = Params(body)
        call = Call(0, self.world.clock(), method.name, params.shown(), [], params.text("chat_id"))
        try:
            call.result = await self.execute(method, params)
        except ApiError as error:
            call.ok, call.error_code, call.description = False, error.code, error.description
        self.world.events.add_call(call)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request.match_info["token"])
        except ApiError as error:
            return _failure(error)
        stored = self.world.files.by_path.get(request.match_info["path"])
        if stored is None or stored.size > MAX_DOWNLOAD:
            return _failure(ApiError(404, "Not Found"))
        data = await asyncio.to_thread(self.world.files.read, stored)
        return web.Response(body=data, content_type="application/octet-stream")

    # -- the page

    async def _page_file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"] or "index.html"
        path = (self._page / name).resolve()
        if not path.is_relative_to(self._page.resolve()) or not path.is_file():
            return _failure(ApiError(404, "Not Found"))
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


def _cut(request: web.Request) -> None:
    """Drop the connection in the middle: the bot cannot know whether its call was done."""
    if request.transport is not None:
        request.transport.abort()
    raise ApiError(500, "the connection was cut by a fault")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def _success(result: Any) -> web.Response:
    return web.Response(body=f'{{"ok":true,"result":{_encode(result)}}}'.encode(), content_type="application/json")


def _failure(error: ApiError) -> web.Response:
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    headers = {}
    if error.retry_after is not None:
        body["parameters"] = {"retry_after": error.retry_after}
        headers["Retry-After"] = str(error.retry_after)
    return web.Response(
        body=_encode(body).encode(), status=error.code, headers=headers, content_type="application/json"
    )
