"""The rest of the control API: live events, the log of calls, faults, flood control."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

from aiohttp import web

from bot.sandbox import view
from bot.sandbox.control import Route, body_of, guarded, reply
from bot.sandbox.errors import bad_request, unknown
from bot.sandbox.events import Event
from bot.sandbox.world import World

Json = dict[str, Any]
See = Callable[[int], list[Event]]  # the events after this one that the reader asked for

_KEEPALIVE = 15.0


class Watching:
    """Routes to watch the bot and to disturb it."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        get, post, put, delete = web.get, web.post, web.put, web.delete
        table: list[tuple[Any, str, Route]] = [
            (get, "/events", self.events),
            (get, "/calls", self.calls),
            (delete, "/calls", self.forget_calls),
            (get, "/faults", self.faults),
            (post, "/faults", self.add_fault),
            (delete, "/faults", self.drop_faults),
            (delete, "/faults/{fault_id}", self.drop_fault),
            (get, "/limits", self.limits),
            (put, "/limits", self.set_limits),
            (get, "/pre-checkout", self.checkout),
            (put, "/pre-checkout", self.set_checkout),
        ]
        app.add_routes([make("/sandbox" + path, guarded(route)) for make, path, route in table])

    # -- events

    def _seen(self, after: int, user: int | None, kinds: frozenset[str]) -> list[Event]:
        return [
            event
            for event in self.world.events.after(after)
            if (not kinds or event.type in kinds) and (user is None or view.visible(self.world, event, user))
        ]

    async def events(self, request: web.Request) -> Any:
        query = request.query
        user = self.world.person(query["user"]).id if "user" in query else None
        given = query.get("after") or request.headers.get("Last-Event-ID")
        after = int(given) if given is not None else self.world.events.seq
        kinds = frozenset({*query["types"].split(","), "reset"} if "types" in query else ())
        see = partial(self._seen, user=user, kinds=kinds)
        if "text/event-stream" in request.headers.get("Accept", ""):
            return await self._stream(request, after, see)
        found = see(after)
        loop = asyncio.get_running_loop()
        end = loop.time() + min(max(float(query.get("timeout", 25)), 0), 60)
        while not found and loop.time() < end and not self.world.events.closed:
            now = self.world.events.seq
            await self.world.events.wait(now, end - loop.time())
            found = see(now)
        return {"events": [view.event(self.world, event) for event in found], "seq": self.world.events.seq}

    async def _stream(self, request: web.Request, after: int, see: See) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        await response.write(b": here\n\n")
        try:
            while not self.world.events.closed:
                latest = self.world.events.seq
                for event in see(after):
                    data = json.dumps(view.event(self.world, event), ensure_ascii=False)
                    await response.write(f"id: {event.seq}\ndata: {data}\n\n".encode())
                after = latest
                await self.world.events.wait(after, _KEEPALIVE)
                if self.world.events.seq == after:
                    await response.write(b": still here\n\n")
        except ConnectionError:
            pass  # the reader went away
        return response

    # -- calls

    async def calls(self, request: web.Request) -> Json:
        query = request.query
        after, limit = int(query.get("after", 0)), int(query.get("limit", 1000))
        method, chat_id = query.get("method", "").lower(), query.get("chat_id", "")
        found = (
            call.view()
            for call in reversed(self.world.events.calls)
            if call.seq > after
            and (not method or call.method.lower() == method)
            and (not chat_id or call.chat_id == chat_id)
        )
        return {"calls": list(islice(found, limit))[::-1], "seq": self.world.events.seq}

    async def forget_calls(self, request: web.Request) -> Json:
        self.world.events.calls.clear()
        return {}

    # -- trouble

    async def faults(self, request: web.Request) -> Json:
        return {"faults": [fault.view() for fault in self.world.faults.armed]}

    async def add_fault(self, request: web.Request) -> web.Response:
        return reply(self.world.faults.add(await body_of(request)).view(), 201)

    async def drop_faults(self, request: web.Request) -> Json:
        self.world.faults.armed.clear()
        return {}

    async def drop_fault(self, request: web.Request) -> Json:
        wanted = int(request.match_info["fault_id"])
        found = [fault for fault in self.world.faults.armed if fault.id == wanted]
        if not found:
            raise unknown("fault", f"there is no fault {wanted}")
        self.world.faults.armed.remove(found[0])
        return {}

    async def limits(self, request: web.Request) -> Json:
        return self.world.flood.settings

    async def set_limits(self, request: web.Request) -> Json:
        return self.world.flood.update(await body_of(request))

    async def checkout(self, request: web.Request) -> Json:
        return {"seconds": self.world.checkout_seconds}

    async def set_checkout(self, request: web.Request) -> Json:
        seconds = float((await body_of(request))["seconds"])
        if not 0 < seconds <= 600:
            raise bad_request("seconds are above 0 and at most 600")
        self.world.checkout_seconds = seconds
        return {"seconds": seconds}
