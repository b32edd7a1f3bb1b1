"""A payment in doubt, in the chat: the shopper waits, an admin cites what proves it, another way to pay is offered."""

import pytest

from bot.demo import ADMIN
from core.payments.doubt import doubt
from core.payments.operations import OperationKind
from tests.flows.driver import labels, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _lose_sight(uow, shop, order):
    """The charge of an order comes to be in doubt, as if its channel had been asked and had not answered."""
    (charge,) = uow.operations.find(order=order, kind=OperationKind.CHARGE)
    doubt(uow, shop, uow.operations.lock(charge.id), "TimeoutError")
    return charge.id


async def in_doubt(town):
    """(shopper, order, operation) of a payment that nobody knows the end of."""
    nora = await town.newcomer()
    await nora.give_address()
    order = order_of(await nora.buy(await town.on_sale("Doubtful", "40.00 EUR"), "SEPA"))
    nora.mark = await town.seq()
    operation = await town.demo.shop.store.write(_lose_sight, town.shop, order)
    town.demo.shop.worker.poke()
    await nora.wait_for("Please do not pay again")
    return nora, order, operation


async def test_after_a_proven_refusal_the_shopper_pays_another_way(town):
    nora, order, operation = await in_doubt(town)
    admin = town.chatter(ADMIN)
    nora.mark = await town.seq()
    await admin.say(f"/resolve {operation.lower()} rejected case 4711")
    await admin.wait_for("Written down")
    refused = await nora.wait_for("was refused, and nothing was taken")
    await nora.press("Pay another way", refused)
    ways = await nora.wait_for("How would you like to pay?")
    assert [one for one in labels(ways) if "PIX" in one or "SEPA" in one]
    await nora.press("PIX ·", ways)
    card = await nora.card()
    assert order_of(card) == order
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")


async def test_a_payment_that_an_admin_has_found_pays_its_order(town):
    nora, _, operation = await in_doubt(town)
    admin = town.chatter(ADMIN)
    nora.mark = await town.seq()
    await admin.say(f"/resolve {operation} succeeded B{operation} on the statement")
    await admin.wait_for("Written down")
    await nora.wait_for("Your payment has arrived")
    await admin.say(f"/resolve {operation} rejected thought better of it")
    await admin.wait_for("is not in doubt")


async def test_doubt_ends_by_an_admins_evidence_only(town):
    nora, order, operation = await in_doubt(town)
    admin = town.chatter(ADMIN)
    await nora.say(f"/order {order}")
    shown = await nora.wait_for("The bank is being asked")
    assert not [one for one in labels(shown) if "payment code" in one or "another way" in one]
    for words in ("", f" {operation}", f" {operation} succeeded", f" {operation} perhaps B1"):
        await admin.say(f"/resolve{words}")
        await admin.wait_for("What proves it?")
    await nora.say(f"/resolve {operation} succeeded B1")
    await nora.wait_for("not for you")
    await nora.press("Cancel the order")
    await nora.wait_for("cancelled")
