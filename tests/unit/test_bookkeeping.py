"""Bank messages on their way into the books: each fact is booked once, under its natural key."""

import json
import re
from typing import Any

from bot.bookkeeping import Books
from core.payments.operations import Operation, OperationState
from core.ports import Pending
from tests.builders import ROSA, SHOP_IBAN, policy
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


def credited(kind: int, words: str) -> bytes:
    """A notification (camt.054) or statement (camt.053) of one credit of EUR 19.30."""
    name, part = {4: ("BkToCstmrDbtCdtNtfctn", "Ntfctn"), 3: ("BkToCstmrStmt", "Stmt")}[kind]
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.05{kind}.001.08"><{name}><{part}><Id>{part}-1</Id>'
        f"<Acct><Id><IBAN>{SHOP_IBAN.replace(' ', '')}</IBAN></Id></Acct>"
        '<Ntry><Amt Ccy="EUR">19.30</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        "<AcctSvcrRef>A1</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><RmtInf><Ustrd>{words}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></{part}></{name}></Document>"
    ).encode()


async def test_a_notification_of_a_settlement_is_no_payment_and_its_statement_lists_it() -> None:
    world = World(rules=policy(settlements={"pix": re.compile("po-[0-9]+", re.IGNORECASE)}))
    books = Books(world.store, world.shop, lambda: None)
    assert (await books.statement(credited(4, "Payout po-77"))).new == 0
    assert world.books() == {}
    assert (await books.statement(credited(3, "Payout po-77"))).open == 1
    assert world.books() == {"bank": "EUR 19.30", "clearing:pix": "EUR -19.30"}
