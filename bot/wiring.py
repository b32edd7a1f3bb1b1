"""The one place that knows everybody: builds the shop from its settings, starts it, stops it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
from telegram import BotCommandScopeAllPrivateChats, BotCommandScopeChat, Update
from telegram.error import TelegramError
from telegram.ext import ApplicationBuilder

from bot import commands, dispatch, notices
from bot.bookkeeping import Books
from bot.callbacks import Buttons
from bot.clockwork import Clockwork
from bot.config import Settings
from bot.inbox import UpdateInbox
from bot.keys import hold, vault_keys
from bot.pictures.process import Aside, DrawingProcesses
from bot.pictures.reading import Reader
from bot.pictures.studio import Studio, Upload, rehearse
from bot.shopper import stepping
from bot.speaker import Speaker
from bot.visit import House
from bot.web.doors import Doors, serve
from bot.web.stepup_desk import Desk
from bot.web.stepup_door import StepUpDoor, address
from bot.web.webauthn import Passkeys
from bot.wire.calls import Calls
from bot.wire.intake import ALLOWED_UPDATES, Intake
from bot.wire.limiter import ChatLimiter, Limits
from bot.wire.polling import Poller, TokenRefused
from bot.wire.request import AiohttpRequest, proxy_for
from bot.wire.webhook import webhook_handler
from bot.words import Words
from bot.worker import Finish, Worker
from core.channels import hand, pix, rates, sepa
from core.channels.codes import HttpCodes
from core.channels.pix import Pix
from core.channels.sepa import Sepa
from core.clock import Clock, SystemClock
from core.ids import Ids, OperationId, PersonId
from core.money import asset
from core.payments.doubt import ask_soon, can_be_asked_sooner
from core.payments.driver import Driver
from core.payments.fx.desk import BY_HAND, Fixing, RateDesk
from core.policy import BadPolicy, Policy, read_policy, shipped_policy
from core.ports import Channel, Pictures, Store, UnitOfWork
from core.qr.reference import creditor_reference, pix_txid
from core.risk.codes import CodeSender
from core.shop.catalogue import Product
from core.shop.context import Method, Shop
from core.shop.selling import remember_file
from storage import migrate
from storage.open import OpenStore, open_store
from storage.pictures import FilePictures
from storage.vault import Vault

log = logging.getLogger(__name__)
# At DEBUG the library would write down Telegram's answers whole, with names and words in them.
logging.getLogger("telegram").setLevel(logging.INFO)

WEBHOOK_PATH = "/telegram"
LOOPBACK = ("http://127.0.0.1:*", "http://localhost:*")


def policy_of(settings: Settings) -> Policy:
    """The policy file that the settings name, else the shipped one, fit for the ways to pay that are switched on.

    Raises BadPolicy, OSError.
    """
    try:
        policy = read_policy(settings.policy.read_text("utf-8")) if settings.policy else shipped_policy()
    except UnicodeDecodeError:
        raise BadPolicy("it is not text in UTF-8") from None
    policy.check_methods(methods_of(settings), (pix.NAME, sepa.NAME))
    return policy


def methods_of(settings: Settings) -> dict[str, Method]:
    """The ways to pay that the settings switch on."""
    methods = {}
    if settings.pix:
        methods[pix.NAME] = Method(
            pix.NAME,
            "PIX",
            asset("BRL"),
            settings.pix.name,
            settings.pix.key,
            pix_txid,
            partial(pix.payment_code, city=settings.pix.city),
        )
    if settings.sepa:
        methods[sepa.NAME] = Method(
            sepa.NAME,
            "SEPA",
            asset("EUR"),
            settings.sepa.name,
            settings.sepa.iban,
            creditor_reference,
            partial(sepa.payment_code, bic=settings.sepa.bic),
        )
    return methods


def channels_of(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> dict[str, Channel]:
    """The rails that the settings switch on, and the operator's own hands."""
    key = settings.bank_key.reveal()
    channels: dict[str, Channel] = {hand.NAME: hand.ByHand()}
    if settings.pix:
        channels[pix.NAME] = Pix(session, api_url=settings.pix.api_url, api_key=key)
    if settings.sepa:
        channels[sepa.NAME] = Sepa(
            session,
            clock,
            iban=settings.sepa.iban,
            holder=settings.sepa.name,
            bic=settings.sepa.bic,
            bank_url=settings.sepa.bank_url,
            key=key,
        )
    return channels


