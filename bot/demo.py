"""`sampan demo`: a whole shop on one machine. Sandbox Telegram, pocket bank, page, and the unmodified bot over HTTP."""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
import tempfile
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from operator import attrgetter
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from bot import config
from bot.history import Wanted, make
from bot.pictures.process import in_threads
from bot.pictures.product import draw_demo
from bot.sandbox import bank as pocket_bank
from bot.sandbox import forgery
from bot.sandbox.acts import Actor
from bot.sandbox.errors import ControlError
from bot.sandbox.gateway import DEMO_KEY, Gateway
from bot.sandbox.params import Upload
from bot.sandbox.people import SEED_PEOPLE, Person
from bot.sandbox.server import Sandbox
from bot.wire.limiter import Limits
from bot.wiring import Sampan
from core.ids import PersonId
from core.money import parse_price
from core.people import SellerTier
from core.ports import Store, UnitOfWork
from core.shop import selling, visitors
from core.shop.context import Shop
from core.shop.notices import tell

TOKEN = "1000000001:demo-token-of-no-value"  # noqa: S105  # the sandbox takes any
ADMIN, WEI, ROSA = PersonId(5005), PersonId(5003), PersonId(5004)
GROUP = -1001000000001
# Beside the people of every sandbox one who lies; the page lets one play them, and a thief of Maya's chat account too.
CAST = (*SEED_PEOPLE, Person(5006, "Felix", username="felix", language_code="en", role="forger", started=False))
SHARED = {ROSA: "Café", WEI: "Silk scarf"}
# Where their payouts go. The shop has no bank for these: its admin makes the transfers, and says so by /paid.
ACCOUNTS = (
    (WEI, "Bank of China 6216 6100 0000 0000 123", "Wei Li"),
    (ROSA, "rosa@casarosa.example", "Rosa Souza"),
)
DATABASE = "sampan.sqlite3"
POLICY = "demo-policy.toml"
UNFINISHED = "unfinished-past"  # a file that stands in the folder while its past is made
DAY = 24 * 3600
LONGEST_SKIP = 31 * DAY  # seconds the page may move the clock at once


class Unfinished(Exception):
    """The making of this folder's past was cut off: what is there is no whole shop."""


