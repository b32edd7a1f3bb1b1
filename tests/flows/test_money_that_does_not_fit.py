"""Wrong, double, late and nameless payments, and every way back: judged by the bank's own books."""

from __future__ import annotations

import json

import pytest

from bot.demo import ADMIN
from core.channels.sepa import Sepa
from core.payments.operations import OperationKind
from core.ports import Pending
from tests.flows.driver import Chatter, Json, decode, labels, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

RAILS = [("SEPA", "EUR"), ("PIX", "BRL")]


async def a_buyer(town, price, method, stock=5):
    """A shopper with a payment card in hand: (shopper, product, card, what the bank reads)."""
    nora = await town.newcomer()
    await nora.give_address()
    product = await town.on_sale("Contested", price, stock)
    card = await nora.buy(product, method)
    return nora, product, card, await nora.scan(card)


@pytest.mark.parametrize(("method", "currency"), RAILS)
async def test_a_wrong_amount_is_held_told_and_sent_back_with_one_tap(town, method, currency):
    nora, _, card, reading = await a_buyer(town, f"20.00 {currency}", method)
    before = await nora.balance(currency)
    ada = town.chatter(ADMIN)
    ada.mark = await town.seq()
    await nora.pay(reading, "wrong_amount", amount="19.99")
    held = await nora.wait_for("19.99 is held")
    assert "less than the order costs" in held["text"] and order_of(card) in held["text"]
    assert "0.01" in held["text"] and "is sent back" in held["text"], "what is missing, and what happens by itself"
    told = await ada.wait_for("19.99 is held")
    assert "/refund" in told["text"]
    assert decode(await nora.picture(await nora.message(card["message_id"]))), "the order still waits for its money"

    assert "19.99 is on its way back" in (await nora.press("Send it back", held))["text"]
    await nora.wait_for("19.99 has been sent back")
    await ada.wait_for("19.99 has been sent back")
    assert await nora.balance(currency) == before
    assert "nothing to refund" in (await nora.press("Send it back", held))["text"]

    await nora.pay(reading)
    await nora.wait_for("Your payment has arrived")
    await town.ledger()


@pytest.mark.parametrize(("method", "currency"), RAILS)
async def test_the_second_of_two_payments_is_held_and_sent_back(town, method, currency):
    nora, _, card, reading = await a_buyer(town, f"21.00 {currency}", method)
    paid = await nora.pay(reading, "twice")
    assert len(paid["payments"]) == 2
    await nora.wait_for("Your payment has arrived")
    held = await nora.wait_for("21.00 is held")
    assert "paid already" in held["text"]
    before = await nora.balance(currency)
    await nora.press("Send it back", held)
    await nora.wait_for("21.00 has been sent back")
    assert float(await nora.balance(currency)) == float(before) + 21
    order = await town.look(lambda uow: uow.orders.need(order_of(card)))
    assert order.state == "paid", "the sale itself stands"


@pytest.mark.parametrize(("method", "currency"), RAILS)
async def test_a_late_payment_is_held_and_an_admin_can_send_it_back(town, method, currency):
    nora, product, _card, reading = await a_buyer(town, f"22.00 {currency}", method, stock=1)
    await town.skip(2 * 3600)
    await nora.wait_for("expired")
    assert await town.stock(product) == 1
    before, ada = await nora.balance(currency), town.chatter(ADMIN)
    ada.mark = await town.seq()
    await nora.pay(reading, "late")
    held = await nora.wait_for("22.00 is held")
    assert "after the order had ended" in held["text"]
    told = await ada.wait_for("22.00 is held")
    receipt = told["text"].partition("/refund ")[2].split()[0]
    await ada.say(f"/refund {receipt}")
    await ada.wait_for("on its way back")
    await nora.wait_for("22.00 has been sent back")
    assert await nora.balance(currency) == before
    assert await town.stock(product) == 1, "nothing was sold"


async def test_a_payment_without_a_reference_is_the_admins_to_judge(town):
    nora, _, _, reading = await a_buyer(town, "23.00 EUR", "SEPA")
    ada = town.chatter(ADMIN)
    ada.mark = await town.seq()
    await nora.pay(reading, "no_reference")
    told = await ada.wait_for("23.00 is held")
    assert "Its reference belongs to no order" in told["text"]
    await ada.press("Send it back", told)
    await ada.wait_for("23.00 has been sent back")