def codes_of(settings: Settings, session: aiohttp.ClientSession) -> CodeSender | None:
    """The gateway for codes by SMS or mail, where the settings name one."""
    return HttpCodes(session, settings.codes_url, settings.codes_key.reveal()) if settings.codes_url else None


def open_storage(settings: Settings, **options: Any) -> OpenStore:
    """The database that the settings name, already migrated; `options` are its store's own."""
    return open_store(place_of(settings), Vault.of(vault_keys(settings)), **options)


@asynccontextmanager
async def opened(settings: Settings, **options: Any) -> AsyncIterator[Store]:
    """That database, migrated and started, for as long as it is used beside no running shop. Raises FolderHeld."""
    let_go = hold(settings.data)
    try:
        await asyncio.to_thread(migrate.upgrade, place_of(settings))
        store = open_storage(settings, **options)
        await store.start()
        try:
            yield store
        finally:
            await store.stop()
    finally:
        let_go()


def place_of(settings: Settings) -> str:
    """Where the database is: a PostgreSQL URL, or a file in the data folder."""
    return settings.place


class Sampan:
    """A running shop. Build it, `await start()`, and `await stop()` when done."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        limits: Limits | None = None,
        drawers: Aside | None = None,
        pages: str = "",
    ) -> None:
        """`pages`: where people's browsers reach us beside the public URL: loopback, for the demo's own page."""
        self.settings, self._limits = settings, limits
        self.clock: Clock = clock or SystemClock()
        policy = policy_of(settings)
        # The shipped history is the demo's rate desk: its date is told, its age is not judged.
        max_age = None if settings.rates == "history" else settings.rates_max_age or policy.fx.max_age
        self.shop = Shop(
            name=settings.shop_name,
            clock=self.clock,
            ids=ids or Ids(),
            policy=policy,
            rates=RateDesk(max_age, compared=tuple(map(rates.name_of, settings.rate_sources)), gap_bp=policy.fx.gap_bp),
            methods=methods_of(settings),
            admins=frozenset(map(PersonId, settings.admins)),
            code_keys=(settings.key("codes"),),
        )
        self.pictures: Pictures = FilePictures(settings.data / "pictures")
        self.web_url = ""
        # Telegram opens pages over https alone, and nobody should type a PIN into another.
        public = settings.public_url if settings.public_url.startswith("https://") else ""
        self._site, self._framed_on = pages or public, LOOPBACK if pages else ()
        # Shoppers who confirm at the same time wait for one another's cards: two cores may draw them.
        # Strangers' pictures are read in another process, which may die without a card being late.
        own = DrawingProcesses(min(2, os.cpu_count() or 1), rehearse), DrawingProcesses()
        self._drawers, self._decoder = (drawers, drawers) if drawers else own
        self._processes = () if drawers else own
        self._polling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Migrate, open, connect, listen: when this returns the shop serves. Raises FolderHeld."""
        self._let_go = hold(self.settings.data)
        # Threads that read many rows, or draw in the demo, share one interpreter lock with the loop, which gets it back
        # after this many seconds. Python's 5 ms is long for somebody who waits for a button.
        sys.setswitchinterval(0.0002)
        await asyncio.to_thread(migrate.upgrade, place_of(self.settings))
        self.store = open_storage(self.settings)
        await self.store.start()
        await self._learn_rates()
        self._session = aiohttp.ClientSession()
        self._requests: tuple[AiohttpRequest, ...] = ()
        self._warming: asyncio.Task[None] | None = None
        try:
            await self._open()
        except BaseException:  # nobody will call `stop`, and what is left open would complain on standard error
            await self._close()
            raise

    async def _open(self) -> None:
        self._studio = Studio(self._drawers)
        self._warming = asyncio.create_task(self._studio.warm())
        limiter = ChatLimiter(self._limits)
        self.app = self._application(limiter)
        self._driver = Driver(self.store, self.shop, channels_of(self.settings, self._session, self.clock))
        # SQLite is one process's; several may share a PostgreSQL.
        topics = {"notice": self._notify, "operation": self._operate}
        self.worker = Worker(self.store, self.clock, topics, alone=not self.settings.database_url)
        books = Books(self.store, self.shop, self.worker.poke)
        await self.app.initialize()
        self.house = self._house(limiter, books)
        dispatch.connect(self.app, self.house)
        await self.app.start()
        await self._serve(books)

    def _application(self, limiter: ChatLimiter) -> dispatch.App:
        api = self.settings.bot_api
        self._requests = AiohttpRequest(proxy=proxy_for(api)), AiohttpRequest(connections=1)
        return (
            ApplicationBuilder()
            .token(self.settings.bot_token.reveal())
            .base_url(f"{api}/bot")
            .base_file_url(f"{api}/file/bot")
            .request(self._requests[0])
            .get_updates_request(self._requests[1])
            .rate_limiter(limiter)
            .updater(None)
            .job_queue(None)
            .build()
        )

    def _house(self, limiter: ChatLimiter, books: Books) -> House:
        buttons = Buttons(self.settings.key("buttons"))
        calls = Calls(self.app.bot, limiter)
        return House(
            store=self.store,
            shop=self.shop,
            speaker=Speaker(calls, buttons, self.pictures, self._studio, self._remember),
            buttons=buttons,
            pictures=self.pictures,
            bot_name=self.app.bot.username,
            keep_picture=self._keep_picture,
            receive_statement=books.statement,
            reader=Reader(self._decoder, self.clock.now, self.shop.policy.risk.codes),
            publish_menus=self.publish_menus,
            step_up_page=address(self._site),
            poke=self.worker.poke,
            write=self.worker.write,
            codes=codes_of(self.settings, self._session),
        )

    async def _serve(self, books: Books) -> None:
        """Work off what was left, and only then open the doors: nothing new overtakes it."""
        self._intake = Intake(
            self.app.bot,
            UpdateInbox(self.store, self.clock),
            self.app.process_update,
            failed=_failed,
            overflow=dispatch.too_fast,
        )
        sources, poke = self.settings.rate_sources, self.worker.poke
        self._clockwork = Clockwork(self.store, self.shop, self._driver, poke, self._session, sources)
        self._working = asyncio.create_task(self.worker.run())
        for process in self._processes:
            self._clockwork.every(30, process.rest)
        self._clockwork.start()
        await self._intake.replay()
        await self._open_doors(books)
        await self._listen()
        await self.publish_menus()
        # What stands now stands until the end: the collector need not look at it again. A journey makes few cycles, and
        # a full collection stops everybody (128 ms were measured).
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 100)

    async def _learn_rates(self) -> None:
        desk = self.shop.rates
        if self.settings.rates == "history":
            desk.learn(await asyncio.to_thread(rates.shipped_history))
        desk.history = await asyncio.to_thread(rates.shipped_rates)
        kept = await self.store.survey(lambda uow: uow.fixings.find(newest=False, limit=100_000))
        fixings = [Fixing(one.code, one.rate, one.on, one.source) for one in kept]
        desk.learn(fixings)
        desk.history.learn((one for one in fixings if one.source != BY_HAND), self.clock.now().date())

    async def _open_doors(self, books: Books) -> None:
        secret = self.settings.bank_secret
        doors = Doors(
            self.clock,
            secret or None,
            {
                "pix": books.pix_webhook,
                "case": books.case,
                "camt054": books.at_the_door,
                "statement": books.at_the_door,
            },
            self._figures,
            self._ask_soon,
        )
        if self.settings.public_url:
            handler = webhook_handler(self._intake, self.settings.webhook_secret.reveal())
            doors.app.router.add_post(WEBHOOK_PATH, handler)
        if self._site:
            self._step_up_door().add_routes(doors.app)
        host, port = self.settings.listen
        self._runner, self.web_url = await serve(doors.app, host, port)

    def _step_up_door(self) -> StepUpDoor:
        settings, site = self.settings, self._site
        keys = Passkeys(site, self.shop.name, settings.key("passkeys")) if Passkeys.possible(site) else None
        desk = Desk(
            self.store,
            self.shop,
            passkeys=keys,
            device_key=settings.key("devices"),
            poke=self.worker.poke,
            send_code=partial(stepping.send_code, self.house),
        )
        return StepUpDoor(self.store, self.clock, settings.bot_token, desk, frames=self._framed_on)

    async def _listen(self) -> None:
        bot = self.app.bot
        if self.settings.public_url:
            await bot.set_webhook(
                self.settings.public_url + WEBHOOK_PATH,
                allowed_updates=ALLOWED_UPDATES,
                secret_token=self.settings.webhook_secret.reveal(),
            )
            return
        api = self.settings.bot_api
        poller = Poller(api, self.settings.bot_token.reveal(), self._intake, proxy=proxy_for(api))
        self._polling = asyncio.create_task(self._poll(poller))

    async def _poll(self, poller: Poller) -> None:
        try:
            await poller.run()
        except TokenRefused as fault:
            log.critical("%s", fault)

    async def publish_menus(self) -> None:
        """The command menus, in each language; sellers and admins see theirs too."""
        for language in (None, "zh"):
            t = Words.of(language)
            await self._menu(commands.menu(t, "everyone"), BotCommandScopeAllPrivateChats(), language)
            for person, roles in (await self.store.read(_staff, self.shop)).items():
                await self._menu(commands.menu(t, "everyone", *roles), BotCommandScopeChat(person), language)

    async def _menu(self, entries: list[tuple[str, str]], scope: Any, language: str | None) -> None:
        try:
            await self.app.bot.set_my_commands(entries, scope=scope, language_code=language)
        except TelegramError as fault:  # an admin who has never written to the bot has no chat yet
            log.info("a command menu was not taken: %s", type(fault).__name__)

    async def _remember(self, product: Product, file_id: str) -> None:
        await self.store.write(remember_file, product.id, product.picture, file_id)

    async def _keep_picture(self, uploaded: bytes) -> str:
        jpeg = await self._studio.draw(Upload(uploaded))
        return await asyncio.to_thread(self.pictures.put, jpeg)

    async def _notify(self, data: dict[str, str]) -> Finish | None:
        return await notices.deliver(self.house, data)

    async def _operate(self, data: dict[str, str]) -> None:
        await self._driver.carry(OperationId(data["operation"]))

    async def _ask_soon(self, operation: OperationId) -> None:
        if await self.store.read(can_be_asked_sooner, self.shop, operation):
            await self.store.write(ask_soon, self.shop, operation)

    async def _figures(self) -> dict[str, float]:
        counts = await self.store.read(_figures)
        return counts | {
            "process_cpu_seconds_total": time.process_time(),
            "drawing_cpu_seconds_total": self._studio.cpu_seconds,
        }

    async def tick(self) -> None:
        """Do now what the clockwork would do soon: the demo's clock was moved."""
        await self._clockwork.expire()
        await self._clockwork.count_down()
        await self._clockwork.settle()
        await self._clockwork.reconcile()

    async def stop(self) -> None:
        """Take nothing new, finish what is begun, close everything. What is left waits in inbox and outbox."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.wait([self._polling])
        await self._clockwork.stop()
        await self._runner.cleanup()
        await self._intake.drain()
        await self.worker.stop()
        await self._working
        await self.app.stop()
        await self.app.shutdown()
        await self._close()
        await self._clockwork.seal()  # nothing is posted any more: the chain closes with the shop
        await self.store.stop()
        self._let_go()

    async def _close(self) -> None:
        """Connections and processes."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])
        for request in self._requests:
            await request.shutdown()
        await self._session.close()
        for process in self._processes:
            await process.stop()


async def _failed(update: Update, fault: Exception) -> None:
    """The person has been told already (bot.dispatch); what comes here broke on the way there."""
    dispatch.log_fault(update, fault)


def _staff(uow: UnitOfWork, shop: Shop) -> dict[int, list[str]]:
    roles: dict[int, list[str]] = {int(admin): ["admin"] for admin in shop.admins}
    for seller in uow.sellers.find(limit=1000):
        roles.setdefault(int(seller.person), []).append("seller")
    return roles


def _figures(uow: UnitOfWork) -> dict[str, float]:
    return {"outbox_waiting": uow.outbox.waiting(), "orders": uow.orders.count(), "receipts": uow.receipts.count()}
