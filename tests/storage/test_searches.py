"""The searches that the shop makes all day are answered from an index, however long its history grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.payments.operations import OperationKind, OperationState
from core.payments.receipts import ReceiptState
from core.shop.catalogue import ProductState
from core.shop.orders import OrderState
from storage.sqlite import SqliteLink, connect
from storage.unit import Plan, SqlUnit
from storage.vault import Vault
from tests.storage.things import EUR, NOON

SEARCHES: dict[str, Callable[[Any], Any]] = {
    "orders to expire": lambda uow: uow.orders.find(state=OrderState.PLACED, before={"deadline": NOON}, newest=False),
    "a shopper's orders": lambda uow: uow.orders.find(shopper=1, state=(OrderState.PLACED, OrderState.PAID)),
    "a seller's orders": lambda uow: uow.orders.find(seller="S1", state=(OrderState.PAID, OrderState.SHIPPED)),
    "what is for sale": lambda uow: uow.products.find(state=ProductState.ON_SALE),
    "a seller's goods": lambda uow: uow.products.find(seller="S1"),
    "an order's charges": lambda uow: uow.operations.find(order="O1", kind=OperationKind.CHARGE),
    "a charge by its reference": lambda uow: uow.operations.find(
        channel="sepa", kind=OperationKind.CHARGE, reference="RF1"
    ),
    "commands to ask about": lambda uow: uow.operations.find(
        state=(OperationState.ACTION, OperationState.PENDING, OperationState.UNKNOWN), before={"ask_at": NOON}
    ),
    "an intent in doubt": lambda uow: uow.operations.count(intent="I1", state=(OperationState.UNKNOWN,)),
    "a payment seen before": lambda uow: uow.receipts.find(channel="sepa", fact="E1"),
    "what paid an order": lambda uow: uow.applications.find(order="O1"),
    "the parts of a price": lambda uow: uow.receipts.find(part_of="O1"),
    "held money to decide about": lambda uow: uow.receipts.find(state=ReceiptState.HELD, before={"decide_by": NOON}),
    "an order's refunds": lambda uow: uow.refunds.find(order="O1"),
    "a payment's refunds": lambda uow: uow.refunds.find(receipt="R1"),
    "parcels that did not leave": lambda uow: uow.orders.find(
        state=OrderState.PAID, frozen="", before={"ship_by": NOON}, newest=False
    ),
    "receipts not confirmed": lambda uow: uow.orders.find(
        state=OrderState.SHIPPED, frozen="", before={"release_at": NOON}, newest=False
    ),
    "receipts of a day": lambda uow: uow.receipts.find(since={"received_at": NOON}),
    "whose shop it is": lambda uow: uow.sellers.find(person=1),
    "what an order holds": lambda uow: uow.holds.find(order="O1", released=False),
    "an order's legs": lambda uow: uow.journal.legs_of("O1"),
    "all escrow": lambda uow: uow.journal.totals("escrow:"),
    "all escrow of a day": lambda uow: uow.journal.totals("escrow:", NOON),
    "a balance of a day": lambda uow: uow.journal.balance("escrow:O1", EUR, NOON),
    "an order's entries": lambda uow: uow.journal.history("O1"),
    "every entry": lambda uow: list(uow.journal.walk()),
    "every balance": lambda uow: list(uow.journal.balances()),
    "entries to seal": lambda uow: uow.journal.unsealed(64),
    "the end of the chain": lambda uow: uow.journal.head(),
    "the last seal": lambda uow: uow.seals.find(last=7, limit=1),
    "anchors": lambda uow: uow.anchors.find(),
    "open events": lambda uow: uow.inbox.open("telegram"),
    "events to forget": lambda uow: uow.inbox.forget("telegram", NOON),
    "effects to do": lambda uow: uow.outbox.lease(NOON, NOON),
}


class _Explaining(SqliteLink):
    """A link that also notes how SQLite goes about each statement."""

    steps: list[str]

    def run(self, sql: str, params: Sequence[Any] = ()) -> Any:
        self.steps += [row[3] for row in super().run(f"EXPLAIN QUERY PLAN {sql}", params)]
        return super().run(sql, params)


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_reads_no_whole_table(shop_file: Path, vault: Vault, search: str) -> None:
    connection = connect(shop_file, writes=True)
    link = _Explaining(connection)
    link.steps = []
    SEARCHES[search](SqlUnit(Plan(link.dialect, vault), link))
    connection.close()
    assert link.steps
    whole = [step for step in link.steps if step.startswith("SCAN") and "USING INDEX" not in step]
    assert not [step for step in whole if step != "SCAN page"]  # the rows that an index has just given
