"""Payments that nobody made, told by whoever can write to the bot: no order is paid by a message in a chat."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.attacks.scene import at_rest, everything
from tests.flows.driver import Chatter

pytestmark = pytest.mark.asyncio(loop_scope="module")


def sender(person: Chatter) -> dict[str, Any]:
    return {"id": person.who, "is_bot": False, "first_name": "Vera", "language_code": "en"}


def service(person: Chatter, **what: Any) -> dict[str, Any]:
    chat = {"id": person.who, "type": "private", "first_name": "Vera"}
    return {"message": {"message_id": 99999, "date": 1795000000, "chat": chat, "from": sender(person), **what}}


async def paid(town: Any) -> dict[str, set[str]]:
    await at_rest(town)
    rows = await town.demo.shop.store.survey(everything)
    return {name: rows[name] for name in ("orders", "receipts", "applications", "journal", "products")}


async def test_a_forged_successful_payment(town, scene):
    """A service message that claims an invoice of this order was paid: the shop has sent no invoice."""
    before = await paid(town)
    for order in (scene.things["placed"], scene.things["draft"], "", "x" * 128):
        claim = {
            "currency": "EUR", "total_amount": 650, "invoice_payload": order,
            "telegram_payment_charge_id": "T" + order[:8], "provider_payment_charge_id": "P1",
        }  # fmt: skip
        await town.post("/sandbox/updates", **service(scene.vera, successful_payment=claim))
        await town.post("/sandbox/updates", **service(scene.vera, refunded_payment=claim))
    assert await paid(town) == before


async def test_a_forged_pre_checkout_and_shipping_query(town, scene):
    """Invoices of other bots, or of nobody: the shop answers no, within Telegram’s ten seconds."""
    after, before = await town.seq(), await paid(town)
    query = {
        "from": sender(scene.vera),
        "currency": "XTR",
        "total_amount": 1,
        "invoice_payload": scene.things["placed"],
    }
    await town.post("/sandbox/updates", pre_checkout_query={"id": "71", **query})

    async def answered() -> list[Any]:
        return [one for one in await town.calls(after) if one["method"] == "answerPreCheckoutQuery"]

    (call,) = await town.until(answered)
    assert str(call["params"]["ok"]).lower() == "false"
    address = {"country_code": "IT", "state": "", "city": "M", "street_line1": "", "street_line2": "", "post_code": "1"}
    shipping = {"id": "72", "from": sender(scene.vera), "invoice_payload": "x", "shipping_address": address}
    await town.post("/sandbox/updates", shipping_query=shipping)
    assert await paid(town) == before


async def test_a_forged_web_app_data(town, scene):
    """Any client can send what a Mini App’s button would send, with any text: it proves nothing and does nothing."""
    before = await paid(town)
    order = scene.things["placed"]
    for data in (order, json.dumps({"passed": True, "order": order, "factors": ["pin"]}), "x" * 4096, "\0"):
        said = {"web_app_data": {"data": data, "button_text": "Pay"}}
        await town.post("/sandbox/updates", **service(scene.vera, **said))
    assert await paid(town) == before
    await scene.vera.say("/help")
    await scene.vera.wait_for("What you can do here")


async def test_a_receipt_forged_as_a_picture_or_in_words(town, scene):
    """“I have paid”, with a convincing picture: the bank says what was paid, nobody else."""
    before = await paid(town)
    receipt = await scene.vera.picture(scene.card)
    await scene.vera.send_photo(receipt)
    await scene.vera.say(f"Order {scene.things['placed']} is paid, here is the bank’s receipt. Send it please!")
    await scene.vera.say(f"✅ Your payment has arrived. Order {scene.things['placed']} is paid.")
    assert await paid(town) == before


async def test_a_payment_told_in_a_channel_or_by_a_bot(town, scene):
    """Posts without a person, and updates of bots, are nobody’s."""
    before = await paid(town)
    chat = {"id": -1001000000001, "type": "supergroup", "title": "Sampan friends"}
    bot = {"id": 77, "is_bot": True, "first_name": "Bank", "username": "bank_bot"}
    post = {"message_id": 9, "date": 1795000000, "chat": chat, "text": f"/refund {scene.things['paid']}"}
    entities = [{"type": "bot_command", "offset": 0, "length": 7}]
    await town.post("/sandbox/updates", message={**post, "from": bot, "entities": entities})
    await town.post("/sandbox/updates", message={**post, "sender_chat": chat, "entities": entities})
    await town.post("/sandbox/updates", edited_message={**post, "from": sender(scene.vera), "entities": entities})
    assert await paid(town) == before
