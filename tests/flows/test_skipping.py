"""Days that are skipped at the demo's page: the bank ends each of them, so nothing is missing that is not."""

from __future__ import annotations

import pytest

from core.payments.recon.bankline import LineState

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIX_DAYS = 6 * 24 * 3600  # more than a settlement may take, and less than a seller has to ship


async def test_days_that_are_skipped_at_the_page_end_as_days_do(town):
    for method, price in (("SEPA", "12.00 EUR"), ("PIX", "40.00 BRL")):
        nora = await town.newcomer()
        await nora.give_address()
        card = await nora.buy(await town.on_sale("Skipped", price), method)
        await nora.pay(await nora.scan(card))
        await nora.wait_for("Your payment has arrived")
    await town.skip(SIX_DAYS, evenings=True)
    assert not [place for place, _ in await town.ledger() if place.startswith("clearing")]
    assert not await town.look(lambda uow: uow.banklines.count(state=LineState.OPEN))
