"""An admin's commands, each checked against who asks; and what /help and the menu show to whom."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.demo import ADMIN, ROSA, WEI
from tests.flows.driver import labels, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADMINS_ONLY = [
    "/stats", "/sellers", "/sellers add 42 IT EUR Olio", "/refund", "/refund X8896FYV2T", "/channels", "/rates",
    "/rate USD 1.5",
]  # fmt: skip


async def a_paid_order(town, title="Sold", price="40.00 EUR"):
    """(shopper, order) of a sale that is paid."""
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale(title, price), "SEPA")
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    return nora, order_of(card)


async def told(person, command, words):
    """What somebody is answered to a command."""
    await person.say(command)
    return await person.wait_for(words)


async def test_orders_lists_everybodys_to_the_admin_and_ones_own_to_anyone_else(town):
    nora, order = await a_paid_order(town)
    listed = await told(town.chatter(ADMIN), "/orders", "All orders")
    assert f"{order} paid · Sold" in listed["text"]
    assert order in (await told(town.chatter(ADMIN), "/orders paid", "All orders"))["text"]
    assert "No orders here yet" in (await told(town.chatter(ADMIN), "/orders refunded", "orders"))["text"]
    assert "paid, shipped" in (await told(town.chatter(ADMIN), "/orders nonsense", "Which orders?"))["text"]
    mine = await told(nora, "/orders", "Your orders")
    assert order in mine["text"]
    other = await town.newcomer()
    assert order not in (await told(other, "/orders", lambda one: True))["text"]


async def test_an_order_shows_each_reader_their_side_of_it(town):
    nora, order = await a_paid_order(town)
    shopper = await told(nora, f"/order {order}", f"Order {order}")
    assert "To pay: €40.00" in shopper["text"] and "For the seller" not in shopper["text"]
    seller = await told(town.chatter(ROSA), f"/order {order}", f"Order {order}")
    assert "For the seller: R$" in seller["text"] and "To pay" not in seller["text"]
    assert "Ship to:" in seller["text"] and any("Mark as shipped" in one for one in labels(seller))
    admin = await told(town.chatter(ADMIN), f"/order {order.lower()}", f"Order {order}")
    assert "To pay: €40.00" in admin["text"] and "For the seller: R$" in admin["text"]
    assert "Payment " in admin["text"] and "booked" in admin["text"]
    assert "Via Roma" not in admin["text"], "who runs the shop need not know where it goes"


@pytest.mark.parametrize("asked", ["/order NOSUCHORDE", "/order x", "/order ../../etc", "/order 💥"])
async def test_an_order_that_is_not_there_sounds_like_one_that_is_somebody_elses(town, asked):
    _, order = await a_paid_order(town)
    stranger = await town.newcomer("Sly")
    foreign = await told(stranger, f"/order {order}", lambda one: True)
    unknown = await told(stranger, asked, lambda one: True)
    assert foreign["text"] == unknown["text"] == "That is no longer here, or it is not yours."
    assert "它已不存在，或不属于您。" in (await told(town.chatter(WEI), f"/order {order}", lambda one: True))["text"]


@pytest.mark.parametrize("asked", ["/order", "/refund", "/hold", "/release", "/paid", "/freeze", "/thaw", "/assign"])
async def test_a_command_without_its_words_says_how_it_is_written(town, asked):
    assert f"{asked} " in (await told(town.chatter(ADMIN), asked, lambda one: True))["text"]


async def test_an_admin_freezes_an_order_and_lets_it_go(town):
    nora, order = await a_paid_order(town)
    ada, seller = town.chatter(ADMIN), town.chatter(ROSA)
    await told(ada, f"/freeze {order} looks like a stolen card", "stays where it is")
    shown = await told(ada, f"/order {order}", f"Order {order}")
    assert "looks like a stolen card" in shown["text"]
    for who in (nora, seller):
        assert "stolen" not in (await told(who, f"/order {order}", f"Order {order}"))["text"]
    assert "frozen" in (await told(ada, f"/refund {order}", lambda one: True))["text"]
    assert "not for you" in (await told(nora, f"/thaw {order}", lambda one: True))["text"]
    await told(ada, f"/thaw {order.lower()}", "can move again")
    await told(ada, f"/thaw {order}", "not frozen by hand")
    await told(ada, f"/refund {order}", "on its way back")


async def test_stats_are_a_picture_with_the_figures_beside_it(town):
    await a_paid_order(town)
    ada = town.chatter(ADMIN)
    shown = await told(ada, "/stats", "The shop in figures")
    assert shown["kind"] == "photo"
    assert "✅ paid:" in shown["text"] and "Taken in: €" in shown["text"] and "Fees earned: R$" in shown["text"]
    with Image.open(io.BytesIO(await ada.picture(shown))) as picture:
        assert min(picture.size) >= 400
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 20, "an empty picture is no chart"


async def test_sellers_are_listed_and_a_new_one_can_sell_at_once(town):
    ada, olio = town.chatter(ADMIN), await town.newcomer("Olio")
    listed = await told(ada, "/sellers", "Sellers")
    assert "Casa Rosa · BR · trusted seller" in listed["text"] and "West Lake Studio" in listed["text"]
    await told(olio, "/sell", "not for you")
    await ada.say(f"/sellers add {olio.who} it eur Olio & Figli")
    assert "Olio & Figli · IT · new seller · 0 products" in (await ada.wait_for("Sellers"))["text"]
    await told(olio, "/sell", "photo of the product")
    audit = await town.look(lambda uow: uow.audit.find(limit=3))
    assert any(line.command == "sellers add" and line.actor == ADMIN for line in audit)


@pytest.mark.parametrize(
    "asked",
    [
        "/sellers add", "/sellers add me IT EUR Olio", "/sellers add 42 Italy EUR Olio", "/sellers add 42 IT EUR",
        "/sellers add " + "9" * 30 + " IT EUR Olio", "/sellers add " + "9" * 4000 + " IT EUR Olio",
        "/sellers add 0 IT EUR Olio", f"/sellers add {WEI} IT EUR Olio",
    ],
)  # fmt: skip
async def test_a_seller_that_cannot_be_opened_is_refused_with_an_example(town, asked):
    await told(town.chatter(ADMIN), asked, "To open a seller: /sellers add USER_ID COUNTRY CURRENCY Name")


async def test_channels_tell_what_came_in_and_what_is_held(town):
    await a_paid_order(town)
    shown = await told(town.chatter(ADMIN), "/channels", "Payment channels")
    assert "SEPA · EUR · payee Sampan Demo Shop" in shown["text"] and "PIX · BRL" in shown["text"]
    assert "In clearing: €" in shown["text"]


async def test_rates_show_date_and_source_and_one_entered_by_hand_is_used_and_audited(town):
    ada, nora = town.chatter(ADMIN), await town.newcomer()
    shown = await told(ada, "/rates", "Exchange rates")
    assert "USD: " in shown["text"] and "(ECB, 30 Oct 2026)" in shown["text"]
    assert "ARS" not in shown["text"]
    await told(nora, "/currency ars", "no exchange rate for ARS")
    entered = await told(ada, "/rate ars 1650,5", "Exchange rates")
    assert "ARS: 1,650.50 (admin, " in entered["text"]
    await told(nora, "/currency ars", "For sale")
    product = await town.on_sale("In pesos", "2.00 EUR")
    await nora.start(f"p_{product}")
    assert "ARS" in (await nora.wait_for("≈"))["text"]
    audit = await town.look(lambda uow: uow.audit.find(limit=3))
    assert any(line.command == "rate" and line.detail["code"] == "ARS" for line in audit)


@pytest.mark.parametrize(
    "asked",
    ["/rate", "/rate USD", "/rate USD cheap", "/rate USD -1", "/rate USD 0", "/rate EUR 1", "/rate USD 1.2.3",
     "/rate USD nan", "/rate USD " + "9" * 4000, "/rate USD 1e3", "/rate USD ١", "/rate USD 1 2"],
)  # fmt: skip
async def test_a_rate_that_is_none_is_refused_with_an_example(town, asked):
    await told(town.chatter(ADMIN), asked, "To enter a rate: /rate CODE VALUE")


async def test_a_rate_of_an_unknown_currency_is_refused(town):
    await told(town.chatter(ADMIN), "/rate XYZ 2", "“XYZ” is not a currency this shop knows")


async def test_a_bank_statement_sent_as_a_file_is_booked(town):
    """The line to the bank is down; the admin downloads the camt.054 and hands it to the bot."""
    ada, nora = town.chatter(ADMIN), await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("By hand", "41.00 EUR"), "SEPA")
    await town.post("/bank/config", held=True)
    try:
        reading = await nora.scan(card)
        await nora.pay(reading)
        (message,) = await town.bank_messages("camt054", reading["reference"])
        await ada.send(message["body"].encode(), "camt054.xml", "application/xml", kind="document")
        await ada.wait_for("Booked: 1 new entry.")
        await nora.wait_for("Your payment has arrived")
        await ada.send(message["body"].encode(), "camt054.xml", "application/xml", kind="document")
        await ada.wait_for("Booked: 0 new entries.")
    finally:
        await town.post("/bank/config", held=False)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"Dear customer, nothing happened today.", "neither a bank statement"),
        (b"<html><body>camt</body></html>", "not a camt.054"),
        (b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><d>&b;&b;&b;</d>', "DTD"),
    ],
)
async def test_a_file_that_is_no_bank_statement_is_refused_with_the_reason(town, content, why):
    ada = town.chatter(ADMIN)
    await ada.send(content, "statement.xml", "application/xml", kind="document")
    refusal = await ada.wait_for("I cannot book this file")
    assert why in refusal["text"]


async def test_a_bank_statement_of_a_stranger_is_not_looked_at(town):
    nora = await town.newcomer()
    await nora.send(b"<Document/>", "camt054.xml", "application/xml", kind="document")
    await nora.wait_for("Welcome")


@pytest.mark.parametrize("command", ADMINS_ONLY)
@pytest.mark.parametrize(
    ("language", "refusal"), [("en", "This command is not for you"), ("zh-hans", "您无权使用此命令")]
)
async def test_an_admins_command_is_refused_to_anybody_else_in_their_language(town, command, language, refusal):
    stranger = await town.newcomer("Sly", language)
    await stranger.start()
    answer = await told(stranger, command, lambda one: "/help" in one["text"])
    assert refusal in answer["text"]
    if language == "en":
        await told(town.chatter(ROSA), command, refusal)


async def test_help_and_the_menu_show_each_person_only_what_is_theirs(town):
    async def commands(person):
        shown = (await told(person, "/help", "/help"))["text"]
        menu = await town.get(f"/sandbox/people/{person.who}/commands")
        return {line[1:].split()[0] for line in shown.splitlines() if line.startswith("/")}, {
            one["command"] for one in menu["commands"]
        }

    shopper, menu = await commands(await town.newcomer())
    assert {"shop", "cart", "orders", "help"} <= shopper
    assert not {"sell", "stats", "refund", "rate", "sellers"} & (shopper | menu)
    assert "shop" in menu
    seller, menu = await commands(town.chatter(ROSA))
    assert {"sell", "products", "sales", "payout", "statement"} == seller - shopper
    assert not {"stats", "refund"} & (seller | menu)
    assert {"sell", "sales"} <= menu
    await town.chatter(ADMIN).start()
    admin, menu = await commands(town.chatter(ADMIN))
    assert {"stats", "sellers", "refund", "channels", "rates", "rate", "recon", "assign", "reroute"} <= admin - shopper
    assert {"stats", "refund"} <= menu


async def test_a_seller_opened_today_has_their_commands_in_the_menu(town):
    ada, olio = town.chatter(ADMIN), await town.newcomer("Vera", "zh-hans")
    await olio.start()
    await told(ada, f"/sellers add {olio.who} IT EUR Vera", "Sellers")

    async def menu():
        found = (await town.get(f"/sandbox/people/{olio.who}/commands"))["commands"]
        return {one["command"]: one["description"] for one in found}.get("sell")

    assert await town.until(menu) == "上架商品"


async def test_a_command_that_nobody_wrote_is_answered(town):
    await told(await town.newcomer(), "/teleport me", "I don’t know this command")


async def test_health_and_metrics_answer_without_telling_anything_personal(town):
    async with town.http.get(f"{town.shop_url}/health") as answer:
        assert answer.status == 200 and (await answer.json()) == {"status": "ok"}
    async with town.http.get(f"{town.shop_url}/metrics") as answer:
        lines = (await answer.text()).split()
    assert "sampan_orders" in lines and not any("Nora" in line for line in lines)
