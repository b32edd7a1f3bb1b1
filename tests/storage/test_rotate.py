"""After a rotation nothing needs the old key, and everything still reads as before."""

from __future__ import annotations

from typing import Any

import pytest

from core.ports import Message
from core.shop.orders import Order, OrderState
from storage.open import open_store
from storage.rotate import reseal
from storage.vault import Sealed, Vault
from tests.storage.things import MAYAS_ADDRESS, NOON, a_person

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.mark.parametrize("database", ["shop_file", "shop_database"])
async def test_what_the_old_key_sealed_is_sealed_with_the_new_one(
    request: pytest.FixtureRequest, database: str
) -> None:
    place = request.getfixturevalue(database)

    async def with_keys(vault: Vault, work: Any) -> Any:
        store = open_store(place, vault)
        await store.start()
        try:
            return await work(store)
        finally:
            await store.stop()

    def put(uow: Any) -> None:
        for number in range(300):
            uow.people.add(a_person(number, address=MAYAS_ADDRESS if number % 2 else None))
        uow.orders.add(Order("O1", 1, "S1", OrderState.DRAFT, (), NOON, MAYAS_ADDRESS))
        uow.inbox.put(Message("telegram", "1", "hello", NOON, ""))

    def look(uow: Any) -> Any:
        people = uow.people.find(limit=300)
        return (
            sum(p.address == MAYAS_ADDRESS for p in people),
            uow.orders.need("O1").address,
            uow.inbox.open("telegram"),
        )

    everything = (150, MAYAS_ADDRESS, [Message("telegram", "1", "hello", NOON, "")])
    await with_keys(Vault({"1": OLD}, "1"), lambda store: store.write(put))
    both = Vault({"1": OLD, "22": NEW}, "22")
    assert await with_keys(both, lambda store: store.read(look)) == everything
    assert await with_keys(both, reseal) == 152
    assert await with_keys(both, reseal) == 0
    assert await with_keys(Vault({"22": NEW}, "22"), lambda store: store.read(look)) == everything
    with pytest.raises(Sealed):
        await with_keys(Vault({"1": OLD}, "1"), lambda store: store.read(look))
