"""`sampan bench limits`: what a decision costs after many payments, beside the whole checkout that it is part of."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.bench.server import NoServer, postgres
from core.channels import sepa
from core.ids import Ids, OrderId, PersonId, ProductId, SellerId
from core.money import Money, asset
from core.payments.fx.desk import RateDesk
from core.people import Address, Person, Seller, SellerTier, Tier
from core.policy import shipped_policy
from core.ports import Store, UnitOfWork
from core.qr.reference import creditor_reference
from core.risk import limits
from core.risk.credentials import Credential, credential_id
from core.risk.deciding import concerns
from core.risk.decision import Decision, Facts
from core.risk.factors import Factor
from core.risk.holds import Hold, Purse
from core.risk.judging import judge
from core.risk.rulebook import book_at
from core.shop.catalogue import Product, ProductState
from core.shop.checkout import draft_one, place
from core.shop.context import Method, Shop
from core.shop.orders import Order
from storage.migrate import upgrade
from storage.open import open_store
from storage.vault import Vault

PAST = 100_000
_SHOPPERS = 1_000
_MEASURED = 500
_BATCH = 2_000
_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_PROVED = _NOW - timedelta(days=1)  # who has a PIN proved it then last, so that small payments go without again
_EUR = asset("EUR")
_PRICE = Money(19_90, _EUR)
_SELLER, _PRODUCT = SellerId("S1"), ProductId("P1")
_IBAN = "DE02120300000000202051"

Progress = Callable[[str], None]


class _Clock:
    def now(self) -> datetime:
        """It stands."""
        return _NOW


def _shop() -> Shop:
    method = Method("sepa", "SEPA", _EUR, "Sampan GmbH", _IBAN, creditor_reference, partial(sepa.payment_code, bic=""))
    policy = replace(shipped_policy(), limits=tuple(replace(one, amount=one.amount * 100) for one in _limits()))
    return Shop(
        name="Bench",
        clock=_Clock(),
        ids=Ids(),
        policy=policy,
        rates=RateDesk(None),
        methods={"sepa": method},
        admins=frozenset(),
        code_keys=(bytes(32),),
    )


def _limits() -> tuple[Any, ...]:
    """The shipped limits: so many payments of one run must fit under those of the whole shop."""
    return shipped_policy().limits


def _who(number: int) -> PersonId:
    return PersonId(10_000 + number % _SHOPPERS)


def _open(uow: UnitOfWork) -> None:
    """One seller, one product, shoppers who buy across Europe; every other one has a PIN."""
    address = Address("Maya Rossi", "Via Roma 1\n20121 Milano", "Italy")
    for number in range(_SHOPPERS):
        who = _who(number)
        uow.people.add(Person(who, "Maya", "", "en", _NOW, address=address, method="sepa", tier=Tier.TRUSTED))
        if number % 2:
            name = credential_id(who, Factor.PIN)
            begun = _NOW - timedelta(days=400)
            uow.credentials.add(Credential(name, who, Factor.PIN, begun, confirmed_at=begun, proved_at=_PROVED))
    uow.sellers.add(Seller(_SELLER, PersonId(1), "Bench", "CN", _EUR, SellerTier.STANDARD, _NOW))
    uow.products.add(Product(_PRODUCT, _SELLER, "Tea", "", _PRICE, 10**6, "0" * 64, ProductState.ON_SALE, _NOW))


def _draft(uow: UnitOfWork, shop: Shop, number: int) -> Order:
    return draft_one(uow, shop, _who(number), _PRODUCT).order


def _decision(uow: UnitOfWork, shop: Shop, order: Order) -> float:
    """Seconds from the question to the answer. It is kept, as a rollback would spoil what a driver has prepared."""
    quote = uow.quotes.need(order.quote) if order.quote else None
    assert quote is not None
    begun = time.perf_counter()
    judge(uow, shop, order, quote, shop.clock.now())
    return time.perf_counter() - begun


@dataclass
class _Caught:
    """What `limits.take` puts, kept in memory: stands where a unit of work would."""

    held: dict[str, Purse] = field(default_factory=dict)
    new: list[Hold] = field(default_factory=list)

    @property
    def purses(self) -> _Caught:
        """The shelf of purses."""
        return self

    @property
    def holds(self) -> _Caught:
        """The shelf of holds."""
        return self

    def save(self, purse: Purse) -> None:
        """Of a purse."""
        self.held[purse.id] = purse

    def add(self, hold: Hold) -> None:
        """Of a hold."""
        self.new.append(hold)


async def _past(store: Store, shop: Shop, pattern: Decision, many: int, progress: Progress) -> None:
    """So many payments in the year before: their holds and decisions, and what is left of them in the purses."""
    caught: Any = _Caught()
    before = _PROVED - timedelta(days=1)  # the small payments of the past count from an older proof
    lines = tuple(line for line in book_at(shop.policy, _NOW).lines if concerns(line, pattern.facts))
    for first in range(0, many, _BATCH):
        decisions = []
        for number in range(first, min(many, first + _BATCH)):
            at = _NOW - timedelta(days=365) * (many - number) / many
            order = OrderId(f"PAST{number:06d}")
            facts: Facts = replace(pattern.facts, order=order, shopper=_who(number), at=at)
            where = limits.places(facts, lines, before)
            purses = {place.purse: caught.held.get(place.purse) or Purse(place.purse) for place in where}
            limits.take(caught, facts, where, purses)
            decisions.append(
                replace(pattern, id=f"D{number:08d}", order=order, person=_who(number), facts=facts, at=at)
            )
        holds, caught.new = caught.new, []
        await store.write(_keep, holds, decisions)
        if first % (_BATCH * 10) == 0:
            progress(f"  {first + len(decisions):,} of {many:,} past payments")
    await store.write(_fill, list(caught.held.values()))


def _fill(uow: UnitOfWork, purses: list[Purse]) -> None:
    for purse in purses:
        old = uow.purses.get(purse.id)  # the pattern's own
        if old is None:
            uow.purses.add(purse)
        else:
            uow.purses.save(replace(purse, version=old.version))


def _keep(uow: UnitOfWork, holds: list[Hold], decisions: list[Decision]) -> None:
    for hold in holds:
        uow.holds.add(hold)
    for decision in decisions:
        uow.decisions.add(decision)


async def _measure(place_of: str, many: int, progress: Progress) -> dict[str, Any]:
    upgrade(place_of)
    shop = _shop()
    store = open_store(place_of, Vault({"bench": bytes(32)}, "bench"))
    await store.start()
    try:
        await store.write(_open)
        first = await store.write(_draft, shop, 0)
        await store.write(place, shop, first.shopper, first.id, first.quote)
        (pattern,) = await store.read(lambda uow: uow.decisions.find())
        await _past(store, shop, pattern, many, progress)
        progress("  decisions and checkouts")
        # Of each shopper one, as seven has no part in common with their number.
        orders = [await store.write(_draft, shop, number * 7) for number in range(2 * _MEASURED)]
        decisions = [await store.write(_decision, shop, order) for order in orders[:_MEASURED]]
        checkouts = [await _checkout(store, shop, order) for order in orders[_MEASURED:]]
    finally:
        await store.stop()
    half = statistics.median(decisions) / statistics.median(checkouts)
    return {
        "past payments": many,
        "shoppers": _SHOPPERS,
        **_figures("decision", decisions),
        **_figures("checkout", checkouts),
        "a decision's part of a checkout, %": round(100 * half, 1),
    }


async def _checkout(store: Store, shop: Shop, order: Order) -> float:
    """Seconds until the confirmed order is on disk."""
    begun = time.perf_counter()
    await store.write(place, shop, order.shopper, order.id, order.quote)
    return time.perf_counter() - begun


def _figures(name: str, seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {f"{name} p50, ms": round(cuts[49] * 1000, 3), f"{name} p99, ms": round(cuts[98] * 1000, 3)}


def run(progress: Progress = lambda line: None, many: int = PAST) -> dict[str, Any]:
    """Both databases: milliseconds of a decision and of a checkout, at the median and at the hundredth slowest."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="sampan-bench-") as folder:
        progress("SQLite")
        figures["sqlite"] = asyncio.run(_measure(str(Path(folder) / "shop.db"), many, progress))
    try:
        with postgres() as url:
            progress("PostgreSQL")
            figures["postgresql"] = asyncio.run(_measure(url, many, progress))
    except NoServer as why:
        figures["postgresql"] = {"not measured; it needs": str(why)}
    return figures
