"""What comes to the bank's doors: forged, old, repeated, altered or unreadable messages get an honest HTTP status."""

from __future__ import annotations

import json
import re

import pytest

from bot.demo import ADMIN
from tests.flows.driver import order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

RAILS = [("SEPA", "camt054", "30.00 EUR"), ("PIX", "pix", "30.00 BRL")]


async def a_paid_order(town, method, kind, price):
    """(shopper, order, the bank's message about it)."""
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Banked", price), method)
    reading = await nora.scan(card)
    await nora.pay(reading)
    await nora.wait_for("Your payment has arrived")
    (message,) = await town.bank_messages(kind, reading["reference"])
    return nora, order_of(card), message


@pytest.mark.parametrize(("method", "kind", "price"), RAILS)
async def test_a_forged_message_pays_nothing(town, method, kind, price):
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Forged", price), method)
    await town.post("/bank/config", held=True)
    try:
        reading = await nora.scan(card)
        await nora.pay(reading)
        (message,) = await town.bank_messages(kind, reading["reference"])
        assert (await town.post(f"/bank/messages/{message['id']}/forge"))["status"] == 401
        body = message["body"].encode()
        assert await town.deliver(kind, body, secret="guessed") == 401
        assert await town.deliver(kind, body, age=3600) == 401, "an old message, however well signed"
        assert await town.deliver(kind, body, age=-3600) == 401
        async with town.http.post(f"{town.shop_url}/bank/{kind}", data=body) as answer:
            assert answer.status == 401
        order = await town.look(lambda uow: uow.orders.need(order_of(card)))
        assert order.state == "placed"
    finally:
        await town.post("/bank/config", held=False)
    await nora.wait_for("Your payment has arrived")


@pytest.mark.parametrize(("method", "kind", "price"), RAILS)
async def test_a_repeated_message_is_welcome_and_changes_nothing(town, method, kind, price):
    nora, order, message = await a_paid_order(town, method, kind, price)
    before = await town.ledger()
    nora.mark = await town.seq()
    for _ in range(3):
        assert (await town.post(f"/bank/messages/{message['id']}/again"))["status"] == 200
    assert await town.ledger() == before
    assert (await town.look(lambda uow: uow.orders.need(order))).state == "paid"
    assert await town.calls(nora.mark, "sendMessage", nora.who) == []


@pytest.mark.parametrize(("method", "kind", "price"), RAILS)
async def test_an_altered_message_is_refused_and_the_admin_is_alarmed(town, method, kind, price):
    _, _, message = await a_paid_order(town, method, kind, price)
    ada, before = town.chatter(ADMIN), await town.ledger()
    ada.mark = await town.seq()
    altered = message["body"].replace("30.00", "99.00")
    assert altered != message["body"]
    assert await town.deliver(kind, altered.encode()) == 409
    await ada.wait_for("came again with other content")
    assert await town.ledger() == before


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b'{"pix": 7}', b'{"pix": [7]}', b'{"pix": [{}]}', b"\xff\xfe", b'{"pix": [' * 2000,
        b'{"pix": [{"endToEndId": "E1", "valor": "-1.00", "horario": "2026-11-22T10:00:00Z"}]}',
        b'{"pix": [{"endToEndId": "E1", "valor": "1.001", "horario": "2026-11-22T10:00:00Z"}]}',
        b'{"pix": [{"endToEndId": "E1", "valor": "1.00", "horario": "yesterday"}]}',
        b'{"pix": [{"endToEndId": "../../E1", "valor": "1.00", "horario": "2026-11-22T10:00:00Z"}]}',
        b'{"pix": [{"endToEndId": "E1", "valor": 1e999, "horario": "2026-11-22T10:00:00Z"}]}',
        b'{"pix": [{"endToEndId": "E2", "valor": "1.00", "horario": "2026-11-22T10:00:00Z", "devolucoes": [3]}]}',
        b'{"pix": [{"endToEndId": "E3", "valor": "1.00", "horario": "2026-11-22T10:00:00Z", "devolucoes": {"a": 1}}]}',
        b'{"pix": [{"endToEndId": "E4", "valor": "1.00", "horario": "2026-11-22T10:00:00Z", "pagador": "Nora"}]}',
    ],
)  # fmt: skip
async def test_a_webhook_that_is_no_pix_is_a_bad_request(town, body):
    before = await town.ledger()
    assert await town.deliver("pix", body) == 400
    assert await town.ledger() == before


BOMB = (
    "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    + "]><x>&j;</x>"
)


async def test_a_statement_that_is_no_statement_is_a_bad_request(town):
    _, _, message = await a_paid_order(town, *RAILS[0])
    good = message["body"]
    before = await town.ledger()
    fresh = re.sub(r"PCKT[A-Z0-9]{16}", "PCKTNEWNEWNEWNEWNEW1", good)
    for bad in (
        "", "Dear customer", "<a>", BOMB, f"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>{good}",
        good.replace("camt.054", "camt.999"),
        re.sub(r"DE59\d+", "DE89370400440532013000", fresh),
        fresh.replace(">30.00<", ">thirty<"),
        fresh.replace('Ccy="EUR"', 'Ccy="XYZ"'),
        fresh.replace("<CdtDbtInd>CRDT", "<CdtDbtInd>BOTH"),
        re.sub(r"<DtTm>[^<]+", "<DtTm>soon", fresh),
        good[: len(good) // 2],
    ):  # fmt: skip
        assert await town.deliver("camt054", bad.encode()) == 400, bad[:300]
    assert await town.ledger() == before


async def test_one_bad_row_books_nothing_of_its_message(town):
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Half", "31.00 BRL"), "PIX")
    reading = await nora.scan(card)
    row = {"endToEndId": "E" + "7" * 31, "txid": reading["reference"], "valor": "31.00",
           "horario": "2026-11-22T10:00:00Z"}  # fmt: skip
    assert await town.deliver("pix", json.dumps({"pix": [row, {**row, "valor": "x"}]}).encode()) == 400
    assert (await town.look(lambda uow: uow.orders.need(order_of(card)))).state == "placed"
    assert await town.deliver("pix", json.dumps({"pix": [row]}).encode()) == 200
    await nora.wait_for("Your payment has arrived")


async def test_the_same_payment_in_two_different_messages_is_one_payment(town):
    """Two notifications, and the statement tonight: messengers of one fact; the statement's line settles it, too."""
    nora, order, message = await a_paid_order(town, *RAILS[0])
    before = await town.ledger()
    again = message["body"].replace("PCKT054-", "PCKT054-X")
    assert await town.deliver("camt054", again.encode()) == 200
    assert await town.ledger() == before
    for _ in range(2):
        assert await town.deliver("statement", again.replace(".054.", ".053.").encode()) == 200
    after = await town.ledger()
    assert after["bank", "EUR"] - before.get(("bank", "EUR"), 0) == 30_00
    assert before["clearing:sepa", "EUR"] - after.get(("clearing:sepa", "EUR"), 0) == 30_00
    assert (await town.look(lambda uow: uow.receipts.count(order=order))) == 1
    assert nora


@pytest.mark.parametrize(("verb", "path", "status"), [("GET", "/bank/pix", 405), ("POST", "/bank/visa", 404)])
async def test_other_doors_are_closed(town, verb, path, status):
    async with town.http.request(verb, town.shop_url + path) as answer:
        assert answer.status == status


async def test_a_message_of_gigantic_size_is_not_read(town):
    assert await town.deliver("pix", b"x" * 6_000_000) == 413
