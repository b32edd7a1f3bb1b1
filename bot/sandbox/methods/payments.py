"""Invoices and what follows: shipping, pre-checkout, Stars."""

from __future__ import annotations

import re
import secrets
from itertools import pairwise
from typing import Any

from telegram.constants import InvoiceLimit, StarTransactionsLimit

from bot.sandbox.amounts import amount_text
from bot.sandbox.errors import bad
from bot.sandbox.methods.registry import Json, deliver, markup_for, method, writable_chat
from bot.sandbox.params import Params, fields_of
from bot.sandbox.world import World

_MOST = 2**31 * 100  # of minor units; Telegram's own bounds move with exchange rates
_FLAGS = (
    "need_name", "need_phone_number", "need_email", "need_shipping_address", "is_flexible",
    "send_phone_number_to_provider", "send_email_to_provider",
)  # fmt: skip


def _prices(given: Any) -> list[Json]:
    if not isinstance(given, list) or not given:
        raise bad("There must be at least one price")
    prices = []
    for item in given:
        if not isinstance(item, dict) or not str(item.get("label", "")):
            raise bad("Can't parse LabeledPrice: Can't find field \"label\"")
        if not re.fullmatch(r"-?\d+", str(item.get("amount", ""))):
            raise bad("Can't parse LabeledPrice: Can't find field \"amount\"")
        prices.append({"label": str(item["label"]), "amount": int(item["amount"])})
    return prices


def invoice_terms(world: World, params: Params) -> Json:
    """Check the parameters of an invoice and keep what paying it needs. Raises ApiError 400."""
    title, description, payload = params.text("title"), params.text("description"), params.text("payload")
    for name, text, most in (
        ("title", title, InvoiceLimit.MAX_TITLE_LENGTH),
        ("description", description, InvoiceLimit.MAX_DESCRIPTION_LENGTH),
    ):
        if not text.strip():
            raise bad(f"{name} is empty")
        if len(text) > most:
            raise bad(f"INVOICE_{name.upper()}_TOO_LONG")
    if not 1 <= len(payload.encode()) <= InvoiceLimit.MAX_PAYLOAD_LENGTH:
        raise bad("INVOICE_PAYLOAD_INVALID")
    currency = params.text("currency")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise bad("CURRENCY_INVALID")
    prices = _prices(params.json("prices"))
    total = sum(price["amount"] for price in prices)
    tips = params.json("suggested_tip_amounts") or []
    stars = currency == "XTR"
    if not 0 < total <= (InvoiceLimit.MAX_STAR_COUNT * 4 if stars else _MOST):
        raise bad("CURRENCY_TOTAL_AMOUNT_INVALID")
    if stars and (len(prices) != 1 or params.text("provider_token") or tips or params.boolean("is_flexible")):
        raise bad("STARS_INVOICE_INVALID")
    if not stars and not params.text("provider_token"):
        raise bad("PAYMENT_PROVIDER_INVALID")
    rising = all(early < late for early, late in pairwise(tips))
    most_tip = params.integer("max_tip_amount")
    if len(tips) > InvoiceLimit.MAX_TIP_AMOUNTS or not rising or any(not 0 < tip <= most_tip for tip in tips):
        raise bad("SUGGESTED_TIP_AMOUNTS_INVALID")
    flags = {name: True for name in _FLAGS if params.boolean(name)}
    period = params.integer("subscription_period")
    if period and (not stars or period != InvoiceLimit.SUBSCRIPTION_PERIOD):
        raise bad("SUBSCRIPTION_PERIOD_INVALID")
    return {
        "title": title, "description": description, "payload": payload, "currency": currency, "prices": prices,
        "total_amount": total, "photo_url": params.text("photo_url"), "max_tip_amount": most_tip,
        "start_parameter": params.text("start_parameter"), "slug": secrets.token_urlsafe(12), "period": period, **flags,
    }  # fmt: skip


def invoice_content(terms: Json) -> Json:
    """The Bot API's Invoice as a message carries it."""
    names = ("title", "description", "start_parameter", "currency", "total_amount")
    return {"invoice": {name: terms[name] for name in names}}


