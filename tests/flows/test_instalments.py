"""A plan walked to its end in the chat: the first part, a reminder, a missed part, a loss, and the money after all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.demo import ADMIN, ROSA
from core.ids import OrderId, PersonId
from core.people import Tier
from core.ports import UnitOfWork
from core.shop import selling
from core.shop.context import Shop
from tests.flows.driver import labels, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

A_DAY = 86_400


def _known(uow: UnitOfWork, shop: Shop, who: int) -> None:
    uow.people.save(replace(uow.people.lock(PersonId(who)), tier=Tier.REGULAR))


async def a_known_shopper(town, language="en"):
    """Somebody who has bought here before."""
    nora = await town.newcomer(language=language)
    await nora.give_address()
    await town.demo.shop.store.write(_known, town.shop, nora.who)
    return nora


async def owed(town, order):
    """What the books say that the buyer still owes of an order, in minor units."""
    return (await town.ledger()).get((f"buyer_instalment:{order}", "EUR"), 0)


async def in_parts(town, nora, price="100.00 EUR", word="Pay in 3"):
    """From the product to the card of the first part: (card, order)."""
    await nora.start(f"p_{await town.on_sale('Samovar', price)}")
    await nora.wait_for(lambda message: message["kind"] == "photo")
    await nora.press("⚡")
    review = await nora.wait_for(lambda message: any(word in one for one in labels(message)))
    if "SEPA" not in review["text"]:
        await nora.press("💳")
        await nora.press("SEPA ·")
        await nora.wait_for(lambda message: "SEPA" in message["text"] and any(word in one for one in labels(message)))
    await nora.press(word)
    review = await nora.wait_for(lambda message: "33.34" in message["text"])
    assert review["text"].count("33.33") == 2
    await nora.press("✅")
    card = await nora.card()
    return card, order_of(card)


async def test_a_plan_to_its_end_with_a_reminder_a_missed_part_a_loss_and_the_money_after_all(town):
    nora, ada = await a_known_shopper(town), town.chatter(ADMIN)
    card, order = await in_parts(town, nora)
    assert "33.34" in card["text"]
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    assert await owed(town, order) == 66_66
    receipt = await nora.message(card["message_id"])
    assert "Paid: €33.34" in receipt["text"] and "Next: €33.33 on" in receipt["text"]
    store = town.demo.shop.store
    await store.write(selling.ship, town.shop, PersonId(ROSA), OrderId(order), "RR 123456785 CN")
    await nora.wait_for("is on its way")
    await nora.press("I have received it")
    await nora.wait_for("Thank you")
    assert await owed(town, order) == 66_66, "the seller is paid, the shop carries the credit"

    nora.mark = await town.seq()
    await town.skip(27 * A_DAY + 60)
    reminder = await nora.wait_for("Part 2 of 3")
    assert "is due on" in reminder["text"] and any("all the rest" in one for one in labels(reminder))
    await nora.pay(await nora.scan(reminder))
    await nora.wait_for("paid part 2 of 3")
    assert await owed(town, order) == 33_33

    nora.mark = await town.seq()
    await town.skip(30 * A_DAY)
    await nora.wait_for("Part 3 of 3")
    nora.mark = await town.seq()
    await town.skip(5 * A_DAY)
    missed = await nora.wait_for("was due on")
    assert "cannot pay in parts" in missed["text"]
    nora.mark = ada.mark = await town.seq()
    await town.skip(6 * A_DAY)
    await nora.wait_for(f"The plan of order {order} is broken")
    assert f"/writeoff {order}" in (await ada.wait_for("is broken"))["text"]
    await nora.say("/plans")
    assert "broken" in (await nora.wait_for("What you pay in parts"))["text"]

    await ada.say(f"/writeoff {order}")
    await ada.wait_for("is the shop’s loss now")
    assert (await town.ledger())["exp:instalment", "EUR"] == 33_33
    await ada.say(f"/order {order}")
    assert "Written off on" in (await ada.wait_for("Written off"))["text"]

    await nora.press("Pay part 3")
    last = await nora.card()
    ada.mark = await town.seq()
    await nora.pay(await nora.scan(last))
    await nora.wait_for(f"order {order} is paid in full")
    await ada.wait_for("which was written off")
    ledger = await town.ledger()
    assert ("exp:instalment", "EUR") not in ledger and await owed(town, order) == 0
    await nora.say("/plans")
    await nora.wait_for("You have nothing to pay in parts")


async def test_all_the_rest_at_once_and_a_refund_in_the_middle_in_chinese(town):
    nora, ada = await a_known_shopper(town, "zh-hans"), town.chatter(ADMIN)
    card, order = await in_parts(town, nora, word="分 3 期支付")
    await nora.pay(await nora.scan(card))
    await nora.wait_for("您的付款已到账")
    await ada.say(f"/refund {order} 20.00")
    await ada.wait_for("Nothing goes back")
    await nora.wait_for("无需再支付")
    assert await owed(town, order) == 46_66
    await nora.say("/plans")
    await nora.wait_for("您的分期付款")
    await nora.press("现在付清剩余款项")
    rest = await nora.card()
    assert "46.66" in rest["text"]
    await nora.pay(await nora.scan(rest))
    await nora.wait_for("已全部付清")
    assert await owed(town, order) == 0
    await ada.say(f"/refund {order}")
    await ada.wait_for("on its way back")
    ledger = await town.ledger()
    assert ("escrow:" + order, "EUR") not in ledger


async def test_a_new_shopper_is_not_offered_parts(town):
    nora = await town.newcomer()
    await nora.give_address()
    await nora.start(f"p_{await town.on_sale('Samovar', '100.00 EUR')}")
    await nora.wait_for(lambda message: message["kind"] == "photo")
    await nora.press("⚡")
    review = await nora.wait_for(lambda message: any(one.startswith("✅") for one in labels(message)))
    assert not any("Pay in" in one for one in labels(review))
    await nora.say("/plans")
    who_may = (await nora.wait_for("You have nothing to pay in parts"))["text"]
    assert "€60.00 to €1,500.00" in who_may and "who have received 1 order" in who_may
