"""A demo with a past: every state occurs, the books are right, the bank says the same, nobody is flooded."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.demo import Demo, DemoClock, Unfinished
from bot.history import Wanted
from bot.history.stories import STORIES
from core.ledger.check import check
from core.payments.disputes.dispute import DisputeState
from core.payments.instalments.plan import PlanState
from core.payments.receipts import Misfit, ReceiptState
from core.payments.recon.bankline import LineState, Why
from core.payments.refund import RefundState
from core.payments.settlement.payout import PayoutState
from core.ports import UnitOfWork
from core.shop.orders import OrderState
from tests.flows.conftest import UNHURRIED

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDERS = 60
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)  # the present of every demo of this module, a Friday


async def opened(folder: Path, seed: int = 1) -> Demo:
    """A demo with a past that ends at NOW, and its doors open."""
    (folder / "skipped-seconds").write_text(str(NOW.timestamp() - time.time()))
    demo = Demo(folder, limits=UNHURRIED, past=Wanted(ORDERS, seed))
    demo.clock.stand(NOW.timestamp())
    await demo.start()
    return demo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: Any) -> AsyncIterator[Demo]:
    running = await opened(tmp_path_factory.mktemp("past"))
    yield running
    await running.stop()


async def look(demo: Demo, view: Any) -> Any:
    return await demo.shop.store.read(view)


def journal(uow: UnitOfWork) -> list[Any]:
    """Everything that was posted by NOW."""
    return [one for one in uow.journal.walk() if one.at <= NOW]


async def test_every_state_occurs(demo: Demo) -> None:
    orders = await look(demo, lambda uow: uow.orders.find(limit=500))
    assert len(orders) == ORDERS
    assert {one.state for one in orders} == set(OrderState)
    assert {one.method for one in orders} == {"pix", "sepa"}
    assert len({one.shopper for one in orders}) > 10
    receipts = await look(demo, lambda uow: uow.receipts.find(limit=500))
    unusual = {Misfit.LATE, Misfit.SHORT, Misfit.OVER, Misfit.DOUBLE, Misfit.UNKNOWN_REFERENCE}
    assert {one.misfit for one in receipts} >= unusual | {Misfit.NONE}
    assert {one.misfit for one in receipts if one.state is ReceiptState.HELD} >= unusual - {Misfit.UNKNOWN_REFERENCE}
    assert {one.amount.asset.code for one in receipts} == {"EUR", "BRL"}
    refunds = await look(demo, lambda uow: uow.refunds.find(limit=500))
    assert {one.state for one in refunds} >= {RefundState.DONE}
    received = {one.id for one in orders if one.state is OrderState.RECEIVED}
    assert any(one.order in received for one in refunds), "one was refunded in part"
    payouts = await look(demo, lambda uow: uow.payouts.find(limit=500))
    assert {one.state for one in payouts} >= {PayoutState.RESERVED, PayoutState.PAID, PayoutState.RETURNED}
    assert {one.channel for one in payouts} == {"sepa", "pix", "hand"}
    lines = await look(demo, lambda uow: uow.banklines.find(limit=500))
    assert {one.state for one in lines} == set(LineState)
    assert any(one.why is Why.MISSING and one.state is LineState.OPEN and one.owner for one in lines)
    assert await look(demo, lambda uow: uow.hedges.count())
    cases = await look(demo, lambda uow: uow.disputes.find(limit=100))
    assert {one.state for one in cases} >= {DisputeState.OPEN, DisputeState.WON, DisputeState.LOST}
    plans = await look(demo, lambda uow: uow.plans.find(limit=100))
    assert {one.state for one in plans} >= {PlanState.ACTIVE, PlanState.COMPLETED, PlanState.DEFAULTED}


async def test_the_books_of_the_past_are_right(demo: Demo) -> None:
    report = await demo.shop.store.survey(check, NOW)
    assert report.findings == ()
    assert report.orders == ORDERS and report.entries > 3 * ORDERS


async def test_the_bank_knows_the_same_payments(demo: Demo) -> None:
    books, receipts = demo.bank.books, await look(demo, lambda uow: uow.receipts.find(limit=500))
    rows = books.db.execute("SELECT id, payee, cents, at FROM payment WHERE payee LIKE 'merchant:%'").fetchall()
    returned = {row["returned"] for row in books.db.execute("SELECT returned FROM sent WHERE returned IS NOT NULL")}
    paid = {row["id"]: (row["cents"], row["at"]) for row in rows if row["id"] not in returned}
    assert paid == {one.fact: (one.amount.minor, one.received_at.timestamp()) for one in receipts}
    totals = await look(demo, lambda uow: uow.journal.totals(""))
    hedges = await look(demo, lambda uow: uow.hedges.find(limit=100))
    for code, channel in (("EUR", "sepa"), ("BRL", "pix")):
        ours = sum(totals.get((account, code), 0) for account in ("bank", f"clearing:{channel}", "exp:processor"))
        # Currency deals are made with a dealer elsewhere: the pocket bank deals in none.
        elsewhere = sum(one.bought.minor for one in hedges if one.bought.asset.code == code)
        elsewhere -= sum(one.sold.minor for one in hedges if one.sold.asset.code == code)
        fees = sum(
            row["cents"]
            for row in books.db.execute(
                "SELECT p.cents FROM posting p JOIN booking b ON b.id = p.booking WHERE b.kind = 'fee' AND p.cents > 0"
                " AND p.account = ?",
                (f"world:{code}",),
            )
        )
        assert books.balance(f"merchant:{code}") + fees == ours - elsewhere, code


async def test_nobody_is_told_today_what_was_news_then(demo: Demo) -> None:
    chats = demo.sandbox.world.chats
    assert not chats[5001].posts and not chats[5002].posts and not chats[5005].posts
    waiting = await look(demo, lambda uow: uow.outbox.waiting())
    assert waiting <= 12 + 2, "the sellers see their cards; that is all"
    assert not demo.bank.messages.waiting()
    assert timedelta(0) < demo.clock.now() - NOW < timedelta(minutes=10), "the clock runs again"


async def test_a_seed_is_one_past(demo: Demo, tmp_path: Path) -> None:
    twin = await opened(tmp_path)
    try:
        assert await look(twin, journal) == await look(demo, journal)
    finally:
        await twin.stop()


async def test_a_shop_that_was_open_keeps_its_own_past(tmp_path: Path) -> None:
    (tmp_path / "unfinished-past").touch()
    with pytest.raises(Unfinished):
        Demo(tmp_path, past=Wanted(ORDERS))


async def test_a_story_is_as_many_orders_as_it_says() -> None:
    assert sum(story.orders for story in STORIES) <= 45, "so many orders show every state"


async def test_the_clock_stands_and_runs_again(tmp_path: Path) -> None:
    clock = DemoClock(tmp_path / "skipped")
    clock.stand(NOW.timestamp())
    assert clock.now() == NOW
    clock.stand(None)
    assert clock.now() >= NOW
