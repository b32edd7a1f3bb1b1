"""What only the SQLite store promises: group commit, durability across kill -9, nothing personal in the file."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.money import Money
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receipts import Misfit, Receipt, ReceiptState
from core.ports import Message
from core.shop.orders import Order, OrderState
from storage.faults import CommitFailed, StorageFault
from storage.sqlite import SqliteLink, SqliteStore, connect
from storage.unit import Plan, SqlUnit
from storage.vault import Sealed, Vault
from tests.storage.things import EUR, MAYAS_ADDRESS, NOON, a_person, a_product


async def test_those_who_wait_together_share_one_commit(shop_file: Path, vault: Vault) -> None:
    commits: list[int] = []
    committing, gate = threading.Event(), threading.Event()

    def before_commit() -> None:
        commits.append(1)
        committing.set()
        gate.wait(10)

    store = SqliteStore(shop_file, vault, before_commit=before_commit)
    await store.start()

    def add(uow: Any, number: int) -> None:
        uow.products.add(a_product(f"P{number}"))

    first = asyncio.create_task(store.write(add, 0))
    assert await asyncio.to_thread(committing.wait, 10)
    rest = [asyncio.create_task(store.write(add, number)) for number in range(1, 41)]
    await asyncio.sleep(0)
    assert not first.done()  # nothing is acknowledged before its COMMIT
    gate.set()
    await asyncio.gather(first, *rest)
    await store.stop()
    assert len(commits) == 2


def test_a_commit_is_on_disk_when_it_returns_and_readers_cannot_write(shop_file: Path) -> None:
    def ask(connection: sqlite3.Connection, *names: str) -> list[Any]:
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    writer, reader = connect(shop_file, writes=True), connect(shop_file, writes=False)
    assert ask(writer, "journal_mode", "synchronous", "foreign_keys", "query_only") == ["wal", 2, 1, 0]
    assert ask(reader, "query_only") == [1]
    reader.close()
    writer.close()


async def test_when_the_commit_fails_everyone_in_the_batch_learns_it(shop_file: Path, vault: Vault) -> None:
    broken = False

    def before_commit() -> None:
        if broken:
            raise OSError("no space left on Maya's disk")

    store = SqliteStore(shop_file, vault, before_commit=before_commit)
    await store.start()

    def add(uow: Any, number: int) -> None:
        uow.products.add(a_product(f"P{number}"))
        if number == 3:
            raise ZeroDivisionError  # a refusal may rest on what another in the batch did: it is void with it

    broken = True
    answers = await asyncio.gather(*(store.write(add, number) for number in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [CommitFailed] * 5
    assert "Maya" not in str(answers)
    broken = False
    await store.write(add, 9)
    assert [product.id for product in await store.read(lambda uow: uow.products.find())] == ["P9"]
    await store.stop()


async def test_a_reader_sees_one_moment_while_writers_go_on(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    await store.start()
    await store.write(lambda uow: uow.products.add(a_product(stock=5)))
    reading, written = threading.Event(), threading.Event()

    def look_twice(uow: Any) -> tuple[int, int]:
        before = uow.products.need("P1").stock
        reading.set()
        assert written.wait(10)
        return before, uow.products.need("P1").stock

    look = asyncio.create_task(store.survey(look_twice))
    assert await asyncio.to_thread(reading.wait, 10)
    await store.write(lambda uow: uow.products.shift("P1", "stock", -1))
    written.set()
    assert await look == (5, 5)
    assert (await store.read(lambda uow: uow.products.need("P1"))).stock == 4
    await store.stop()


async def test_what_was_asked_for_before_the_stop_is_done(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    await store.start()
    asked = [asyncio.create_task(store.write(lambda uow, n=n: uow.products.add(a_product(f"P{n}")))) for n in range(30)]
    await asyncio.sleep(0)
    await store.stop()
    await asyncio.gather(*asked)
    with connect(shop_file, writes=False) as connection:
        assert connection.execute("SELECT count(*) FROM products").fetchone() == (30,)
    connection.close()


async def test_a_store_that_is_closed_says_so(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    with pytest.raises(StorageFault, match="closed"):
        await store.write(lambda uow: None)
    await store.start()
    await store.stop()
    with pytest.raises(StorageFault, match="closed"):
        await store.read(lambda uow: None)


async def test_a_folder_that_is_not_there_is_a_fault_at_the_start(tmp_path: Path, vault: Vault) -> None:
    with pytest.raises(StorageFault, match="CANTOPEN"):
        await SqliteStore(tmp_path / "nowhere" / "shop.db", vault).start()


async def test_a_disk_that_fills_up_keeps_whole_transactions_only(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    await store.start()

    def fill(uow: Any) -> None:
        pages = uow.link.run("PRAGMA page_count").fetchone()[0]
        uow.link.run(f"PRAGMA max_page_count={pages + 20}")

    def add_two(uow: Any, number: int) -> int:
        uow.products.add(a_product(f"P{number}", description="x" * 3000))
        uow.products.add(a_product(f"Q{number}", description="x" * 3000))
        return number

    await store.write(fill)
    answers = await asyncio.gather(*(store.write(add_two, number) for number in range(60)), return_exceptions=True)
    done = {f"{letter}{answer}" for answer in answers if isinstance(answer, int) for letter in "PQ"}
    assert all(isinstance(answer, int | StorageFault) for answer in answers)
    assert len(done) < 120
    await store.write(lambda uow: uow.link.run("PRAGMA max_page_count=1000000"))
    await store.write(add_two, 99)
    kept = await store.read(lambda uow: uow.products.find(limit=500))
    assert {product.id for product in kept} == done | {"P99", "Q99"}
    await store.stop()


async def test_whoever_has_gone_does_not_stop_the_others(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    await store.start()
    gone = asyncio.create_task(store.write(lambda uow: time.sleep(0.05)))
    await asyncio.sleep(0.01)
    gone.cancel()
    await store.write(lambda uow: uow.products.add(a_product()))
    await store.stop()


async def test_a_file_that_was_never_migrated_is_a_fault_without_values(tmp_path: Path, vault: Vault) -> None:
    store = SqliteStore(tmp_path / "new.db", vault)
    await store.start()
    with pytest.raises(StorageFault) as caught:
        await store.write(lambda uow: uow.people.add(a_person(name="Maya")))
    assert "Maya" not in repr(caught.value)
    assert caught.value.__context__ is None
    await store.stop()


def _bytes_beside(path: Path) -> bytes:
    """The file, its log and its index, whichever are there."""
    return b"".join(part.read_bytes() for part in path.parent.iterdir())


async def test_nothing_personal_can_be_read_in_the_file(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    await store.start()

    def put(uow: Any) -> None:
        uow.people.add(a_person(address=MAYAS_ADDRESS))
        uow.people.save(replace(uow.people.need(1), method="sepa"))
        uow.orders.add(Order("O1", 1, "S1", OrderState.DRAFT, (), NOON, MAYAS_ADDRESS))
        uow.operations.add(
            Operation("X1", OperationKind.REFUND, "sepa", "O1", Money(1, EUR), "RF1", {}, OperationState.RESERVED, NOON)
        )
        uow.operations.save(replace(uow.operations.need("X1"), target="IT60X0542811101000000123456"))
        uow.receipts.add(
            Receipt(
                "R1", "sepa", "F1", "RF1", Money(1, EUR), NOON, ReceiptState.HELD, Misfit.LATE, "held", Money(1, EUR),
                debtor_account="IT60X0542811101000000123456", debtor_name="Lindqvist Maya",
            )
        )  # fmt: skip
        uow.inbox.put(Message("telegram", "1", f'{{"text": "{MAYAS_ADDRESS.lines}"}}', NOON, "d"))

    await store.write(put)
    person, order = await store.read(lambda uow: (uow.people.need(1), uow.orders.need("O1")))
    assert person.address == order.address == MAYAS_ADDRESS
    log = _bytes_beside(shop_file)
    await store.stop()
    on_disk = log + _bytes_beside(shop_file)
    assert b"RF1" in on_disk  # we did look at the right bytes
    for secret in (b"Lindqvist", b"Segelmakaregatan", b"Visby", b"IT60X0542811101000000123456"):
        assert secret not in on_disk


async def test_a_sealed_address_moved_to_another_row_does_not_open(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    await store.start()
    await store.write(lambda uow: [uow.people.add(a_person(1, address=MAYAS_ADDRESS)), uow.people.add(a_person(2))])
    await store.stop()
    with sqlite3.connect(shop_file) as connection:
        connection.execute("UPDATE people SET personal = (SELECT personal FROM people WHERE id = 1) WHERE id = 2")
    connection.close()
    store = SqliteStore(shop_file, vault)
    await store.start()
    assert (await store.read(lambda uow: uow.people.need(1))).address == MAYAS_ADDRESS
    with pytest.raises(Sealed):
        await store.read(lambda uow: uow.people.need(2))
    await store.stop()


_CHILD = """
import asyncio, sys
from storage.sqlite import SqliteStore
from storage.vault import Vault
from tests.storage.things import a_product

