"""An invoice is paid as on Telegram: shipping, the bot's pre-checkout word, then the payment. Mini Apps are signed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from aiogram.utils.web_app import check_webapp_signature

STARS = {"title": "Box", "description": "A box", "payload": "order-1", "currency": "XTR"}
EUROS = {**STARS, "currency": "EUR", "provider_token": "test:1", "prices": [{"label": "box", "amount": 1250}]}


async def invoice(api, **terms):
    terms = {**STARS, "prices": [{"label": "box", "amount": 7}], **terms}
    return (await api.call("sendInvoice", chat_id=5001, **terms)).result


async def test_a_payment_follows_the_bots_word(api):
    sent = await invoice(api, **EUROS)
    shown = await api.last()
    assert (shown["kind"], shown["invoice"]["exponent"], shown["invoice"]["total_amount"]) == ("invoice", 2, 1250)
    assert shown["keyboard"][0][0] == {"label": "Pay 12.50 EUR", "kind": "pay", "value": "", "style": None}

    async def approve(update):
        query = update["pre_checkout_query"]
        assert (query["currency"], query["total_amount"], query["invoice_payload"]) == ("EUR", 1250, "order-1")
        return await api.call("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True)

    _, _, paid = await api.answering(api.does("maya", "pay", message_id=sent["message_id"]), approve)
    assert (paid["status"], paid["message"]["text"]) == ("paid", "Paid 12.50 EUR")
    (update,) = await api.updates()
    payment = update["message"]["successful_payment"]
    assert (payment["total_amount"], payment["invoice_payload"]) == (1250, "order-1")
    assert payment["telegram_payment_charge_id"] == paid["message"]["payment"]["telegram_payment_charge_id"]
    again = await api.post("/people/maya/pay", message_id=sent["message_id"])
    assert (again.status, again.body["code"]) == (409, "conflict")


async def test_a_refusal_is_told_in_the_bots_words(api):
    sent = await invoice(api)

    async def refuse(update):
        query_id = update["pre_checkout_query"]["id"]
        silent = await api.call("answerPreCheckoutQuery", pre_checkout_query_id=query_id, ok=False)
        assert silent.status == 400
        return await api.call(
            "answerPreCheckoutQuery", pre_checkout_query_id=query_id, ok=False, error_message="Sold out"
        )

    _, _, paid = await api.answering(api.does("maya", "pay", message_id=sent["message_id"]), refuse)
    assert paid == {"status": "refused", "reason": "Sold out"}
    assert await api.updates() == []


async def test_a_bot_that_does_not_answer_in_time_gets_no_payment(api):
    sent = await invoice(api)
    await api.request("PUT", "/sandbox/pre-checkout", json={"seconds": 0.05})
    assert await api.does("maya", "pay", message_id=sent["message_id"]) == {"status": "timeout"}
    (update,) = await api.updates()
    late = await api.call("answerPreCheckoutQuery", pre_checkout_query_id=update["pre_checkout_query"]["id"], ok=True)
    assert late.complaint.startswith("400 Bad Request: query is too old")
    assert (await api.last())["kind"] == "invoice"


async def test_a_flexible_invoice_asks_for_shipping_first(api):
    sent = await invoice(api, **EUROS, is_flexible=True, need_shipping_address=True)

    async def ship(update):
        query = update["shipping_query"]
        assert query["shipping_address"]["country_code"] == "DE"
        options = [{"id": "post", "title": "Post", "prices": [{"label": "post", "amount": 300}]}]
        await api.call("answerShippingQuery", shipping_query_id=query["id"], ok=True, shipping_options=options)
        (update,) = await api.updates(timeout=5)
        query = update["pre_checkout_query"]
        assert (query["total_amount"], query["shipping_option_id"]) == (1550, "post")
        return await api.call("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True)

    _, _, paid = await api.answering(api.does("maya", "pay", message_id=sent["message_id"]), ship)
    assert paid["message"]["payment"]["total_amount"] == 1550


async def test_stars_are_refunded_once_and_counted(api):
    link = (await api.call("createInvoiceLink", **STARS, prices=[{"label": "box", "amount": 7}])).result
    opened = await api.does("maya", "open-link", url=link)
    assert opened["kind"] == "invoice"

    async def approve(update):
        query_id = update["pre_checkout_query"]["id"]
        return await api.call("answerPreCheckoutQuery", pre_checkout_query_id=query_id, ok=True)

    _, _, paid = await api.answering(api.does("maya", "pay", slug=opened["invoice"]["slug"]), approve)
    charge = {"user_id": 5001, "telegram_payment_charge_id": paid["message"]["payment"]["telegram_payment_charge_id"]}
    assert (await api.call("getMyStarBalance")).result == {"amount": 7}
    assert (await api.call("refundStarPayment", **charge)).result is True
    assert (await api.call("refundStarPayment", **charge)).complaint == "400 Bad Request: CHARGE_ALREADY_REFUNDED"
    assert (await api.call("getMyStarBalance")).result == {"amount": 0}
    assert len((await api.call("getStarTransactions")).result["transactions"]) == 2
    assert "refunded_payment" in (await api.updates())[-1]["message"]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"prices": [{"label": "a", "amount": 1}] * 2}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "a", "amount": 0}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"currency": "euro"}, "CURRENCY_INVALID"),
        ({**EUROS, "max_tip_amount": 100, "suggested_tip_amounts": [50, 20]}, "SUGGESTED_TIP_AMOUNTS_INVALID"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}}, "REPLY_MARKUP_BUY_EMPTY"),
    ],
)
async def test_an_invoice_that_telegram_would_not_take_is_refused(api, terms, words):
    terms = {**STARS, "prices": [{"label": "box", "amount": 7}], **terms}
    assert (await api.call("sendInvoice", chat_id=5001, **terms)).complaint == f"400 Bad Request: {words}"


async def test_a_mini_app_opens_with_data_signed_by_the_bots_token(api):
    app = {"inline_keyboard": [[{"text": "Shop", "web_app": {"url": "https://shop.example.com/app?x=1"}}]]}
    sent = (await api.call("sendMessage", chat_id=5001, text="x", reply_markup=app)).result
    opened = await api.does("maya", "web-app", message_id=sent["message_id"], label="Shop")
    assert check_webapp_signature(api.token, opened["init_data"])
    assert not check_webapp_signature("1:other", opened["init_data"])
    fragment = parse_qs(urlsplit(opened["url"]).fragment)
    assert fragment["tgWebAppData"] == [opened["init_data"]]
    result = {"type": "article", "id": "1", "title": "t", "input_message_content": {"message_text": "from the app"}}
    answered = await api.call("answerWebAppQuery", web_app_query_id=opened["query_id"], result=result)
    assert answered.result["inline_message_id"]
    assert (await api.last())["text"] == "from the app"