@pytest.mark.parametrize(("method", "currency"), RAILS)
async def test_an_admin_sends_the_money_of_a_whole_order_back(town, method, currency):
    nora, product, card, reading = await a_buyer(town, f"24.00 {currency}", method, stock=2)
    before, ada = await nora.balance(currency), town.chatter(ADMIN)
    await nora.pay(reading)
    await nora.wait_for("Your payment has arrived")
    assert await town.stock(product) == 1
    order = order_of(card)
    nora.mark = await town.seq()
    await ada.say(f"/refund {order.lower()}")
    await ada.wait_for("24.00 is on its way back")
    await nora.wait_for("24.00 has been sent back")
    assert await nora.balance(currency) == before
    assert await town.stock(product) == 2, "it was never shipped, so it is on the shelf again"
    kept = [leg.amount.minor for leg in await town.legs(order) if leg.account.startswith(("escrow", "avail", "rev"))]
    assert kept and not sum(kept)
    await ada.say(f"/refund {order}")
    await ada.wait_for("nothing to refund")
    clearing = [leg.amount.minor for leg in await town.legs(order) if leg.account.startswith("clearing")]
    assert sum(clearing) == 0
    audit = await town.look(lambda uow: uow.audit.find(limit=5))
    assert any(line.command == "refund" and line.detail.get("order") == order for line in audit)


@pytest.mark.parametrize("method", ["SEPA", "PIX"])
async def test_money_that_the_payers_bank_refuses_to_take_back_stays_held_and_the_admin_hears_why(town, method):
    nora, _, _, reading = await a_buyer(town, "25.00 EUR", method)
    ada = town.chatter(ADMIN)
    await nora.pay(reading, "wrong_amount", amount="24.99")
    held = await nora.wait_for("24.99 is held")
    await town.post(f"/bank/accounts/{nora.who}/close")
    ada.mark = await town.seq()
    await nora.press("Send it back", held)
    failed = await ada.wait_for("was refused")
    assert "The money is still held" in failed["text"]
    assert "Please give another account" in (await nora.wait_for("could not be sent back"))["text"]
    await town.ledger()


async def test_a_transfer_sent_again_after_a_lost_answer_is_still_one_transfer(town):
    """The bank refuses the second message of the same id as a duplicate: that is no refusal of the refund."""
    nora, _, _, reading = await a_buyer(town, "26.00 EUR", "SEPA")
    await nora.pay(reading, "wrong_amount", amount="25.99")
    held = await nora.wait_for("25.99 is held")
    before = float(await nora.balance("EUR"))
    await nora.press("Send it back", held)
    await nora.wait_for("25.99 has been sent back")
    (operation,) = [
        one
        for one in await town.look(lambda uow: uow.operations.find(kind=OperationKind.REFUND, limit=1))
        if one.channel == "sepa"
    ]
    settings = town.demo.shop.settings
    bank = Sepa(
        town.http,
        town.demo.clock,
        iban=settings.sepa.iban,
        holder=settings.sepa.name,
        bic=settings.sepa.bic,
        bank_url=settings.sepa.bank_url,
        key=settings.bank_key.reveal(),
    )
    await town.skip(1)
    assert isinstance(await bank.refund(operation), Pending)
    assert float(await nora.balance("EUR")) == before + 25.99


@pytest.mark.parametrize(("status", "heard"), [("DEVOLVIDO", "has been sent back"), ("NAO_REALIZADO", "was refused")])
async def test_a_pix_refund_in_process_ends_as_the_banks_next_webhook_says(town, status, heard):
    nora, _, _, reading = await a_buyer(town, "27.00 BRL", "PIX")
    await nora.pay(reading, "wrong_amount", amount="26.99")
    held = await nora.wait_for("26.99 is held")
    (told, *_) = await town.bank_messages("pix", reading["reference"])
    town.demo.bank.merchants.slow_refunds = True
    ada = town.chatter(ADMIN)
    try:
        await nora.press("Send it back", held)
        refund = await town.until(lambda: pending_refund(town), "the bank has the refund")
        ada.mark = await town.seq()
    finally:
        town.demo.bank.merchants.slow_refunds = False
    body = json.loads(told["body"])
    body["pix"][0]["devolucoes"] = [{"id": refund, "rtrId": "D" + "9" * 31, "valor": "26.99", "status": status}]
    assert await town.deliver("pix", json.dumps(body).encode()) == 200
    assert heard in (await ada.wait_for("26.99"))["text"]


@pytest.mark.parametrize(("method", "currency"), RAILS)
async def test_a_short_payment_is_topped_up_with_a_second_code(town, method, currency):
    nora, _, card, reading = await a_buyer(town, f"28.00 {currency}", method)
    await nora.pay(reading, "wrong_amount", amount="20.00")
    held = await nora.wait_for("20.00 is held")
    assert "8.00" in held["text"]
    await nora.press("Pay the missing", held)
    second = await nora.wait_for(lambda message: message["kind"] == "photo" and "8.00" in message["text"])
    assert second["message_id"] > held["message_id"], "where they look, not far up"
    await nora.wait_for(lambda one: one["message_id"] == card["message_id"] and "further down" in one["text"])
    rest = await nora.scan(second)
    assert rest["amount"] == "8.00" and rest["reference"] != reading["reference"]
    await nora.pay(rest)
    paid = await nora.wait_for("Paid:")
    assert "28.00" in paid["text"], "the slip tells the whole price"
    order = await town.look(lambda uow: uow.orders.need(order_of(card)))
    assert order.state == "paid"
    await town.ledger()