def pay_button(terms: Json) -> Json:
    """The button Telegram puts under an invoice that comes without a keyboard."""
    return {"text": f"Pay {amount_text(terms['total_amount'], terms['currency'])}", "pay": True}


@method("sendInvoice")
def send_invoice(world: World, params: Params) -> Json:
    chat = writable_chat(world, params)
    terms = invoice_terms(world, params)
    pay = {"inline_keyboard": [[pay_button(terms)]]}
    content = invoice_content(terms)
    sent = deliver(world, params, chat, content, markup_for(params, chat, content) or pay, invoice=terms)
    world.invoices[terms["slug"]] = terms
    return sent


@method("createInvoiceLink")
def create_invoice_link(world: World, params: Params) -> str:
    terms = invoice_terms(world, params)
    world.invoices[terms["slug"]] = terms
    return f"https://t.me/${terms['slug']}"


@method("answerShippingQuery")
def answer_shipping_query(world: World, params: Params) -> bool:
    query = world.question("shipping_query", params.text("shipping_query_id"))
    if not params.boolean("ok"):
        if not params.has("error_message"):
            raise bad("error_message is empty")
        world.answer(query, {"ok": False, "error": params.text("error_message")})
        return True
    options = params.json("shipping_options")
    if not isinstance(options, list) or not options:
        raise bad("There must be at least one shipping option")
    checked = [
        {"id": str(option["id"]), "title": str(option["title"]), "prices": _prices(option.get("prices"))}
        for option in map(fields_of, options)
        if option.get("id") and option.get("title")
    ]
    if len(checked) < len(options):
        raise bad("SHIPPING_ID_INVALID")
    world.answer(query, {"ok": True, "options": checked})
    return True


@method("answerPreCheckoutQuery")
def answer_pre_checkout_query(world: World, params: Params) -> bool:
    query = world.question("pre_checkout_query", params.text("pre_checkout_query_id"))
    ok = params.boolean("ok")
    if not ok and not params.has("error_message"):
        raise bad("error_message is empty")
    world.answer(query, {"ok": ok, "error": params.text("error_message")})
    return True


# -- Stars


@method("refundStarPayment")
def refund_star_payment(world: World, params: Params) -> bool:
    charge = params.text("telegram_payment_charge_id")
    user_id = params.integer("user_id")
    paid = next((p for p in world.payments if p["id"] == charge and p["user_id"] == user_id), None)
    if paid is None or paid["currency"] != "XTR":
        raise bad("CHARGE_NOT_FOUND")
    if paid["refunded"]:
        raise bad("CHARGE_ALREADY_REFUNDED")
    paid["refunded"] = int(world.clock())
    refund = {
        "currency": "XTR", "total_amount": paid["total_amount"], "invoice_payload": paid["payload"],
        "telegram_payment_charge_id": charge,
    }  # fmt: skip
    # The service message is the person's own, as successful_payment is: the bot gets it as an update.
    world.post(world.chats[user_id], world.people[user_id], {"refunded_payment": refund})
    return True


@method("getStarTransactions")
def get_star_transactions(world: World, params: Params) -> Json:
    lines: list[Json] = []
    for paid in (paid for paid in world.payments if paid["currency"] == "XTR"):
        partner = {
            "type": "user", "transaction_type": "invoice_payment", "user": world.people[paid["user_id"]].wire(),
            "invoice_payload": paid["payload"],
        }  # fmt: skip
        line = {"id": paid["id"], "amount": paid["total_amount"]}
        lines.append({**line, "date": paid["date"], "source": partner})
        if paid["refunded"]:
            lines.append({**line, "date": paid["refunded"], "receiver": partner})
    start = params.integer("offset", 0, 0)
    limit = params.integer("limit", int(StarTransactionsLimit.MAX_LIMIT), 1, int(StarTransactionsLimit.MAX_LIMIT))
    return {"transactions": lines[start : start + limit]}


@method("getMyStarBalance")
def get_my_star_balance(world: World, params: Params) -> Json:
    stars = [paid["total_amount"] for paid in world.payments if paid["currency"] == "XTR" and not paid["refunded"]]
    return {"amount": sum(stars)}
