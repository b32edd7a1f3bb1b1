"""A step-up page of its own over a shop in memory, and people who open it as Telegram would."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from aiohttp import web

from bot import argon
from bot.sandbox.webapps import sign
from bot.secret import Secret
from bot.web.stepup_desk import Desk
from bot.web.stepup_door import PATH, Pace, StepUpDoor
from bot.web.webauthn import Passkeys
from core.ids import PersonId
from core.risk.challenge import Challenge
from core.risk.credentials import Credential, credential_id
from core.risk.factors import Factor
from core.risk.proofs import bound_to
from core.risk.stepping import open_
from core.shop.context import Shop
from storage.memory import MemoryStore
from tests.builders import LIN, MAYA, HandClock, a_person, a_shop, eur

TOKEN = "1000000001:demo-token-of-no-value"
PIN = "8305"
FACTS = {"platform": "Linux x86_64", "screen": "412x915", "zone": "Europe/Rome", "language": "it-IT", "mark": "0" * 32}


class Counter:
    """The door of a shop with Maya (English) and Lin (Chinese) in it."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http, self.clock, self.store = http, HandClock(), MemoryStore()
        self.shop: Shop = a_shop(clock=self.clock)
        self.pokes = 0
        self.site = ""

    def poked(self) -> None:
        """The worker is told that there is something to do."""
        self.pokes += 1

    def told(self, kind: str) -> list[dict[str, str]]:
        """The notices of a kind that wait to be sent."""
        effects = self.store.write_now(lambda uow: uow.outbox.lease(self.clock.now(), self.clock.now(), 1000))
        return [one.data for one in effects if one.data.get("kind") == kind]

    def init(self, who: PersonId = MAYA, *, age: float = 0, language: str = "en", token: str = TOKEN) -> str:
        """initData as Telegram signs it."""
        user = {"id": int(who), "first_name": "M", "language_code": language}
        at = int(self.clock.now().timestamp() - age)
        return sign(token, {"user": json.dumps(user), "auth_date": str(at), "signature": "s", "query_id": "q"})

    async def ask(self, verb: str, who: PersonId = MAYA, **body: Any) -> tuple[int, dict[str, Any]]:
        """What the page asks; status and answer."""
        body = {"init": self.init(who), "facts": FACTS, **body}
        async with self.http.post(f"{self.site}{PATH}{verb}", json=body) as answer:
            return answer.status, await answer.json()

    def url(self, challenge: str = "", who: PersonId = MAYA, **more: Any) -> str:
        """The address that Telegram opens."""
        fragment = urlencode({"tgWebAppData": self.init(who, **more), "tgWebAppVersion": "9.1"}, quote_via=quote)
        return f"{self.site}{PATH}{f'?c={challenge}' if challenge else ''}#{fragment}"

    async def has_pin(self, who: PersonId = MAYA, pin: str = PIN) -> Credential:
        """A payment PIN, of days ago."""
        phc, name = await argon.hash_of(pin), credential_id(who, Factor.PIN)
        new = Credential(name, who, Factor.PIN, self.clock.now(), secret=phc, confirmed_at=self.clock.now())
        kept = self.store.write_now(lambda uow: uow.credentials.add(new))
        self.clock.let_pass(days=3)
        return kept

    def has(self, who: PersonId, factor: Factor, secret: str) -> Credential:
        """Another factor."""
        now = self.clock.now()
        new = Credential(credential_id(who, factor), who, factor, now, secret=secret, confirmed_at=now)
        return self.store.write_now(lambda uow: uow.credentials.add(new))

    def to_pay(self, who: PersonId = MAYA, amount: str = "160.00", order: str = "K7QX0V2M4T", **more: Any) -> Challenge:
        """A payment that is to be confirmed."""
        bound = bound_to("pay", order, "S12", "sepa", amount)
        return self.store.write_now(
            open_, self.shop, who, "pay", bound, order=order, amount=eur(amount), payee="Casa Rosa · 西湖小铺", **more
        )

    def challenge(self, name: str) -> Challenge:
        """As it stands."""
        return self.store.read_now(lambda uow: uow.challenges.need(name))


@asynccontextmanager
async def counter(*, pace: Pace | None = None) -> AsyncIterator[Counter]:
    """An open door."""
    async with aiohttp.ClientSession() as http:
        here = Counter(http)
        for who, name, language in ((MAYA, "Maya", "en"), (LIN, "Lin", "zh-hans")):
            here.store.write_now(lambda uow, p: uow.people.add(p), a_person(who, name, language=language))
        # The site's name holds its port, and the routes need the name: so the socket comes first.
        with socket.create_server(("127.0.0.1", 0)) as listening:
            here.site = f"http://localhost:{listening.getsockname()[1]}"
            desk = Desk(
                here.store, here.shop, passkeys=Passkeys(here.site, "Sampan", b"p" * 32), device_key=b"d" * 32,
                poke=here.poked,
            )  # fmt: skip
            app = web.Application(client_max_size=5_000_000)
            StepUpDoor(here.store, here.clock, Secret(TOKEN), desk, pace=pace).add_routes(app)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.SockSite(runner, listening).start()
            yield here
            await runner.cleanup()
