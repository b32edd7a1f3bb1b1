"""The bank's day ends: its statement and its Pix report meet the books, and an admin sees what is left over."""

from __future__ import annotations

import pytest

from bot.demo import ADMIN

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def a_payment(town, method, price):
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Reconciled", price), method)
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    return nora


async def end_of_day(town, **how):
    """The bank's reports of the day, once the shop has taken them."""
    numbers = (await town.post("/bank/day-end", **how))["messages"]

    async def taken():
        found = (await town.get("/bank/messages"))["messages"]
        return [one for one in found if one["id"] in numbers and one["delivered_at"]]

    async def all_taken():
        return len(await taken()) == len(numbers)

    await town.until(all_taken, "the shop takes the reports")
    return {one["kind"]: one for one in await taken()}


async def clearing(town):
    return {place[0]: minor for place, minor in (await town.ledger()).items() if place[0].startswith("clearing")}


async def told(ada, words, wanted):
    await ada.say(words)
    return await ada.wait_for(wanted)


async def test_at_the_end_of_the_day_clearing_is_zero_and_the_fee_is_learned(town):
    await a_payment(town, "SEPA", "30.00 EUR")
    await a_payment(town, "PIX", "200.00 BRL")
    assert await clearing(town) == {"clearing:sepa": 30_00, "clearing:pix": 200_00}
    before = await town.ledger()
    reports = await end_of_day(town)
    assert set(reports) == {"camt053", "pix_report"}
    assert await clearing(town) == {}
    after = await town.ledger()
    fee = after["exp:processor", "BRL"] - before.get(("exp:processor", "BRL"), 0)
    assert fee == 1_98, "0.99 % of 200.00"
    books = {one["id"]: one["cents"] for one in (await town.books())["accounts"]}
    assert (after["bank", "EUR"], after["bank", "BRL"]) == (books["merchant:EUR"], books["merchant:BRL"])
    shown = await told(town.chatter(ADMIN), "/recon", "Reconciliation")
    assert "No exceptions" in shown["text"] and "€0.00 in clearing" in shown["text"]


async def test_a_report_sent_again_and_by_hand_changes_nothing(town):
    await a_payment(town, "PIX", "10.00 BRL")
    (report,) = (await end_of_day(town)).values()
    before = await town.ledger()
    assert (await town.post(f"/bank/messages/{report['id']}/again"))["status"] == 200
    ada = town.chatter(ADMIN)
    await ada.send(report["body"].encode(), "pix.csv", "text/csv", kind="document")
    await ada.wait_for("Booked: 0 new entries")
    assert await town.ledger() == before
    altered = report["body"].replace("0.10,9.90", "0.20,9.80")
    assert altered != report["body"]
    await ada.send(altered.encode(), "pix.csv", "text/csv", kind="document")
    await ada.wait_for("came again with other content")
    assert await town.ledger() == before


async def test_a_lost_line_is_listed_with_its_age_taken_and_closed_with_a_note(town):
    await a_payment(town, "PIX", "50.00 BRL")
    await end_of_day(town, lose=True)
    assert await clearing(town) == {"clearing:pix": 50_00}
    ada = town.chatter(ADMIN)
    ada.mark = await town.seq()
    await town.skip(6 * 24 * 3600)
    await ada.wait_for("should have been on a statement or report")
    shown = await told(ada, "/recon", "1 exception")
    assert "no statement or report has it (6 days" in shown["text"] and "nobody’s yet)" in shown["text"]
    await ada.press("R$", shown)
    one = await ada.wait_for("Nobody looks into it yet")
    assert "6 days" in one["text"]
    await ada.press("I look into it")
    await ada.wait_for("Looked into by Ada")
    assert ", Ada)" in (await told(ada, "/recon", "1 exception"))["text"]
    await ada.press("R$")
    await ada.wait_for("Looked into by Ada")
    await ada.press("Into suspense")
    await ada.wait_for("What is the explanation?")
    await ada.say("the provider admits a lost line")
    await ada.wait_for("is off the list: the provider admits a lost line")
    assert await clearing(town) == {}
    assert (await town.ledger())["suspense", "BRL"] == 50_00
    shown = await told(ada, "/recon", "Reconciliation")
    assert "No exceptions" in shown["text"]


async def test_a_statement_that_lost_a_line_does_not_add_up_and_says_so(town):
    await a_payment(town, "SEPA", "12.00 EUR")
    ada = town.chatter(ADMIN)
    ada.mark = await town.seq()
    await end_of_day(town, lose=True)
    told_of = await ada.wait_for("does not add up")
    assert "€12.00" in told_of["text"]
    assert await clearing(town) == {"clearing:sepa": 12_00}


async def test_what_is_not_an_admins_is_not_shown(town):
    nora = await town.newcomer()
    await nora.start()
    await nora.say("/recon")
    await nora.wait_for("not for you")
