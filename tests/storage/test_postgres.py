"""What only the PostgreSQL store promises: lost races are run again, and its faults name no value."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from core.errors import Stale
from core.risk.holds import Counter
from storage.faults import Conflict, StorageFault
from storage.postgres import TRIES, PostgresStore
from storage.vault import Vault
from tests.storage.things import MAYAS_ADDRESS, a_person, a_product


@pytest.fixture
async def store(shop_database: str, vault: Vault) -> Any:
    store = PostgresStore(shop_database, vault, pause=lambda attempt: None)
    await store.start()
    yield store
    await store.stop()


async def test_two_who_change_the_same_page_at_once_both_count(store: PostgresStore) -> None:
    await store.write(lambda uow: uow.people.add(a_person()))
    both_have_read = threading.Barrier(2, timeout=10)
    runs: list[int] = []

    def receive(uow: Any) -> None:
        runs.append(1)
        person = uow.people.need(1)
        if len(runs) <= 2:
            both_have_read.wait()
        uow.people.save(replace(person, received=person.received + 1))

    await asyncio.gather(store.write(receive), store.write(receive))
    assert (await store.read(lambda uow: uow.people.need(1))).received == 2
    assert len(runs) == 3


async def test_two_who_wait_for_each_other_are_parted(store: PostgresStore) -> None:
    await store.write(lambda uow: [uow.counters.add(Counter(name, 0, None)) for name in "ab"])
    both_hold_one = threading.Barrier(2, timeout=10)
    runs: list[str] = []

    def shift(uow: Any, first: str, second: str) -> None:
        runs.append(first)
        uow.counters.shift(first, "used", 1)
        if len(runs) <= 2:
            both_hold_one.wait()
        uow.counters.shift(second, "used", 1)

    await asyncio.gather(store.write(shift, "a", "b"), store.write(shift, "b", "a"))
    counters = await store.read(lambda uow: uow.counters.find())
    assert [counter.used for counter in counters] == [2, 2]
    assert len(runs) >= 3  # one was sent back, and may have met the other once more


async def test_a_number_that_somebody_shifted_meanwhile_is_not_overwritten(store: PostgresStore) -> None:
    await store.write(lambda uow: uow.products.add(a_product(stock=5)))
    read, sold = threading.Event(), threading.Event()
    stocks: list[int] = []

    def add_two(uow: Any) -> None:
        product = uow.products.need("P1")
        stocks.append(product.stock)
        read.set()
        assert sold.wait(10)
        uow.products.save(replace(product, stock=product.stock + 2))

    adding = asyncio.create_task(store.write(add_two))
    assert await asyncio.to_thread(read.wait, 10)
    await store.write(lambda uow: uow.products.shift("P1", "stock", -1))
    sold.set()
    await adding
    assert stocks == [5, 4]
    assert (await store.read(lambda uow: uow.products.need("P1"))).stock == 6


async def test_who_locks_a_thing_has_it_alone(store: PostgresStore) -> None:
    await store.write(lambda uow: uow.people.add(a_person()))
    locked, order = threading.Event(), []

    def hold(uow: Any) -> None:
        uow.people.lock(1)
        locked.set()
        threading.Event().wait(0.1)
        order.append("held")

    def follow(uow: Any) -> None:
        uow.people.lock(1)
        order.append("followed")

    holding = asyncio.create_task(store.write(hold))
    assert await asyncio.to_thread(locked.wait, 10)
    await asyncio.gather(holding, store.write(follow))
    assert order == ["held", "followed"]


async def test_a_race_that_is_always_lost_ends_as_stale(store: PostgresStore) -> None:
    runs: list[int] = []

    def lose(uow: Any) -> None:
        runs.append(1)
        raise Conflict

    with pytest.raises(Stale):
        await store.write(lose)
    assert len(runs) == TRIES


async def test_a_transaction_whose_line_breaks_before_its_commit_is_run_again(
    store: PostgresStore, shop_database: str
) -> None:
    runs: list[int] = []

    def add(uow: Any) -> None:
        runs.append(1)
        uow.products.add(a_product())
        if len(runs) == 1:
            with psycopg.connect(shop_database, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        uow.products.need("P1")

    await store.write(add)
    assert len(runs) == 2
    assert await store.read(lambda uow: uow.products.count()) == 1


async def test_a_fault_names_no_value(store: PostgresStore) -> None:
    person = a_person(address=MAYAS_ADDRESS, name="Maya\0Lindqvist")
    with pytest.raises(StorageFault) as caught:
        await store.write(lambda uow: uow.people.add(person))
    seen = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert not any("Lindqvist" in repr(error) for error in seen)


async def test_a_server_that_is_not_there_is_a_fault_without_the_password(vault: Vault) -> None:
    store = PostgresStore("postgresql://shop:s3cret@127.0.0.1:1/shop", vault)
    with pytest.raises(StorageFault) as caught:
        await store.start()
    assert "s3cret" not in repr(caught.value) and caught.value.__context__ is None
