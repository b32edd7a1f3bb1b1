"""Bank messages on their way into the books: each fact is booked once, under its natural key."""

import json
from typing import Any

from bot.bookkeeping import Books
from core.payments.operations import Operation, OperationState
from core.ports import Pending
from tests.builders import ROSA
from tests.world import World


def pix(payment: str, valor: str, txid: str, *returns: dict[str, Any]) -> bytes:
    row = {"endToEndId": payment, "txid": txid, "valor": valor, "horario": "2026-10-30T12:00:00Z"}
    return json.dumps({"pix": [{**row, "devolucoes": list(returns)}]}).encode()


async def paid_and_sent_back_by_hand(world: World, books: Books, payment: str) -> tuple[bytes, Operation]:
    order = world.confirm(world.draft(world.sells(ROSA, "100.00 EUR"), by="pix"))
    charge = world.charge(order.id)
    await world.driver.carry(charge.id)
    valor = f"{charge.amount.decimal}"
    await books.pix_webhook(pix(payment, valor, charge.reference))
    world.rails["pix"].answers = [Pending(by_hand=True)]
    operation = world.refunds(order)
    await world.driver.carry(operation.id)
    # At their bank's screen every refund may bear the same name: it is unique within its payment only.
    told = {"id": "1", "rtrId": f"D{payment}", "valor": valor, "status": "DEVOLVIDO"}
    return pix(payment, valor, charge.reference, told), operation


async def test_two_refunds_made_by_hand_under_one_name_are_both_booked_once() -> None:
    world = World()
    books = Books(world.store, world.shop, lambda: None)
    told = [await paid_and_sent_back_by_hand(world, books, payment) for payment in ("E1", "E2")]
    for message, operation in told:
        assert await books.pix_webhook(message) == 1
        assert await books.pix_webhook(message) == 0
        assert world.operation(operation.id).state is OperationState.SUCCEEDED
    world.judge()
    assert world.books() == {}
