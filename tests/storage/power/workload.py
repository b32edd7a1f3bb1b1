"""A shop that sells with the real store, its writer thread and group commit, and says what was acknowledged.

`python -m tests.storage.power.workload FOLDER`: each line of FOLDER/acks is written after the store has answered.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from core.ledger import chain
from core.payments.receiving import Fact, take_in
from core.payments.refunds import refund_order
from core.shop.checkout import draft_one, place, review
from core.shop.receiving import confirm_receipt
from core.shop.selling import add_product, ship
from core.shop.visitors import give_address
from storage.sqlite import SqliteStore
from storage.vault import Vault
from tests.builders import ADA, MAYA, PAYER_IBAN, ROSA, a_person, a_seller, a_shop, eur

VAULT = Vault({"1": b"the power cut's 32 bytes of a key"[:32]}, "1")
ORDERS = int(os.environ.get("ORDERS", "12"))


async def main(folder: Path) -> None:
    """Four people buy side by side."""
    acks = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def ack(words: str) -> None:
        os.write(acks, f"{words}\n".encode())

    store, shop = SqliteStore(folder / "shop.sqlite3", VAULT), a_shop()
    await store.start()
    for who in (MAYA, ROSA, ADA):
        await store.write(lambda uow, who=who: uow.people.add(a_person(who, "P")))
    await store.write(lambda uow: uow.sellers.add(a_seller(ROSA, "EUR")))
    await store.write(give_address, shop, MAYA, "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly")
    told = {"title": "Tea", "description": "", "price": eur("1.00"), "stock": 9000, "picture": "p"}
    product = await store.write(add_product, shop, ROSA, **told)

    async def buy(number: int) -> None:
        view = await store.write(draft_one, shop, MAYA, product.id)
        view = await store.write(review, shop, MAYA, view.order.id, method="sepa")
        assert view.order.quote
        order = await store.write(place, shop, MAYA, view.order.id, view.order.quote)
        ack(f"order {order.id}")
        charge = (await store.read(lambda uow: uow.operations.find(order=order.id)))[0]
        fact = Fact("sepa", f"E{number}", charge.reference, charge.amount, shop.clock.now(), PAYER_IBAN, "Maya Rossi")
        receipt = await store.write(take_in, shop, fact)
        ack(f"receipt {receipt.id}")
        ack(f"entry capture:{order.id}")
        if number % 4 == 3:
            refunds = await store.write(refund_order, shop, ADA, order.id)
            ack(f"entry refund:{refunds[0].id}")
            return
        await store.write(ship, shop, ROSA, order.id, "RR 123456785 CN")
        ack(f"entry release:{order.id}:first")
        await store.write(confirm_receipt, shop, MAYA, order.id)
        ack(f"entry release:{order.id}:rest")

    async def buyer(first: int) -> None:
        for number in range(first, ORDERS, 4):
            await buy(number)

    await asyncio.gather(*map(buyer, range(4)))
    await store.write(chain.seal, shop.clock.now())
    ack("sealed 1")
    os._exit(0)  # the power goes here at the latest: nothing is folded away


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
