"""Playing the admin, playing the seller: roles hang on a person’s number at Telegram, never on their names."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from bot import argon
from bot.commands import COMMANDS
from bot.demo import ADMIN, ROSA
from bot.screens.statement import safe
from core.people import SellerTier
from core.shop import visitors
from tests.attacks.scene import PIN, at_rest, everything, harm, has_pin, heard, paid_order, stuck_refund
from tests.flows.driver import GROUP, Chatter, labels

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_FOR_YOU = "This command is not for you"
# Behind each admin's command, words that would do the most harm; a new command is asked with the last ones.
WORDS = {
    "sellers": "add {sly} DE EUR Mine",
    "rate": "USD 0.01",
    "hedge": "1 EUR 9000 USD R1",
    "resolve": "{op} succeeded E1",
}


async def nothing_but_refusals(town: Any, sly: Chatter, order: str) -> None:
    await at_rest(town)
    (operation, *_) = await town.look(lambda uow: uow.operations.find(order=order, limit=1))
    before = await town.demo.shop.store.survey(everything)
    for name, command in COMMANDS.items():
        if command.role == "admin":
            words = WORDS.get(name, "{order} 5.00").format(sly=sly.who, order=order, op=operation.id)
            for written in (f"/{name} {words}", f"/{name.upper()} {words}", f"/{name}@sampan_bot {words}"):
                await sly.say(written)
                assert NOT_FOR_YOU in " ".join(await heard(town, sly)), written
    assert not list(harm(before, await town.demo.shop.store.survey(everything), sly.who))


async def vera_paid(town: Any) -> str:
    vera = await town.newcomer("Vera")
    await vera.give_address()
    return await paid_order(town, vera, "To be stolen")


async def test_admin_commands_by_a_stranger(town):
    sly, order = await town.newcomer("Sly"), await vera_paid(town)
    await sly.start()
    await nothing_but_refusals(town, sly, order)


async def test_admin_commands_by_somebody_renamed_to_the_admin(town):
    """Sly takes the admin’s name, and the username that the admin gave up this morning."""
    sly, order = await town.newcomer("Sly"), await vera_paid(town)
    ada = town.chatter(ADMIN)
    await ada.start()
    status, _ = await town.ask("PATCH", f"/sandbox/people/{ADMIN}", json={"username": "ada_new"})
    assert status == 200
    status, _ = await town.ask("PATCH", f"/sandbox/people/{sly.who}", json={"first_name": "Ada", "username": "ada"})
    assert status == 200
    await sly.start()
    await nothing_but_refusals(town, sly, order)
    await ada.say("/stats")
    await ada.wait_for(lambda message: message["kind"] == "photo")


async def test_an_admin_command_said_for_the_admin(town):
    """Forwarded from the admin, in the admin’s group, as the group itself, by a bot, or edited in later."""
    order, sly = await vera_paid(town), await town.newcomer("Sly")
    await sly.start()
    await at_rest(town)
    before = await town.demo.shop.store.survey(everything)
    text = f"/refund {order}"
    ada = {"id": int(ADMIN), "is_bot": False, "first_name": "Ada", "username": "ada"}
    me = {"id": sly.who, "is_bot": False, "first_name": "Sly", "language_code": "en"}
    mine, group = (
        {"id": sly.who, "type": "private", "first_name": "Sly"},
        {"id": GROUP, "type": "supergroup", "title": "x"},
    )
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    base = {
        "message_id": 7,
        "date": 1795000000,
        "text": text,
        "entities": [{"type": "bot_command", "offset": 0, "length": 7}],
    }
    origin = {"type": "user", "sender_user": ada, "date": 1795000000}
    for update in (
        {"message": {**base, "from": me, "chat": mine, "forward_origin": origin, "forward_from": ada}},
        {"message": {**base, "from": me, "chat": mine, "reply_to_message": {**base, "from": ada, "chat": mine}}},
        {"message": {**base, "from": me, "chat": group}},
        {"message": {**base, "from": anonymous, "sender_chat": group, "chat": group, "author_signature": "Ada"}},
        {"message": {**base, "sender_chat": group, "chat": group}},
        {"message": {**base, "from": {**ada, "is_bot": True}, "chat": group}},
        {"edited_message": {**base, "from": me, "chat": mine, "edit_date": 1795000001}},
        {"message": {**base, "from": me, "chat": mine, "via_bot": ada}},
    ):  # fmt: skip
        await town.post("/sandbox/updates", **update)
    await at_rest(town)
    assert not list(harm(before, await town.demo.shop.store.survey(everything), sly.who))


async def test_a_seller_attacks_what_is_not_theirs_to_sell(town):
    """Their own goods bought by themselves, a stock below nothing, prices of nothing and of everything."""
    rosa = town.chatter(ROSA)
    await rosa.give_address()
    product = await town.on_sale("Bait", "5.00 EUR")
    await rosa.start(f"b_{product}")
    said = await rosa.wait_for(lambda message: True)
    assert not any("✅" in label for label in labels(said)), "nobody buys of themselves"
    for question, button, answers in (
        ("What does one cost?", "Price",
         ["0 EUR", "-5 EUR", "1e9 EUR", "0.001 EUR", "NaN EUR", "5", "٥ EUR", "9" * 40 + " EUR"]),
        ("How many do you have?", "Stock", ["-1", "1.5", "1e3", "999999999", "٣", "0x10", ""]),
    ):  # fmt: skip
        await rosa.start(f"p_{product}")
        await rosa.press(button, await rosa.wait_for("Bait"))
        await rosa.wait_for(question)
        for answer in filter(None, answers):
            await rosa.say(answer)
            said = await rosa.wait_for(lambda message: True)
            assert "Bait" not in said["text"] and "on our side" not in said["text"], (answer, said["text"])
        await rosa.say("/cancel")
        await rosa.wait_for("left")
    goods = await town.look(lambda uow: uow.products.need(product))
    assert (goods.stock, str(goods.price)) == (5, "EUR 5.00")


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://evil.example")', "+1+1", "@SUM(A1)", "-2+3|cmd", "\t=1", "../../x\r\ny"]
)
async def test_csv_injection_in_a_statement(town, name):
    """Whatever sellers and buyers call themselves and their goods: no cell is a formula, no file name a path."""
    olga, eve = await town.newcomer("Olga"), await town.newcomer(name)
    await olga.start()
    await olga.wait_for(lambda message: True)
    told = {"name": name, "country": "DE", "currency": "EUR", "tier": SellerTier.TRUSTED}
    await town.demo.shop.store.write(visitors.open_seller, town.shop, ADMIN, person=olga.who, **told)
    await eve.give_address(f"{name.strip() or 'x'}\n{name.strip()}\n10000 X\n=1+1")
    card = await eve.buy(await town.on_sale("=1+1", "50.00 EUR", seller=olga.who), "SEPA")
    await eve.pay(await eve.scan(card))
    await eve.wait_for("Your payment has arrived")
    await olga.say("/statement 2026-11")
    shown = await olga.wait_for(lambda one: one["kind"] == "document" and one["media"]["file_name"].endswith(".csv"))
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.csv", shown["media"]["file_name"])
    rows = list(csv.reader(io.StringIO((await olga.picture(shown)).decode("utf-8-sig"))))
    assert len(rows) >= 3
    for row in rows:
        for cell in row:
            assert not re.match(r"[=+@\t\r\n]|-(?![0-9.]+$)", cell), cell


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "-1", "+5"]
)
async def test_a_cell_that_would_be_run(cell):
    kept = safe(cell)
    assert kept == cell if re.fullmatch(r"-?[0-9]+", cell) else kept == f"'{cell}"


async def test_a_thief_of_the_chat_has_a_refund_sent_to_their_own_account(town):
    """Its owner’s bank would not take it back: where it goes then is confirmed with their PIN, where they have one."""
    uma, asks, refund = await stuck_refund(town)
    await town.demo.shop.store.write(has_pin, town.shop, uma.who, await argon.hash_of(PIN))
    before = await town.look(lambda uow: uow.refunds.need(refund))
    await uma.press("Give another account", asks)
    said = " ".join(await heard(town, uma))
    assert "to change where your money goes" in said and "send an IBAN" not in said
    await uma.say("FR1420041010050500013M02606")
    await at_rest(town)
    assert await town.look(lambda uow: uow.refunds.need(refund)) == before


async def test_a_thief_of_the_chat_has_payouts_sent_to_their_own_account(town):
    rosa = town.chatter(ROSA)
    await town.demo.shop.store.write(has_pin, town.shop, ROSA, await argon.hash_of(PIN))
    before = await town.look(visitors.need_seller, ROSA)
    await rosa.say("/payout")
    await rosa.press("🏦", await rosa.wait_for("Your payouts"))
    said = " ".join(await heard(town, rosa))
    assert "to change where your money goes" in said
    await rosa.say("thief@example.org")
    await at_rest(town)
    assert await town.look(visitors.need_seller, ROSA) == before
