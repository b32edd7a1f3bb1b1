"""Paying an invoice as Telegram does it: shipping options, the bot's pre-checkout word, then the payment."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from bot.sandbox.errors import bad_request
from bot.sandbox.people import Chat, Person
from bot.sandbox.world import World

Json = dict[str, Any]

_ADDRESS = {
    "country_code": "DE", "state": "", "city": "Berlin", "street_line1": "Unter den Linden 1", "street_line2": "",
    "post_code": "10117",
}  # fmt: skip
_TIMEOUT: Json = {"status": "timeout"}


async def checkout(world: World, person: Person, chat: Chat, terms: Json, body: Json) -> Json:
    """{"status": "paid", "message": Post} | {"status": "refused", "reason"} | {"status": "timeout"}."""
    seconds = min(float(body.get("timeout", world.checkout_seconds)), world.checkout_seconds)
    total = terms["total_amount"] + _tip(terms, body)
    order = _order_info(terms, person, body)
    extra: Json = {"order_info": order} if order else {}
    if terms.get("is_flexible"):
        address = order.get("shipping_address", _ADDRESS)
        asked = {"invoice_payload": terms["payload"], "shipping_address": address}
        answer = await _asked(world, "shipping_query", person, asked, seconds)
        if answer is None or not answer["ok"]:
            return _TIMEOUT if answer is None else {"status": "refused", "reason": answer["error"]}
        option = _option(answer["options"], body)
        total += sum(price["amount"] for price in option["prices"])
        extra["shipping_option_id"] = option["id"]
    payload = {
        "currency": terms["currency"], "total_amount": total, "invoice_payload": terms["payload"], **extra,
    }  # fmt: skip
    answer = await _asked(world, "pre_checkout_query", person, payload, seconds)
    if answer is None:
        return _TIMEOUT
    if not answer["ok"]:
        return {"status": "refused", "reason": answer["error"]}
    return {"status": "paid", "message": _settle(world, person, chat, terms, payload)}


def _settle(world: World, person: Person, chat: Chat, terms: Json, payload: Json) -> Any:
    charge = f"stx{secrets.token_urlsafe(24)}"
    entry = {
        "id": charge, "user_id": person.id, "currency": payload["currency"], "payload": terms["payload"],
        "total_amount": payload["total_amount"], "date": int(world.clock()), "refunded": 0,
    }  # fmt: skip
    world.payments.append(entry)
    provider = "" if terms["currency"] == "XTR" else f"sandbox_{secrets.token_hex(8)}"
    payment = {**payload, "telegram_payment_charge_id": charge, "provider_payment_charge_id": provider}
    if terms.get("period"):
        until = int(world.clock()) + terms["period"]
        payment.update(is_recurring=True, is_first_recurring=True, subscription_expiration_date=until)
    return world.post(chat, person, {"successful_payment": payment})


async def _asked(world: World, kind: str, person: Person, payload: Json, seconds: float) -> Json | None:
    query = world.ask(kind, person, payload, seconds)
    await asyncio.wait([query.answer], timeout=seconds)
    world.queries.pop(query.id, None)
    return query.answer.result() if query.answer.done() else None


def _tip(terms: Json, body: Json) -> int:
    tip = int(body.get("tip_amount") or 0)
    if not 0 <= tip <= terms["max_tip_amount"]:
        raise bad_request("the invoice takes no such tip")
    return tip


def _option(options: list[Json], body: Json) -> Json:
    wanted = body.get("shipping_option_id")
    found = next((option for option in options if wanted in (None, option["id"])), None)
    if found is None:
        raise bad_request("the bot offers no such shipping option")
    return found


def _order_info(terms: Json, person: Person, body: Json) -> Json:
    given: Json = body.get("order_info") or {}
    own: Json = {}
    if terms.get("need_name"):
        own["name"] = person.name
    if terms.get("need_phone_number"):
        own["phone_number"] = "+491700000000"
    if terms.get("need_email"):
        own["email"] = f"{person.username or person.id}@example.com"
    if terms.get("need_shipping_address") or terms.get("is_flexible"):
        own["shipping_address"] = _ADDRESS
    return {**own, **given}
