"""A seller is paid, from the account they give in chat to the bank's own books, and back when their bank says no."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pypdfium2
import pytest

from bot.demo import ADMIN, ROSA
from core.payments.settlement.payout import PayoutState
from core.people import SellerTier
from core.shop import visitors
from tests.flows.driver import Chatter, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEEK = 7 * 24 * 3600


async def a_seller(town: Any, currency: str = "EUR") -> Chatter:
    """Somebody new who sells, trusted, so that half of a sale is theirs when it is paid."""
    olga = await town.newcomer("Olga")
    await olga.start()
    await olga.wait_for(lambda message: True)
    await town.demo.shop.store.write(
        visitors.open_seller,
        town.shop,
        ADMIN,
        person=olga.who,
        name="Olga’s Oils",
        country="DE",
        currency=currency,
        tier=SellerTier.TRUSTED,
    )
    return olga


async def gives_account(seller: Chatter, account: str, holder: str) -> None:
    await seller.say("/payout")
    await seller.press("🏦", await seller.wait_for("Your payouts"))
    await seller.wait_for("Where shall your")
    await seller.say(account)
    await seller.wait_for("name of its holder")
    await seller.say(holder)
    await seller.wait_for("Your payouts go to")


async def sells_one(town: Any, seller: Chatter, price: str = "100.00 EUR") -> None:
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Oil", price, seller=seller.who), "SEPA")
    seller.mark = await town.seq()
    await nora.pay(await nora.scan(card))
    await seller.wait_for("settled")


async def a_week_passes(town: Any, seller: Chatter) -> Json:
    """The payout notice that a new week brings."""
    seller.mark = await town.seq()
    await town.skip(WEEK)
    return await seller.wait_for("💸")


def iban_of(accounts: Json) -> str:
    return str(next(one["iban"] for one in accounts["accounts"] if one["iban"]))


async def files(town: Any, seller: Chatter) -> dict[str, bytes]:
    """The two documents of a statement, by their endings."""
    found: dict[str, bytes] = {}
    for ending in (".pdf", ".csv"):
        message = await seller.wait_for(
            lambda one, e=ending: one["kind"] == "document" and one["media"]["file_name"].endswith(e)
        )
        found[ending] = await seller.picture(message)
    return found


async def test_a_seller_gives_an_account_sells_and_is_paid_into_it(town: Any) -> None:
    olga = await a_seller(town)
    iban = iban_of(await town.get(f"/bank/accounts/{olga.who}"))
    before = await olga.balance("EUR")
    await gives_account(olga, iban, "Olga Öl")
    await sells_one(town, olga)
    notice = await a_week_passes(town, olga)
    assert "Released from sales: €50.00" in notice["text"]
    assert "Fees: −€1.25" in notice["text"]
    assert "Paid out: €48.75" in notice["text"]
    await olga.wait_for("has been sent to your account")
    assert float(await olga.balance("EUR")) - float(before) == pytest.approx(48.75)

    await olga.press("🧾", notice)
    found = await files(town, olga)
    paper = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(found[".pdf"]))
    assert "Olga’s Oils" in paper
    assert "Closing balance 48.75" in paper
    rows = list(csv.DictReader(io.StringIO(found[".csv"].decode("utf-8-sig"))))
    assert [(row["what"], row["gross"], row["fee"], row["available"]) for row in rows] == [
        ("opening balance", "", "", "0.00"),
        ("first", "50.00", "1.25", "48.75"),
        ("closing balance", "", "", "48.75"),
    ]


async def test_a_payout_that_comes_back_is_the_sellers_again_and_they_are_asked(town: Any) -> None:
    olga = await a_seller(town)
    await gives_account(olga, "IT60X0542811101000000123456", "Olga Öl")
    await sells_one(town, olga)
    await a_week_passes(town, olga)
    await olga.wait_for("has been sent to your account")
    (payout,) = await town.look(
        lambda uow: [p for p in uow.payouts.find() if uow.sellers.need(p.seller).person == olga.who]
    )
    await town.skip(2 * 24 * 3600)
    olga.mark = await town.seq()
    await town.post(f"/bank/transfers/{payout.operation}/return", reason="AC04")
    await olga.wait_for("came back")
    await town.post(f"/bank/transfers/{payout.operation}/return", reason="AC04")
    now = await town.look(lambda uow: uow.payouts.need(payout.id))
    assert now.state is PayoutState.RETURNED
    assert (await town.ledger())[f"avail:{payout.seller}", "EUR"] == -48_75
    again = await a_week_passes(town, olga)
    assert "Paid out: €48.75" in again["text"]


async def test_where_no_bank_is_connected_the_admin_is_asked_to_pay_and_says_so(town: Any) -> None:
    rosa, ada = town.chatter(ROSA), town.chatter(ADMIN)
    await ada.start()
    await sells_one(town, rosa, "300.00 BRL")
    ada.mark = await town.seq()
    notice = await a_week_passes(town, rosa)
    asked = await ada.wait_for("make this payout yourself")
    assert "rosa@casarosa.example" in asked["text"]
    payout = re.search(r"Payout ([0-9A-Z]{8})|打款 ([0-9A-Z]{8})", notice["text"])
    assert payout
    number = payout[1] or payout[2]
    await ada.say("/payouts")
    listed = (await ada.wait_for("/hold PAYOUT"))["text"]
    assert f"Once made: /paid {number}" in listed
    ada.mark = await town.seq()
    await town.skip(24 * 3600)
    assert f"/paid {number}" in (await ada.wait_for("wait for you"))["text"]
    await ada.say(f"/hold {number}")
    await ada.wait_for("is held")
    await ada.say(f"/paid {number} E2E-77")
    await ada.wait_for("not possible")
    await ada.say(f"/release {number}")
    await ada.wait_for("goes out")
    await ada.say(f"/paid {number}")
    await ada.wait_for("REFERENCE")
    await ada.say(f"/paid {number} E2E-77")
    await ada.wait_for("is paid")
    await rosa.wait_for("has been sent")
    await ada.say(f"/statement {(await town.look(lambda uow: uow.payouts.need(number))).seller} 2026")
    await ada.wait_for("is not a period")
    await rosa.say("/statement 1999-01")
    await rosa.wait_for("There was nothing in this time")


async def test_a_seller_without_an_account_is_asked_for_one(town: Any) -> None:
    olga = await a_seller(town)
    await sells_one(town, olga)
    olga.mark = await town.seq()
    await town.skip(WEEK)
    await olga.wait_for("no account to send it to")
    await olga.say("/payout")
    await olga.press("🏦", await olga.wait_for("No account yet"))
    await olga.say("DE00 1234")
    await olga.wait_for("That is not an account for EUR")
    await olga.press("💱")
    await olga.wait_for("exchanged when it is paid out")
