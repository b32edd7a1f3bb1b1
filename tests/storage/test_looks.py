"""The command line's transactions beside a running shop, and walks through whole shelves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.ledger.chain import seal_all
from core.ledger.check import check
from core.ledger.journal import Entry, credit, debit, entry
from core.money import Money
from core.ports import UnitOfWork
from storage.faults import StorageFault
from storage.look import look, put
from storage.postgres import PostgresStore
from storage.sqlite import SqliteStore
from storage.vault import Vault
from tests.storage.things import EUR, NOON, a_product, later

STORES = {"sqlite": (SqliteStore, "shop_file"), "postgres": (PostgresStore, "shop_database")}


def _sale(key: str) -> Entry:
    return entry(key, NOON, "sale", debit("bank", Money(1, EUR)), credit("equity", Money(1, EUR)))


def _post(uow: UnitOfWork, key: str) -> None:
    uow.journal.post(_sale(key))


@pytest.fixture(params=list(STORES))
async def shop(request: pytest.FixtureRequest, vault: Vault) -> Any:
    """A running shop, and where its database is."""
    kind, place = STORES[request.param]
    place = request.getfixturevalue(place)
    store = kind(place, vault)
    await store.start()
    yield store, place
    await store.stop()


async def test_the_books_are_checked_on_one_snapshot_while_the_shop_goes_on(shop: Any, vault: Vault) -> None:
    store, place = shop
    await store.write(_post, "E1")
    seen: list[Any] = []

    def check_slowly(uow: Any) -> Any:
        walk = uow.journal.walk()
        seen.append(next(walk).key)
        put(place, vault, lambda other: _post(other, "E2"))  # the shop posts meanwhile
        return [record.key for record in walk], check(uow, later(1), elsewhere=())

    rest, report = look(place, vault, check_slowly)
    assert (seen, rest) == (["E1"], [])
    assert report.ok and report.entries == 1
    assert look(place, vault, lambda uow: check(uow, later(1), elsewhere=())).entries == 2


async def test_a_look_cannot_write(shop: Any, vault: Vault) -> None:
    store, place = shop
    with pytest.raises(StorageFault):
        look(place, vault, lambda uow: _post(uow, "E1"))
    assert await store.read(lambda uow: uow.journal.count()) == (0, 0)


async def test_the_chain_is_sealed_beside_the_shop_or_not_at_all(shop: Any, vault: Vault) -> None:
    store, place = shop
    await store.write(_post, "E1")
    await store.write(_post, "E2")
    assert put(place, vault, lambda uow: seal_all(uow, NOON)) == 2
    await store.write(_post, "E3")
    assert await store.read(lambda uow: uow.journal.count()) == (3, 2)

    def fail(uow: UnitOfWork) -> None:
        seal_all(uow, NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put(place, vault, fail)
    assert await store.read(lambda uow: uow.journal.count()) == (3, 2)


def test_a_shop_that_is_closed_is_looked_at_as_well(shop_file: Path, vault: Vault) -> None:
    put(shop_file, vault, lambda uow: _post(uow, "E1"))
    assert look(shop_file, vault, lambda uow: uow.journal.count()) == (1, 0)


@pytest.mark.parametrize("ask", [look, put])
def test_where_no_shop_is_none_is_made(tmp_path: Path, vault: Vault, ask: Any) -> None:
    with pytest.raises(StorageFault):
        ask(tmp_path / "none.db", vault, lambda uow: uow.journal.count())
    assert not list(tmp_path.iterdir())


async def test_a_walk_gives_everything_on_a_shelf_once_and_by_key(store: Any) -> None:
    wanted = [f"P{number:04}" for number in range(620)]
    await store.write(lambda uow: [uow.products.add(a_product(id)) for id in reversed(wanted)])
    assert await store.survey(lambda uow: [product.id for product in uow.products.walk()]) == wanted
    assert await store.survey(lambda uow: list(uow.carts.walk())) == []