async def main(path):
    store = SqliteStore(path, Vault({"k1": b"1" * 32}, "k1"))
    await store.start()

    async def seller(lane):
        for number in range(100_000):
            name = f"{lane}-{number}"
            await store.write(lambda uow: (uow.products.add(a_product(name)), uow.products.shift(name, "stock", 1)))
            sys.stdout.write(name + "\\n")
            sys.stdout.flush()

    await asyncio.gather(*(seller(lane) for lane in range(16)))

asyncio.run(main(sys.argv[1]))
"""


def test_what_was_acknowledged_before_kill_9_is_there_afterwards(shop_file: Path) -> None:
    for acknowledgements in (1, 100, 400):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(shop_file)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        assert child.stdout is not None
        acknowledged = [child.stdout.readline().decode().strip() for _ in range(acknowledgements)]
        child.kill()
        acknowledged += [line for line in child.stdout.read().decode().split("\n")[:-1] if line]
        child.wait()
        child.stdout.close()
        connection = sqlite3.connect(shop_file)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = dict(connection.execute("SELECT id, stock FROM products"))
        connection.execute("DELETE FROM products")
        connection.commit()
        connection.close()
        assert set(acknowledged) <= set(kept)
        assert set(kept.values()) == {6}  # whole transactions only


def test_a_thing_is_read_once_in_a_transaction_unless_it_was_shifted(shop_file: Path, vault: Vault) -> None:
    asked: list[str] = []
    connection = connect(shop_file, writes=True)
    connection.set_trace_callback(asked.append)
    unit: Any = SqlUnit(Plan(SqliteLink.dialect, vault), SqliteLink(connection), steady=True)
    unit.products.add(replace(a_product("P1"), stock=5))
    first = unit.products.need("P1")
    assert unit.products.lock("P1") is first is unit.products.get("P1")
    assert not [line for line in asked if line.startswith("SELECT")]

    assert unit.products.shift("P1", "stock", -2)
    assert unit.products.need("P1").stock == 3
    assert unit.products.save(replace(unit.products.need("P1"), title="Tea")).stock == 3
    unit.fresh()
    assert (unit.products.need("P1").title, unit.products.need("P1").stock) == ("Tea", 3)
    assert len([line for line in asked if line.startswith("SELECT")]) == 2
    connection.close()


async def test_between_two_commits_a_thing_is_read_once_and_after_one_anew(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    await store.start()
    await store.write(lambda uow: uow.people.add(a_person(1)))
    first = await store.read(lambda uow: uow.people.need(1))
    assert await store.read(lambda uow: uow.people.need(1)) is first
    await store.write(lambda uow: uow.people.save(replace(first, name="Maya the second")))
    assert (await store.read(lambda uow: uow.people.need(1))).name == "Maya the second"
    await store.stop()


async def test_what_another_process_wrote_is_seen_soon_without_a_commit_of_ours(shop_file: Path, vault: Vault) -> None:
    store, other = SqliteStore(shop_file, vault), SqliteStore(shop_file, vault)
    await store.start()
    await other.start()
    assert await store.read(lambda uow: uow.people.get(1)) is None
    await other.write(lambda uow: uow.people.add(a_person(1)))
    async with asyncio.timeout(10):
        while await store.read(lambda uow: uow.people.get(1)) is None:  # noqa: ASYNC110  nobody tells it
            await asyncio.sleep(0.01)
    await other.stop()
    await store.stop()


async def test_the_log_stays_small_while_somebody_always_reads(shop_file: Path, vault: Vault) -> None:
    store = SqliteStore(shop_file, vault)
    await store.start()
    looking = True

    async def looks() -> None:
        while looking:
            await store.read(lambda uow: uow.people.get(1))
            await asyncio.sleep(0)

    reading = asyncio.create_task(looks())
    for number in range(600):
        await store.write(lambda uow, number=number: uow.people.add(a_person(number + 1)))
    looking = False
    await reading
    assert shop_file.with_name(shop_file.name + "-wal").stat().st_size < 2**20  # 600 commits write ten times as much
    await store.stop()
