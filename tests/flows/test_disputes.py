"""Disputes: a shopper complains and both sides are heard; a bank takes a payment back and decides."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo import ADMIN, ROSA
from core.payments import sums
from core.payments.disputes import frozen
from core.payments.disputes.dispute import DisputeState
from core.payments.recon import unsettled
from core.payments.recon.bankline import LineKind, LineState
from tests.flows.driver import Chatter, Json, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def bought(town: Any, price: str, method: str) -> tuple[Chatter, str]:
    """A shopper who has paid for something of Rosa's, and the order."""
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Contested", price, seller=ROSA), method)
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    return nora, order_of(card)


async def case_of(town: Any, order: str) -> Any:
    found = await town.look(lambda uow: uow.disputes.find(order=order, limit=1))
    return found[0] if found else None


async def all_is_proved(town: Any) -> None:
    for proof in (frozen.check, sums.check, unsettled.check):
        assert await town.look(lambda uow, proof=proof: list(proof(uow))) == []
    await town.ledger()


async def test_both_sides_of_a_complaint_are_heard_and_an_admin_decides(town):
    nora, order = await bought(town, "30.00 EUR", "SEPA")
    rosa, ada = town.chatter(ROSA), town.chatter(ADMIN)
    before = await nora.balance("EUR")
    rosa.mark = ada.mark = nora.mark = await town.seq()
    await nora.say(f"/order {order}")
    refused = await nora.press("Something is wrong", await nora.wait_for(f"Order {order}"))
    assert "is to be shipped by" in refused["text"]

    await rosa.say(f"/order {order}")
    await rosa.press("Mark as shipped", await rosa.wait_for(f"Order {order}"))
    await rosa.wait_for("tracking number")
    await rosa.say("RR 123456785 IT")
    shipped = await nora.wait_for("is on its way")
    await nora.press("Something is wrong", shipped)
    await nora.press("not what was described", await nora.wait_for("What is wrong with order"))
    await nora.wait_for("Please tell me what happened")
    await nora.say("The bottle is <b>broken</b>.")
    await nora.wait_for("Kept for case")
    nora.mark = await town.seq()
    await nora.send_photo()
    await nora.wait_for("Kept for case")

    asked = await rosa.wait_for("The buyer complains")
    assert "It is not what was described" in asked["text"] and "decided for the buyer" in asked["text"]
    await rosa.press("Say what happened", asked)
    await rosa.wait_for("Please tell me what happened")
    await rosa.say("It was whole when I sent it.")
    await rosa.wait_for("Kept for case")

    case = await case_of(town, order)
    for side in (nora, rosa):
        side.mark = await town.seq()
        await side.say("/disputes")
        assert case.id in (await side.wait_for("Your cases"))["text"]
    sly = await town.newcomer("Sly")
    await sly.say("/disputes")
    await sly.wait_for("There is no case")
    await ada.say("/disputes")
    assert case.id in (await ada.wait_for("Open cases"))["text"]
    ada.mark = await town.seq()
    await ada.say(f"/dispute {case.id}")
    shown = await ada.wait_for(f"Case {case.id}")
    assert "broken" in shown["text"] and "whole when I sent it" in shown["text"]
    await ada.wait_for(lambda message: message["kind"] == "document")
    await ada.say(f"/refund {order}")
    await ada.wait_for("frozen until its case is decided")
    await ada.say(f"/dispute {case.id} lost 12.00")
    await nora.wait_for("12.00 is on its way back")
    await nora.wait_for("12.00 has been sent back")
    assert float(await nora.balance("EUR")) == float(before) + 12
    await rosa.wait_for("decided for the buyer")
    order_now = await town.look(lambda uow: uow.orders.need(order))
    assert (order_now.state, order_now.frozen) == ("shipped", "")
    await all_is_proved(town)


async def dispute_at_the_bank(town: Any, nora: Chatter, currency: str) -> Json:
    """The shopper's bank takes the newest payment back."""
    shown = await town.get(f"/bank/accounts/{nora.who}")
    account = next(one for one in shown["accounts"] if one["currency"] == currency)
    entry = next(one for one in account["entries"] if one["kind"] == "payment" and one["cents"] < 0)
    return await town.post("/bank/claims", person=str(nora.who), booking=entry["id"])


async def test_a_bank_takes_a_payment_back_and_gives_it_back(town):
    nora, order = await bought(town, "31.00 EUR", "SEPA")
    rosa = town.chatter(ROSA)
    rosa.mark = await town.seq()
    before = await nora.balance("EUR")
    claim = await dispute_at_the_bank(town, nora, "EUR")
    assert "31.00" in (await rosa.wait_for("bank disputes"))["text"]
    assert float(await nora.balance("EUR")) == float(before) + 31
    case = await case_of(town, order)
    assert (case.case, case.state, str(case.fee)) == (claim["id"], DisputeState.OPEN, "EUR 15.00")
    await town.post("/bank/day-end")  # the statement tells it, too
    await town.post(f"/bank/claims/{claim['id']}/won")
    await rosa.wait_for("decided for the seller")
    await town.post("/bank/day-end")
    assert await nora.balance("EUR") == before
    assert (await case_of(town, order)).state is DisputeState.WON
    await town.until(lambda: _cleared(town), "the statements have cleared both movements")
    await all_is_proved(town)


async def _cleared(town: Any) -> bool:
    wanted = (LineKind.CHARGEBACK, LineKind.RETURN)
    lines = await town.look(lambda uow: uow.banklines.find(state=LineState.MATCHED, kind=wanted, limit=9))
    return {line.kind for line in lines} == set(wanted)


async def test_the_med_of_pix_blocks_a_payment_and_takes_it(town):
    nora, order = await bought(town, "32.00 BRL", "PIX")
    claim = await dispute_at_the_bank(town, nora, "BRL")
    await nora.wait_for("bank disputes")
    case = await case_of(town, order)
    assert (case.reason, case.taken) == ("MED_FRAUDE", False)
    await town.post(f"/bank/claims/{claim['id']}/lost")
    await nora.wait_for("decided for the buyer")
    assert (await town.look(lambda uow: uow.orders.need(order))).state == "refunded"
    await all_is_proved(town)