async def test_too_much_pays_the_order_and_the_excess_pays_another_one(town):
    nora, product, card, reading = await a_buyer(town, "29.00 EUR", "SEPA")
    other = order_of(await nora.buy(product, "SEPA"))
    await nora.pay(reading, "wrong_amount", amount="58.00")
    held = await nora.wait_for("29.00 is held")
    assert "more than the order cost" in held["text"]
    assert f"Order {other} is paid" in (await nora.press(f"Use it for order {other}", held))["text"]
    orders = await town.look(lambda uow: [uow.orders.need(one).state for one in (order_of(card), other)])
    assert orders == ["paid", "paid"]
    await town.ledger()


async def test_late_money_takes_its_order_up_again(town):
    nora, product, card, reading = await a_buyer(town, "31.00 EUR", "SEPA", stock=1)
    await town.skip(2 * 3600)
    await nora.wait_for("expired")
    await nora.pay(reading, "late")
    held = await nora.wait_for("31.00 is held")
    assert "can be taken up again" in held["text"]
    assert "is paid" in (await nora.press("up again", held))["text"]
    await nora.wait_for("Your payment has arrived")
    assert await town.stock(product) == 0
    order = await town.look(lambda uow: uow.orders.need(order_of(card)))
    assert order.state == "paid"


async def test_an_admin_gives_nameless_money_to_its_order_and_sends_a_part_back(town):
    nora, _, card, reading = await a_buyer(town, "32.00 EUR", "SEPA")
    ada = town.chatter(ADMIN)
    ada.mark = await town.seq()
    await nora.pay(reading, "no_reference")
    told = await ada.wait_for("32.00 is held")
    receipt = told["text"].partition("/assign ")[2].split()[0]
    nora.mark = await town.seq()
    await ada.say(f"/assign {receipt} {order_of(card)}")
    await ada.wait_for("belongs to order")
    await nora.wait_for("Your payment has arrived")
    before = float(await nora.balance("EUR"))
    await ada.say(f"/refund {order_of(card)} 50")
    await ada.wait_for("more than can be refunded")
    await ada.say(f"/refund {order_of(card)} 12.00")
    await ada.wait_for("12.00 is on its way back")
    await nora.wait_for("12.00 has been sent back")
    assert float(await nora.balance("EUR")) == before + 12
    order = await town.look(lambda uow: uow.orders.need(order_of(card)))
    assert order.state == "paid"
    await town.ledger()


async def test_a_refund_whose_way_back_is_closed_goes_to_another_account_of_the_payer(town):
    nora, _, _, reading = await a_buyer(town, "33.00 EUR", "SEPA")
    lin = await town.newcomer("Lin")
    await lin.give_address()
    accounts = (await town.get(f"/bank/accounts/{lin.who}"))["accounts"]
    iban = next(one["iban"] for one in accounts if one["currency"] == "EUR")
    await nora.pay(reading, "wrong_amount", amount="30.00")
    held = await nora.wait_for("30.00 is held")
    await town.post(f"/bank/accounts/{nora.who}/close")
    await nora.press("Send it back", held)
    stuck = await nora.wait_for("could not be sent back")
    await nora.press("Give another account", stuck)
    await nora.wait_for("send an IBAN")
    await nora.say("DE00 1234")
    await nora.wait_for("not an account for EUR")
    before = float(await lin.balance("EUR"))
    await nora.say(iban)
    await nora.wait_for("on its way to that account")
    await nora.wait_for("30.00 has been sent back")
    assert float(await lin.balance("EUR")) == before + 30
    await town.ledger()


async def pending_refund(town):
    """The reference of the newest refund, once its channel has taken it."""
    (newest,) = await town.look(lambda uow: uow.operations.find(kind=OperationKind.REFUND, limit=1))
    return newest.reference if newest.state == "pending" else None


async def test_held_money_is_shown_again_with_the_order_that_it_can_pay_by_now(town):
    nora, product, _, reading = await a_buyer(town, "26.00 EUR", "SEPA")
    assert "None of your money is held" in (await _says(nora, "/held"))["text"]
    await nora.pay(reading, "twice")
    held = await nora.wait_for("26.00 is held")
    assert not [one for one in labels(held) if "Use it for order" in one] and "/held" in held["text"]
    nora.mark = await town.seq()
    second = order_of(await nora.buy(product, "SEPA"))
    offered = await nora.wait_for(f"It can pay order {second}")
    assert f"Use it for order {second}" in str(labels(await _says(nora, "/held")))
    await nora.press(f"Use it for order {second}", offered)
    await nora.wait_for(f"Order {second} is paid")
    assert "None of your money is held" in (await _says(nora, "/held"))["text"]


async def _says(who: Chatter, text: str) -> Json:
    await who.say(text)
    return await who.wait_for(lambda message: True)
