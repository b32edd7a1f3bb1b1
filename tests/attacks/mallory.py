"""Mallory stands in the line between the shop and somebody it talks to, and alters what is said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

Alter = Callable[[str, bytes], bytes | web.Response | None]
"""Path and body of an answer → another body, a whole answer, or None: let it pass."""

_HOP = {"transfer-encoding", "content-length", "content-encoding", "connection", "date", "server"}


class Mallory:
    """A proxy on loopback in front of `target`; `url` is where the shop believes its peer to be."""

    def __init__(self, target: str = "") -> None:
        self.target, self.url = target.rstrip("/"), ""
        self.alter: Alter = lambda path, body: None
        self.instead: Callable[[str], web.Response | None] = lambda path: None  # answers that nobody else gave
        self.seen: list[tuple[str, str, bytes]] = []  # verb, path, body of every question

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen.append((request.method, request.path_qs, body))
        if (own := self.instead(request.path)) is not None:
            return own
        headers = {name: value for name, value in request.headers.items() if name.lower() not in {"host", *_HOP}}
        async with aiohttp.request(
            request.method, self.target + request.path_qs, data=body or None, headers=headers, allow_redirects=False
        ) as answer:
            told = await answer.read()
            altered = self.alter(request.path, told)
            if isinstance(altered, web.Response):
                return altered
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
            return web.Response(status=answer.status, body=told if altered is None else altered, headers=kept)


@asynccontextmanager
async def listening(handler: Callable[[web.Request], object], **site: object) -> AsyncIterator[str]:
    """A server on a port of the system's choosing that answers everything by `handler`; its address."""
    app = web.Application(client_max_size=50_000_000)
    app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, **site).start()  # type: ignore[arg-type]
        yield f"{'https' if site else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def between(target: str = "") -> AsyncIterator[Mallory]:
    """Mallory in front of `target`, which may be set later."""
    mallory = Mallory(target)
    async with listening(mallory._pass_on) as mallory.url:
        yield mallory