class DemoClock:
    """The machine's time plus what the person at the page has skipped. One clock for bot, sandbox and bank."""

    def __init__(self, memory: Path) -> None:
        """`memory` is the file that remembers what was skipped over a restart: time never runs back."""
        self._memory = memory
        self._skipped = float(memory.read_text()) if memory.exists() else 0.0

        self._stands: float | None = None

    def stand(self, at: float | None) -> None:
        """Stand at a moment, in Unix seconds, while a past is made; None: run again."""
        self._stands = at

    def skip(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._skipped += seconds
        self._memory.write_text(str(self._skipped))

    def now(self) -> datetime:
        """core.clock.Clock."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def seconds(self) -> float:
        """Unix seconds."""
        return time.time() + self._skipped if self._stands is None else self._stands


def _told() -> dict[str, Any]:
    """What demo.toml says: the seeded products, and the currencies that the shop wants to keep."""
    return tomllib.loads(files("bot").joinpath("demo.toml").read_text("utf-8"))


def _policy() -> str:
    """The shipped policy with the demo's own mix of currencies, so that /fx has a target to show."""
    shipped = files("core").joinpath("policy.toml").read_text("utf-8")
    mix = "".join(f"{code} = {share}\n" for code, share in _told()["reserves"].items())
    return shipped.replace("[reserves]\n", f"[reserves]\n{mix}")


class Demo:
    """The running demo: `page` is where to look."""

    def __init__(
        self,
        data: Path | None,
        *,
        port: int = 0,
        shop_port: int = 0,
        limits: Limits | None = None,
        past: Wanted | None = None,
        pages: bool = False,
    ) -> None:
        """`past`: what a new shop has behind it when it opens. One that has been open keeps its own.

        `pages`: a step-up can be answered on the shop's page, too.
        """
        self._throw_away = data is None
        self.data = data or Path(tempfile.mkdtemp(prefix="sampan-demo-"))
        self.data.mkdir(parents=True, exist_ok=True)
        self.clock = DemoClock(self.data / "skipped-seconds")
        self._port, self._limits = port, limits
        # One person looks on: a thread draws fast enough, and costs no second process.
        self._thread = ThreadPoolExecutor(1, "studio")
        self._drawers = in_threads(self._thread)
        self.sandbox = Sandbox(clock=self.clock.seconds, data=self.data / "telegram", people=CAST, privacy=False)
        self._past = past if not self._has_been_open() else None
        # A passkey belongs to a name, not to a number; and the name holds the port, so it is chosen beforehand.
        self._shop_port = shop_port or (free_port() if pages else 0)
        self._pages = f"http://localhost:{self._shop_port}" if pages else ""
        # Of a past every name hangs on its seed; of a present none is made twice.
        dice = random.Random(f"{self._past.seed}:bank") if self._past else None  # noqa: S311
        self.bank = pocket_bank.mount(self.sandbox, data=self.data, rng=dice)
        self.gateway = Gateway(self.sandbox)
        self.sandbox.app.router.add_post("/demo/skip", self._skip)
        self.sandbox.app.router.add_post("/demo/forge", self._forge)
        self.page = ""

    async def start(self, progress: Callable[[str], None] = lambda line: None) -> None:
        """Open everything; when this returns the page can be looked at."""
        progress("opening the sandbox Telegram and the pocket bank …")
        base = await self.sandbox.start(self._port)
        progress("opening the shop …")
        settings = config.read(self._environment(base))
        self.shop = Sampan(settings, clock=self.clock, limits=self._limits, drawers=self._drawers, pages=self._pages)
        if self._past:
            await self._make_past(self._past, progress)
        await self.shop.start()
        self.bank.set_merchant_url(self.shop.web_url)
        is_empty = not await self.shop.store.read(lambda uow: uow.sellers.count())
        if is_empty:
            progress("filling the shelves …")
            await self._fill(self.shop.store, self.shop.shop)
        if is_empty or self._past:
            await self.shop.store.write(_announce, self.shop.shop)
            self.shop.worker.poke()
            await self.shop.publish_menus()
            await self._share(base)
        self.page = f"{base}/"

    def _environment(self, base: str) -> dict[str, str]:
        accounts = pocket_bank.MerchantAccounts()
        policy = self.data / POLICY
        policy.write_text(_policy(), "utf-8")
        return {
            "SAMPAN_BOT_TOKEN": TOKEN,
            "SAMPAN_BOT_API": base,
            "SAMPAN_DATA": str(self.data),
            "SAMPAN_ADMINS": str(ADMIN),
            "SAMPAN_LISTEN": f"127.0.0.1:{self._shop_port}",
            "SAMPAN_SHOP_NAME": "Sampan Demo Shop",
            "SAMPAN_SEPA_IBAN": accounts.iban,
            "SAMPAN_SEPA_NAME": accounts.name,
            "SAMPAN_SEPA_BIC": accounts.bic,
            "SAMPAN_SEPA_BANK_URL": f"{base}/bank",
            "SAMPAN_PIX_KEY": accounts.pix_key,
            "SAMPAN_PIX_NAME": accounts.pix_name,
            "SAMPAN_PIX_CITY": accounts.pix_city,
            "SAMPAN_PIX_API_URL": f"{base}/bank/pix",
            "SAMPAN_BANK_KEY": pocket_bank.DEMO_API_KEY,
            "SAMPAN_BANK_SECRET": pocket_bank.DEMO_SECRET,
            "SAMPAN_CODES_URL": f"{base}/sms/send",
            "SAMPAN_CODES_KEY": DEMO_KEY,
            "SAMPAN_RATES": "history",
            "SAMPAN_POLICY": str(policy),
        }

    async def _fill(self, store: Store, shop: Shop) -> None:
        """Two sellers in two countries with their goods."""
        await store.write(_open_sellers, shop)
        for goods in _told()["goods"]:
            digest = self.shop.pictures.put(await asyncio.to_thread(draw_demo, goods["drawing"]))
            await store.write(_put_up, shop, PersonId(goods["seller"]), goods, digest)

    def _has_been_open(self) -> bool:
        """Whether this folder has a shop. Raises Unfinished where the making of its past was cut off."""
        if (self.data / UNFINISHED).exists():
            raise Unfinished
        return (self.data / DATABASE).exists()

    async def _make_past(self, wanted: Wanted, progress: Callable[[str], None]) -> None:
        begun = self.data / UNFINISHED
        begun.touch()
        await make(wanted, self.shop.settings, self.shop.shop, self.clock, self.bank, self._fill, progress)
        begun.unlink()

    async def _share(self, base: str) -> None:
        """Each seller posts a card into the group by inline mode, as people do: through the sandbox's own doors."""
        async with ClientSession(f"{base}/sandbox/") as session:
            for who, words in SHARED.items():
                found = await self._asked(session, f"people/{who}/inline", {"query": words, "chat_id": GROUP})
                for result in found["results"][:1]:
                    choice = {"query_id": found["query_id"], "result_id": result["id"], "chat_id": GROUP}
                    await self._asked(session, f"people/{who}/inline/choose", choice)

    async def _asked(self, session: ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
        # The card carries the picture once Telegram knows it: the seller's own card has been sent by then.
        for _ in range(50):
            async with session.post(path, json=body) as answer:
                told: dict[str, Any] = await answer.json()
            if "query" not in body or not told["results"] or told["results"][0]["type"] == "photo":
                break
            await asyncio.sleep(0.1)
        return told

    async def _skip(self, request: web.Request) -> web.Response:
        """POST /demo/skip {"seconds": n, "evenings"?}: let time pass for everybody, and what is due happen.

        `evenings`: the bank sends its reports at the end of each day that is skipped, as it would have.
        """
        try:
            told = await request.json()
            seconds = float(told["seconds"])
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "seconds must be a number"}, status=400)
        if not 0 < seconds <= LONGEST_SKIP:
            return web.json_response({"error": f"seconds must be from 1 to {LONGEST_SKIP}"}, status=400)
        while told.get("evenings") and (today := DAY - self.clock.seconds() % DAY) <= seconds:
            seconds -= today
            await self._end_day(today)
        self.clock.skip(seconds)
        await self.shop.tick()
        return web.json_response({"now": self.clock.seconds()})

    async def _end_day(self, rest: float) -> None:
        """Let the rest of a day pass. Its reports are read before the shop looks for what is missing in them."""
        self.clock.skip(rest)
        self.bank.evening.end_day()
        for _ in range(100):  # 5 seconds: a shop that answers none of them has its reasons, and gets them later
            if not self.bank.messages.waiting():
                break
            await asyncio.sleep(0.05)
        await self.shop.tick()

    async def _forge(self, request: web.Request) -> web.Response:
        """POST /demo/forge {"person", "chat_id", "kind"}: the forger sends a picture of that kind (forgery.KINDS)."""
        try:
            asked = await request.json()
            actor = Actor(self.sandbox.world, self.sandbox.world.person(asked["person"]))
            accounts = self.bank.books.person(str(actor.person.id), actor.person.name)
            own = forgery.Own(*(next(filter(None, map(attrgetter(name), accounts))) for name in ("iban", "pix_key")))
            seen = forgery.cards(self.sandbox.world)
            picture = await asyncio.to_thread(forgery.forge, seen, asked["kind"], own)
            actor.send_file(Upload("code.jpg", picture, "image/jpeg"), "photo", chat_id=asked["chat_id"])
        except (ControlError, ValueError, KeyError, TypeError) as fault:
            return web.json_response({"error": str(fault)}, status=400)
        return web.json_response({"sent": asked["kind"]})

    async def stop(self) -> None:
        """Close everything; a data folder nobody asked to keep goes."""
        await self.shop.stop()
        await self.sandbox.stop()
        self._thread.shutdown()
        if self._throw_away:
            shutil.rmtree(self.data, ignore_errors=True)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _open_sellers(uow: UnitOfWork, shop: Shop) -> None:
    visitors.greet(uow, shop, ADMIN, "Ada", "ada", "en")
    for who, name, username, language in ((WEI, "Wei", "wei", "zh-hans"), (ROSA, "Rosa", "rosa", "pt-br")):
        visitors.greet(uow, shop, who, name, username, language)
    visitors.open_seller(
        uow,
        shop,
        ADMIN,
        person=WEI,
        name="West Lake Studio · 西湖小铺",
        country="CN",
        currency="CNY",
        tier=SellerTier.STANDARD,
    )
    visitors.open_seller(
        uow, shop, ADMIN, person=ROSA, name="Casa Rosa", country="BR", currency="BRL", tier=SellerTier.TRUSTED
    )
    for who, account, holder in ACCOUNTS:
        seller = visitors.need_seller(uow, who)
        uow.sellers.save(replace(seller, account=account, holder=holder))


def _put_up(uow: UnitOfWork, shop: Shop, seller: PersonId, goods: dict[str, Any], picture: str) -> None:
    selling.add_product(
        uow,
        shop,
        seller,
        title=selling.read_title(goods["title"]),
        description=goods["description"],
        price=parse_price(goods["price"]),
        stock=goods["stock"],
        picture=picture,
    )


def _announce(uow: UnitOfWork, shop: Shop) -> None:
    """The sellers see their cards, and Telegram hands out the file_id that inline cards need."""
    for who in (ROSA, WEI):
        seller = visitors.need_seller(uow, who)
        for product in uow.products.find(seller=seller.id, file_id="", newest=False, limit=100):
            tell(uow, shop.clock.now(), who, "product_up", product.id)
