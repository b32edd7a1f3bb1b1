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


async def test_an_admin_says_that_a_part_came_and_it_waits_for_the_rest(town):
    nora, order, operation = await in_doubt(town)
    admin = town.chatter(ADMIN)
    for more in ("40.01", "41 EUR", "EUR 41", "30.00 USD"):
        await admin.say(f"/resolve {operation} succeeded {more} B1")
        await admin.wait_for("nothing brings more than that")
    for wrong, why in (("30.00", "What proves it?"), ("30 EUX B1", "not a currency"), ("30.123 B1", "30.123")):
        await admin.say(f"/resolve {operation} succeeded {wrong}")
        await admin.wait_for(why)
    nora.mark = await town.seq()
    await admin.say(f"/resolve {operation} succeeded 30,00 B{operation} on the statement")
    await admin.wait_for("Written down")
    await nora.wait_for("30.00")
    (receipt,) = await town.demo.shop.store.read(lambda uow: uow.receipts.find(order=order))
    assert (str(receipt.amount), receipt.fact) == ("EUR 30.00", f"B{operation}")


async def test_the_banks_own_number_is_no_amount(town):
    nora, order, operation = await in_doubt(town)
    await town.chatter(ADMIN).say(f"/resolve {operation} succeeded 12 was its number, ref 4711")
    await nora.wait_for("Your payment has arrived")
    (receipt,) = await town.demo.shop.store.read(lambda uow: uow.receipts.find(order=order))
    assert (str(receipt.amount), receipt.fact) == ("EUR 40.00", "12")


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
