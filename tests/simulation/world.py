"""The world of a story: who is in it, its clock and channels, the process that lives and dies, what was seen."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from core.channels.simulated import GOOD, Message, Settled
from core.channels.simulator import Simulator
from core.errors import Refusal
from core.ids import Ids, PersonId
from core.money import parse_price
from core.payments.fx.desk import Fixing
from core.payments.recon.reported import Taken
from core.people import SellerTier, Tier
from core.policy import Policy
from core.ports import Altered, StoredFixing
from core.qr.reference import creditor_reference, pix_txid
from core.shop.context import Method
from core.shop.selling import add_product
from core.shop.visitors import give_address
from tests.builders import ADA, BRL, EUR, FIXINGS, ROSA, USD, WEI, a_person, a_seller, policy
from tests.simulation.house import Crash, Ear, House
from tests.simulation.loop import LoopClock, VirtualLoop
from tests.simulation.plot import Plot
from tests.simulation.rails import NotYet, Rail, book, book_statement, settler

R = TypeVar("R")

BIA = PersonId(13)  # sells in Brazil
SHOPPERS = tuple(PersonId(number) for number in range(21, 27))
SELLERS = {WEI: ("CNY", SellerTier.STANDARD), ROSA: ("EUR", SellerTier.TRUSTED), BIA: ("BRL", SellerTier.NEW)}


class Lost(Exception):
    """The process died before it answered: nobody knows whether it was done."""


class Defect(Exception):
    """Something happened that must not: the story has failed."""


def a_hasty_policy(schedule: str, default: str) -> Policy:
    """The shipped policy with days instead of weeks, so that a story sees everything end."""
    rules = policy()
    days = timedelta(days=1)
    hours = {"pix": 1, "sepa": 4, "card": 1}
    return replace(
        rules,
        pay_within={name: timedelta(hours=count) for name, count in hours.items()},
        grace={name: timedelta(minutes=10) for name in hours},
        escrow={
            tier: replace(
                one,
                ship=2 * days,
                confirm=3 * days,
                reserve=4 * days,
                reserve_bp=one.reserve_bp or (300 if tier is SellerTier.TRUSTED else 0),
            )
            for tier, one in rules.escrow.items()
        },
        holding=replace(rules.holding, decide=2 * days, default=default),
        operations=replace(rules.operations, park=timedelta(hours=20), ask=timedelta(minutes=10)),
        settlement=replace(rules.settlement, schedule=schedule),
        disputes=replace(rules.disputes, respond=2 * days, complain=6 * days),
        instalments=replace(rules.instalments, interval=days, grace=days, remind=timedelta(hours=6)),
        reconciliation=replace(rules.reconciliation, settle_days=2),
        settlements={name: re.compile(settler(name)) for name in CHANNELS},
        limits=tuple(replace(one, amount=one.amount * 2) for one in rules.limits),
        risk=replace(rules.risk, step_up=rules.risk.step_up * 10_000),  # nobody here has anything to prove it with
    )


CHANNELS = ("sepa", "pix", "card")

DEADLY = {"commit": 0.0006, "committed": 0.0006, "call": 0.01, "called": 0.01}
"""How likely the process dies at each of its commits and calls, in a usual story."""


class World:
    """One story, as it goes."""

    def __init__(self, plot: Plot, loop: VirtualLoop, path: Path) -> None:
        self.plot, self.path, self.clock = plot, path, LoopClock(loop)
        self.ids = Ids(plot.dice("ids"))
        dice = plot.dice("world")
        self.policy = a_hasty_policy(
            dice.choice(("daily", "daily", "weekly")), dice.choice(("refund",) * 3 + ("keep",))
        )
        self.admins, self.deadly = frozenset({ADA}), DEADLY
        self.open = self.quiet = False  # before it opens, and after it is quiet, nothing goes wrong
        self.outside: set[asyncio.Task[Any]] = set()
        self.seen: Counter[str] = Counter()
        self.lines: list[tuple[float, tuple[object, ...]]] = []
        self.defects: list[str] = []
        self.sent: set[tuple[str, str]] = set()  # settlements on their way to the bank account
        self._digest = hashlib.sha256()
        self._loop, self._up = loop, asyncio.Event()
        self._dice, self._reports = plot.dice("network"), plot.dice("reports")
        self._offline = plot.chance("notices", 0.02)
        self.rails: dict[str, Rail] = {}
        self._open_channels()
        self.house: House | None = None
        self._lives = 0
        self.ear = Ear(self)
        for name in ("bot.worker", "bot.clockwork"):
            logging.getLogger(name).addHandler(self.ear)
            logging.getLogger(name).propagate = False

    def _open_channels(self) -> None:
        for name in CHANNELS:
            dice = self.plot.dice(f"kind:{name}")
            self.rails[name] = Rail(
                self,
                Simulator(
                    name,
                    self.clock,
                    self.plot.dice(f"channel:{name}"),
                    self.plot.manners(name),
                    hosted=name == "sepa",
                    idempotent=dice.random() < 0.6,
                    key_life=dice.choice((None, None, timedelta(hours=12))),
                ),
            )
            self.rails[name].sim.overtaken = self.rails_overtaken(name)
        offer = {"pix": lambda charge: f"code of {charge.reference}"}
        self.methods = {
            "sepa": Method("sepa", "SEPA", EUR, "Sampan GmbH", "DE02120300000000202051", creditor_reference),
            "pix": Method("pix", "PIX", BRL, "SAMPAN LTDA", "pix@sampan.example", pix_txid, offer["pix"]),
            "card": Method("card", "Card", USD, "Sampan", "acct_1", lambda material: f"C{material}"),
        }

    # What everybody may do

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Something outside of the process: it does not die with it."""
        task = asyncio.create_task(self._guarded(work))
        self.outside.add(task)
        task.add_done_callback(self.outside.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as fault:
            self.defect(fault)

    def note(self, *words: object) -> None:
        """A line of the story."""
        self.lines.append((self._loop.time(), words))
        self._digest.update(repr((round(self._loop.time(), 3), *map(str, words))).encode())

    @property
    def digest(self) -> str:
        """Of the story so far."""
        return self._digest.hexdigest()

    def defect(self, fault: BaseException) -> None:
        """The story has failed; it goes on no further."""
        where, trace = "", fault.__traceback__
        while trace is not None:
            if "/simulation/" not in trace.tb_frame.f_code.co_filename:
                where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
            trace = trace.tb_next
        self.defects.append(f"{type(fault).__name__}: {fault} at {where}")
        self.note("DEFECT", self.defects[-1])

    @property
    def now(self) -> float:
        """Seconds since the story began."""
        return self._loop.time()

    async def hesitate(self, house: House) -> None:
        """Perhaps somebody else comes first."""
        if self._dice.random() < 0.15:
            await asyncio.sleep(self._dice.choice((0, 0, 0.05, 2.0)))

    def pace(self, name: str, seconds: float) -> float:
        """Mean seconds between two ticks of a verb here."""
        if name == "ask":
            return 3600.0
        return 9000.0 if seconds <= 5 else 36000.0 if seconds < 3600 else 100_000.0

    def notice(self, data: dict[str, str]) -> None:
        """Somebody is told something. Raises OSError when the network is down."""
        if self._offline and not self.quiet and self._dice.random() < self._offline:
            raise OSError("offline")
        self.seen[f"told {data['kind']}"] += 1

    def crashed(self, kind: str) -> None:
        """The process dies."""
        self.seen[f"crash {kind}"] += 1
        self.note("CRASH", kind)

    # The process

    async def up(self) -> House:
        """The process, once it serves."""
        await self._up.wait()
        assert self.house is not None
        return self.house

    async def keep_alive(self) -> None:
        """Start the process, and again whenever it has died."""
        dice = self.plot.dice("downtime")
        while True:
            self._lives += 1
            house = House(self, self._lives)
            try:
                await house.open()
                self.house = house
                self._up.set()
                await house.died.wait()
            except Crash:
                pass
            self._up.clear()
            await house.bury()
            await asyncio.sleep(dice.choice((1, 5, 60, 3600)))

    async def do(self, verb: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """Somebody's wish, carried to the process. Raises Refusal; Lost when it died over it."""
        house = await self.up()
        try:
            result = await house.store.write(verb, house.shop, *args, **kwargs)
        except Crash:
            self.note("lost", verb.__name__)
            raise Lost from None
        except Refusal as refusal:
            self.seen[f"refused {type(refusal).__name__}"] += 1
            self.note("refused", verb.__name__, type(refusal).__name__, *map(_short, args))
            raise
        house.worker.poke()
        self.seen[verb.__name__] += 1
        self.note("done", verb.__name__, *map(_short, args))
        return result

    async def attempt(self, verb: Callable[..., R], *args: Any, **kwargs: Any) -> R | None:
        """As `do`; None when it was refused or lost."""
        try:
            return await self.do(verb, *args, **kwargs)
        except (Refusal, Lost):
            return None

    async def look(self, view: Callable[..., R], *args: Any) -> R:
        """What is true now."""
        while True:
            house = await self.up()
            try:
                return await house.store.read(view, *args)
            except Crash:
                await asyncio.sleep(0.5)

    # What comes from outside

    def rails_overtaken(self, name: str) -> Callable[[Message], Awaitable[None]]:
        """A message that comes before the answer to a call: it comes by its own way."""

        async def overtaken(told: Message) -> None:
            await asyncio.shield(self.spawn(self.at_the_door(name, told)))

        return overtaken

    async def at_the_door(self, name: str, told: Message) -> None:
        """Bring a channel's message until it is acknowledged, as a provider does."""
        if isinstance(told, Settled) and (name, told.document) not in self.sent:
            self.sent.add((name, told.document))
            self.rails[name].arriving.append((told.document, told.net))
            if self._reports.random() < 0.4:  # the money comes before the word
                await asyncio.sleep(self._reports.uniform(0, 3 * 86_400))
        await self._bring(type(told).__name__, book, name, told)

    async def statement(self, document: str) -> None:
        """The bank's statement of the day: perhaps it comes twice."""
        twice = self._dice.random() < self.plot.chance("statements", 0.2)
        for name, rail in self.rails.items():
            lines = rail.statement()
            if lines:
                for _ in range(2 if twice else 1):
                    await self._bring("statement", book_statement, f"{document}-{name}", lines)

    async def _bring(self, what: str, work: Callable[..., list[Taken]], *args: Any) -> None:
        tries = 0
        while tries < 40:
            house = await self.up()
            try:
                taken = await house.store.write(work, house.shop, *args)
            except Crash:
                await asyncio.sleep(30)
                continue
            except NotYet:
                tries += 1
                await asyncio.sleep(7200)
                continue
            except Altered as fault:
                self.defect(fault)
                return
            if Taken.ALTERED in taken:
                self.defect(Defect(f"{what} was taken for altered"))
            house.worker.poke()
            self.seen[f"heard {what}"] += 1
            self.note("heard", what, *map(_short, args))
            return

    # The beginning

    async def furnish(self) -> None:
        """People, products, rates: before anything goes wrong."""
        house = await self.up()
        store, dice = house.store, self.plot.dice("shelves")
        for who in (*SHOPPERS, *SELLERS, ADA):
            tier = Tier.REGULAR if who % 2 else Tier.NEW
            await store.write(lambda uow, who=who, tier=tier: uow.people.add(a_person(who, f"P{who}", tier=tier)))
        for who, (currency, tier) in SELLERS.items():
            seller = a_seller(who, currency, tier)
            await store.write(lambda uow, seller=seller: uow.sellers.add(seller))
        await self.fix_rates(0)
        for who in SHOPPERS:
            await store.write(give_address, house.shop, who, "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly")
        self.products = []
        for who, (currency, _) in SELLERS.items():
            for _ in range(3):
                of = dice.choice((currency, currency, "EUR", "USD"))
                scale = {"CNY": 8, "BRL": 6}.get(of, 1)
                price = parse_price(f"{dice.randrange(500, 30000) * scale // 100}.{dice.randrange(100):02} {of}")
                told = {"title": "Tea", "description": "", "price": price, "picture": "p"}
                stock = dice.choice((2, 5, 40, 80))
                product = await store.write(add_product, house.shop, who, stock=stock, **told)
                self.products.append(product)
        self.open = True

    async def fix_rates(self, day: int) -> None:
        """The rates of a day: kept, and known to the process."""
        dice, now = self.plot.dice(f"rates:{day}"), self.clock.now()
        fixings = [
            Fixing(code, Fraction(rate) * Fraction(dice.randrange(9900, 10100), 10_000), now.date(), "ECB")
            for code, rate in FIXINGS.items()
        ]
        house = await self.up()
        for one in fixings:
            kept = StoredFixing(f"ECB:{one.code}:{one.on}", one.code, one.rate, one.on, one.source, now)
            try:
                await house.store.write(lambda uow, kept=kept: uow.fixings.add(kept))
            except Crash:
                return
        house.shop.rates.learn(fixings)

    def calm(self) -> None:
        """The faults stop."""
        self.quiet = True
        self.note("QUIET")
        for rail in self.rails.values():
            rail.sim.manners = GOOD


def _short(thing: object) -> str:
    text = thing if isinstance(thing, str | int) else getattr(thing, "id", "") or getattr(thing, "reference", "")
    return str(text)[:24]
