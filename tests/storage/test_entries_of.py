"""The entries of an account between two moments, alike in memory and in the databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.ids import OrderId
from core.ledger.journal import Entry, Leg
from storage import migrate
from storage.memory import MemoryStore
from storage.sqlite import SqliteStore
from storage.vault import Vault
from tests.builders import NOON, eur, money


def _posted(number: int, account: str) -> Entry:
    legs = (Leg(account, eur("1.00")), Leg("bank", money("-1.00 EUR")))
    return Entry(f"test:{number}", NOON + timedelta(hours=number), "test", legs, OrderId("O1") if number % 2 else None)


ENTRIES = [_posted(number, ("avail:S1", "avail:S11", "reserve:S1")[number % 3]) for number in range(1200)]


def _ask(uow: Any) -> list[list[Entry]]:
    noon = timedelta(hours=600) + NOON
    return [
        uow.journal.entries_of("avail:S1"),
        uow.journal.entries_of("avail:S1", noon),
        uow.journal.entries_of("avail:S1", until=noon),
        uow.journal.entries_of("bank", noon - timedelta(hours=5), noon),
        uow.journal.entries_of("avail:S"),
    ]


@pytest.mark.asyncio
async def test_an_accounts_entries_are_found_by_time_whole_and_in_order(tmp_path: Any) -> None:
    memory, sqlite = MemoryStore(), SqliteStore(tmp_path / "books.sqlite3", Vault({"1": b"k" * 32}, "1"))
    migrate.upgrade(str(tmp_path / "books.sqlite3"))
    await sqlite.start()
    try:
        found = []
        for store in (memory, sqlite):
            await store.write(lambda uow: [uow.journal.post(one) for one in ENTRIES])
            found.append(await store.survey(_ask))
    finally:
        await sqlite.stop()
    whole, later, before, few, nobody = found[0]
    assert found[1] == found[0]
    assert [one.key for one in whole] == [f"test:{n}" for n in range(0, 1200, 3)]
    assert [one.key for one in few] == [f"test:{n}" for n in range(595, 600)]
    assert before + later == whole
    assert nobody == []
