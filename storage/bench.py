"""Checkouts a second that the SQLite store commits, beside bare sqlite3 committing each: `sampan bench checkout`."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.ids import IntentId, OperationId, OrderId, PersonId, ProductId, QuoteId, SellerId
from core.ledger.journal import credit, debit, entry
from core.money import Money, asset
from core.payments.fx.quote import Quote, QuotedRate, QuoteState
from core.payments.operations import Intent, IntentState, Operation, OperationKind, OperationState
from core.people import Address
from core.ports import Effect, UnitOfWork
from core.risk.holds import Counter
from core.shop.catalogue import Product, ProductState
from core.shop.orders import Order, OrderLine, OrderState
from storage.migrate import upgrade
from storage.sqlite import SqliteLink, SqliteStore, connect
from storage.unit import Plan, SqlUnit
from storage.vault import Vault

SLOW_DISK = 0.005  # seconds of an fsync on an ordinary disk
_NOW = datetime(2026, 10, 30, 12, tzinfo=UTC)
_EUR, _CNY = asset("EUR"), asset("CNY")
_PRICE = Money(1990, _EUR)
_LINES = tuple(OrderLine(ProductId(f"P{i}"), "Celadon teapot, 400 ml", _PRICE, 2) for i in range(3))
_TOTAL = _PRICE * 6
_LEGS = (debit("clearing:sepa", _TOTAL), credit("escrow", _TOTAL), debit("fees", _PRICE), credit("revenue", _PRICE))
_RATE = QuotedRate(_EUR, _CNY, Fraction(79, 10), Fraction(784, 100), _NOW.date(), "ECB")
_SHOPPER, _SELLER = PersonId(77), SellerId("S1")
_MANY = 10**9
_FIRST = f"{0:08d}"  # in the names of checkout number 0
_VAULT = Vault({"bench": bytes(32)}, "bench")


def _stock(uow: UnitOfWork) -> None:
    """What a checkout finds: a product to sell and a limit to count on."""
    uow.products.add(
        Product(ProductId("P0"), _SELLER, "Teapot", "", _PRICE, _MANY, "0" * 64, ProductState.ON_SALE, _NOW)
    )
    uow.counters.add(Counter("day|77", 0, _NOW))


def checkout(uow: UnitOfWork, number: int) -> None:
    """One committed checkout: 8 shelf calls that write, an entry of 4 legs, 2 effects; 17 rows."""
    order, until = OrderId(f"ORDER{number:08d}"), _NOW + timedelta(minutes=30)
    uow.products.lock(ProductId("P0"))
    uow.products.shift(ProductId("P0"), "stock", -1)
    uow.counters.get("day|77")
    uow.counters.shift("day|77", "used", 1, most=_MANY)
    address = Address("Maya Lindqvist", "Segelmakaregatan 7\n116 21 Visby", "SE")
    uow.orders.add(Order(order, _SHOPPER, _SELLER, OrderState.PLACED, _LINES, _NOW, address, "sepa", deadline=until))
    quote, intent = QuoteId(f"QUOTE{number:08d}"), IntentId(f"INTENT{number:08d}")
    zero, total = Money(0, _EUR), _TOTAL
    uow.quotes.add(
        Quote(quote, order, "sepa", total, total, zero, (_RATE,), 75, zero, "1", _NOW, until, QuoteState.LOCKED)
    )
    uow.intents.add(Intent(intent, order, _SHOPPER, total, total, quote, IntentState.PROCESSING, _NOW, until))
    uow.operations.add(
        Operation(
            OperationId(f"OP{number:08d}"), OperationKind.CHARGE, "sepa", order, total, f"RF18{number:08d}",
            {"iban": "DE02120300000000202051", "amount": "EUR119.40"}, OperationState.DISPATCHED, _NOW, intent,
        )
    )  # fmt: skip
    uow.journal.post(entry(f"{order}:placed", _NOW, "placed", *_LEGS, order=order))
    for word in ("shopper", "seller"):
        uow.outbox.put(Effect(f"{order}:{word}", "tell", word + order, {"order": order}, _NOW))


async def _ours(path: Path, seconds: float, at_once: int, pause: Callable[[], None]) -> dict[str, float]:
    store = SqliteStore(path, _VAULT, before_commit=pause)
    await store.start()
    await store.write(_stock)
    numbers = itertools.count()
    start, cpu = time.perf_counter(), time.process_time()

    async def shopper() -> int:
        done = 0
        while time.perf_counter() - start < seconds:
            await store.write(checkout, next(numbers))
            done += 1
        return done

    done = sum(await asyncio.gather(*(shopper() for _ in range(at_once))))
    result = _figures(done, time.perf_counter() - start, time.process_time() - cpu)
    await store.stop()
    return result


class _Recorder:
    """A link that notes what is written, so that the bare side writes the same rows."""

    def __init__(self, link: SqliteLink) -> None:
        self._link, self.dialect = link, link.dialect
        self.written: list[tuple[str, tuple[Any, ...]]] = []

    def run(self, sql: str, params: Sequence[Any] = ()) -> sqlite3.Cursor:
        """storage.link.Link.run."""
        if not sql.startswith("SELECT"):
            self.written.append((sql, tuple(params)))
        return self._link.run(sql, params)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """storage.link.Link.many."""
        for row in rows:
            self.run(sql, row)


def _recorded(connection: sqlite3.Connection) -> list[tuple[str, tuple[Any, ...]]]:
    """The statements of checkout number 0, undone again."""
    recorder = _Recorder(SqliteLink(connection))
    unit: Any = SqlUnit(Plan(recorder.dialect, _VAULT), recorder)
    _stock(unit)
    recorder.written.clear()
    connection.execute("BEGIN")
    checkout(unit, 0)
    connection.execute("ROLLBACK")
    return recorder.written


def _raw(path: Path, seconds: float, pause: Callable[[], None]) -> dict[str, float]:
    """The same rows by bare sqlite3, one COMMIT each: every value is at hand but the names that must be new."""
    connection = connect(path, writes=True)
    rows = [
        (sql, values, [i for i, value in enumerate(values) if isinstance(value, str) and _FIRST in value])
        for sql, values in _recorded(connection)
    ]
    done, execute = 0, connection.execute
    start, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        name = f"{done:08d}"
        execute("BEGIN IMMEDIATE")
        for sql, values, named in rows:
            params = list(values)
            for i in named:
                params[i] = params[i].replace(_FIRST, name)
            execute(sql, params)
        pause()
        execute("COMMIT")
        done += 1
    result = _figures(done, time.perf_counter() - start, time.process_time() - cpu)
    connection.close()
    return result


def _figures(done: int, wall: float, cpu: float) -> dict[str, float]:
    return {"per_second": round(done / wall, 1), "cpu_us": round(cpu / done * 1e6, 1)}


def run(seconds: float, at_once: int = 64, folder: Path | None = None) -> dict[str, dict[str, float]]:
    """Four runs of `seconds` each: ours and bare, on this disk and with an fsync of 5 ms; files lie in `folder`.

    Of each disk: checkouts per second and CPU microseconds per checkout of both sides, and `ratio`, ours to bare.
    """
    report: dict[str, dict[str, float]] = {}
    for disk, pause in (("disk", lambda: None), ("fsync_5ms", lambda: time.sleep(SLOW_DISK))):
        with tempfile.TemporaryDirectory(dir=folder) as home:
            bare_file, our_file = Path(home) / "bare.db", Path(home) / "ours.db"
            upgrade(bare_file)
            upgrade(our_file)
            bare = _raw(bare_file, seconds, pause)
            ours = asyncio.run(_ours(our_file, seconds, at_once, pause))
        report[disk] = {
            "ours_per_second": ours["per_second"],
            "bare_per_second": bare["per_second"],
            "ratio": round(ours["per_second"] / bare["per_second"], 2),
            "ours_cpu_us": ours["cpu_us"],
            "bare_cpu_us": bare["cpu_us"],
        }
    return report


def calls(times: int = 2000) -> dict[str, float]:
    """CPU microseconds of one call on a shelf, without the commit: what a verb pays for each statement."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "calls.db"
        upgrade(path)
        connection = connect(path, writes=True)
        unit: Any = SqlUnit(Plan(SqliteLink.dialect, _VAULT), SqliteLink(connection))
        _stock(unit)
        connection.execute("BEGIN")
        for number in range(times):
            checkout(unit, number)
        names = [OrderId(f"ORDER{number:08d}") for number in range(times)]
        orders = [unit.orders.get(name) for name in names]
        fresh = [replace(order, id=OrderId(f"N{order.id}")) for order in orders]
        counts: dict[str, Callable[[int], Any]] = {
            "get order": lambda i: unit.orders.get(names[i]),
            "lock operation": lambda i: unit.operations.lock(f"OP{i:08d}"),
            "get counter": lambda i: unit.counters.get("day|77"),
            "add order": lambda i: unit.orders.add(fresh[i]),
            "save order": lambda i: unit.orders.save(replace(orders[i], state=OrderState.PAID)),
            "shift stock": lambda i: unit.products.shift("P0", "stock", -1),
            "find 10 orders": lambda i: unit.orders.find(shopper=_SHOPPER, state=OrderState.PAID, limit=10),
            "post 4 legs": lambda i: unit.journal.post(entry(f"E{i}", _NOW, "x", *_LEGS, order=names[i])),
            "put effect": lambda i: unit.outbox.put(Effect(f"E{i}", "tell", "", {"order": names[i]}, _NOW)),
        }
        figures = {}
        for word, call in counts.items():
            start = time.process_time()
            for i in range(times):
                call(i)
            figures[word] = round((time.process_time() - start) / times * 1e6, 1)
        connection.execute("ROLLBACK")
        connection.close()
    return figures
