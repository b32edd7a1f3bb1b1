"""A gateway for SMS and mail of one's own: what the shop has it send pops up on the page, as on a telephone's screen.

POST /sms/send     {id, channel: "sms" | "email", to, text}, with Authorization: Bearer <key> -> 202; an id counts once
GET  /sms/letters  what was sent, newest first: for tests
"""

from __future__ import annotations

import hmac
from collections import deque
from typing import Any

from aiohttp import web

DEMO_KEY = "demo-gateway-key"
_KEPT = 100
_FIELDS = ("id", "channel", "to", "text")


class Gateway:
    """Takes messages for telephones that nobody has to own: whoever looks at the page sees them."""

    def __init__(self, sandbox: Any, key: str = DEMO_KEY) -> None:
        self._world, self._key = sandbox.world, key
        self.letters: deque[dict[str, str]] = deque(maxlen=_KEPT)
        sandbox.app.router.add_post("/sms/send", self._send)
        sandbox.app.router.add_get("/sms/letters", self._show)

    async def _send(self, request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {self._key}".encode()):
            return web.json_response({"error": "who are you?"}, status=401)
        try:
            told = await request.json()
            letter = {name: told[name] for name in _FIELDS}
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "id, channel, to and text are needed"}, status=400)
        if not all(isinstance(one, str) and one for one in letter.values()):
            return web.json_response({"error": "id, channel, to and text are texts"}, status=400)
        if all(one["id"] != letter["id"] for one in self.letters):
            self.letters.appendleft(letter)
            self._ring(letter)
        return web.json_response({"id": letter["id"]}, status=202)

    def _ring(self, letter: dict[str, str]) -> None:
        """No telephone here has a number: it rings for whoever is being played."""
        text = f"{'📧' if letter['channel'] == 'email' else '📱'} {letter['to']}: {letter['text']}"
        for person in list(self._world.people.values()):
            self._world.events.add("toast", user_id=person.id, text=text, alert=True)

    async def _show(self, _request: web.Request) -> web.Response:
        return web.json_response({"letters": list(self.letters)})
