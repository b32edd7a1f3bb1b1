"""Buying, from the shared card to the settled order, over both rails."""

from __future__ import annotations

import re

import pytest

from bot.demo import ADMIN, ROSA, WEI
from core.money import asset
from tests.flows.driver import GROUP, button, decode, labels, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


def minor(text: str, of: str) -> int:
    """The amount after a label, in minor units."""
    found = re.search(r"[\d,]+\.\d\d|[\d,]+", text)
    assert found, text
    return int(found.group().replace(",", "").replace(".", "")) if asset(of).exponent else int(found.group())


async def test_a_returning_shopper_taps_at_most_three_times_from_the_card_to_the_payment_code(town):
    nora = await town.newcomer()
    product = await town.on_sale("Three taps", "10.00 EUR")
    await nora.give_address()
    await nora.start(f"p_{product}")
    await nora.wait_for("Three taps")
    nora.taps = 0
    await nora.press("Buy now")
    await nora.press("Confirm")
    await nora.card()
    assert nora.taps <= 3


async def test_the_payment_card_takes_the_place_of_what_was_confirmed(town):
    nora = await town.newcomer()
    await nora.give_address()
    await nora.start(f"b_{await town.on_sale('In place', '10.00 EUR')}")
    review = await nora.wait_for("In place")
    await nora.press("Confirm")
    card = await nora.card()
    assert card["message_id"] == review["message_id"] == (await nora.last())["message_id"]


async def stripped(person, message):
    """Whether nothing can be pressed on a message any more."""
    return not (await person.message(message["message_id"]))["keyboard"]


async def test_a_review_whose_order_was_placed_cancels_nothing(town):
    """The card may be long in coming: until it takes the review's place, the review's buttons are there."""
    nora = await town.newcomer()
    await nora.give_address()
    await nora.start(f"b_{await town.on_sale('Kept all the same', '10.00 EUR')}")
    review = await nora.wait_for("Kept all the same")
    leave = button(review, "Leave it")["value"]
    await nora.press("Confirm")
    card = await nora.card()
    await nora.press_data(card, leave)
    order = await town.look(lambda uow: uow.orders.find(shopper=nora.who))
    assert [one.state for one in order] == ["placed"]


async def test_where_what_was_confirmed_is_gone_the_card_comes_below(town):
    nora = await town.newcomer()
    await nora.give_address()
    await nora.start(f"b_{await town.on_sale('Gone by now', '10.00 EUR')}")
    review = await nora.wait_for("Gone by now")
    await town.fault("editMessageMedia", chat_id=nora.who, code=400, times=1)
    await nora.press("Confirm")
    card = await nora.card()
    assert card["message_id"] > review["message_id"]
    await town.until(lambda: stripped(nora, review), "the review to lose its buttons")
    await nora.pay(await nora.scan(card))
    receipt = await nora.wait_for(lambda message: message["message_id"] == card["message_id"])
    assert "Paid" in receipt["text"]


@pytest.mark.parametrize(("method", "price", "amount"), [("SEPA", "19.90 EUR", "19.90"), ("PIX", "62.00 BRL", "62.00")])
async def test_the_picture_alone_tells_the_bank_payee_amount_and_reference(town, method, price, amount):
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Readable", price), method)
    copied = button(card, "Copy")["value"]
    assert decode(await nora.picture(card)) == [copied]
    reading = await nora.scan(card)
    assert reading["payload"] == copied and reading["payable"] and not reading["problems"] and not reading["warnings"]
    assert (reading["payee"], reading["amount"]) == ("Sampan Demo Shop", amount)
    assert f"Reference: {reading['reference']}" in card["text"]
    assert copied in card["text"]
    assert " left, until " in card["text"]


@pytest.mark.parametrize(("method", "rail"), [("SEPA", "camt054"), ("PIX", "pix")])
async def test_a_paid_order_is_receipted_shipped_received_and_settled_to_the_cent(town, method, rail):
    """Wei is a standard seller: the first part is his on shipment, the rest on receipt."""
    nora, wei = await town.newcomer(), town.chatter(WEI)
    product = await town.on_sale(f"Tea by {method}", "88.37 CNY", stock=3, seller=WEI)
    await nora.give_address()
    card = await nora.buy(product, method)
    order = order_of(card)
    assert await town.stock(product) == 2

    wei.mark = await town.seq()
    await nora.pay(await nora.scan(card))
    receipt = await nora.wait_for(lambda message: message["message_id"] == card["message_id"])
    assert "Paid" in receipt["text"] and order in receipt["text"]
    assert decode(await nora.picture(receipt)) == [], "a receipt must not be payable"
    assert not receipt["keyboard"]
    await nora.wait_for("Your payment has arrived")
    assert any(order_reference(card) in one["body"] for one in await town.bank_messages(rail))

    sold = await wei.wait_for(order)
    assert "Via Roma 1" in sold["text"]
    assert (await escrow(town, order)) == 8837

    await wei.press("🚚", sold)
    await wei.wait_for("单号")
    nora.mark = await town.seq()
    await wei.say("RR 123456785 CN")
    shipped = await nora.wait_for("RR 123456785 CN")
    first = await wei.wait_for("首")
    wei.mark = await town.seq()
    await nora.press("I have received it", shipped)
    assert "complete" in (await nora.wait_for(order))["text"]
    rest = await wei.wait_for("💶")

    legs = await town.legs(order)
    released = [leg.amount.minor for leg in legs if leg.account.startswith("avail:")]
    kept = [-leg.amount.minor for leg in legs if leg.account.startswith("reserve:")]
    fees = [-leg.amount.minor for leg in legs if leg.account == "rev:fee"]
    assert await escrow(town, order) == 0
    assert -sum(released) + sum(kept) + sum(fees) == 8837
    for message, net, fee, reserve in zip((first, rest), released, fees, kept, strict=True):
        assert all(f"{minor / 100:.2f}" in message["text"] for minor in (-net, fee, reserve))
    assert "ECB" in rest["text"], "the seller sees the rate behind what the buyer paid"
    await town.ledger()


def order_reference(card):
    """The reference that a payment card names."""
    return re.search(r"Reference: (\S+)", card["text"]).group(1)


async def escrow(town, order):
    """What is still held for an order, in minor units."""
    return -sum(leg.amount.minor for leg in await town.legs(order) if leg.account == f"escrow:{order}")


async def test_a_trusted_seller_has_the_first_part_when_the_payment_is_captured(town):
    """Rosa is trusted: half of it is hers before she ships anything."""
    nora, rosa = await town.newcomer(), town.chatter(ROSA)
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Trusted", "100.00 BRL"), "PIX")
    rosa.mark = await town.seq()
    await nora.pay(await nora.scan(card))
    told = await rosa.wait_for("First part settled")
    assert "R$48.75" in told["text"], "half of 100.00 less 2.5 %"
    assert await escrow(town, order_of(card)) == 5000


async def test_anybody_fills_their_own_cart_from_a_card_in_the_group(town):
    rosa, maya, nora = town.chatter(ROSA), await town.newcomer("Mia"), await town.newcomer()
    product = await town.on_sale("Group cup", "7.00 EUR")
    shared = await rosa.choose(await rosa.inline("Group cup", GROUP), 0)
    assert "Group cup" in shared["text"]
    for person, times in ((maya, 2), (nora, 1)):
        for n in range(1, times + 1):
            toast = await person.press("Add to cart", shared)
            assert toast["text"] == f"In your cart: {n} × Group cup"
    await maya.start()
    await maya.say("/cart")
    cart = await maya.wait_for("Your cart")
    assert "2 × Group cup — €14.00" in cart["text"]
    assert (await nora.last(GROUP))["message_id"] == shared["message_id"], "the group hears nothing of it"
    link = button(shared, "Buy now")["value"]
    assert link.endswith(f"start=b_{product}")
    opened = await nora.open(link)
    assert opened["kind"] == "start"
    await nora.wait_for("Where should it go?")


async def test_a_cart_is_changed_line_by_line_and_checked_out_by_seller(town):
    nora = await town.newcomer()
    await nora.give_address()
    cup, fan = await town.on_sale("Cup A", "5.00 EUR", 9), await town.on_sale("Fan B", "12.00 EUR", 9, WEI)
    for product in (cup, fan):
        await nora.start(f"p_{product}")
        await nora.wait_for(lambda message: message["kind"] == "photo")
        await nora.press("Add to cart")
        await nora.wait_for(lambda message: "Cart (" in "".join(labels(message)))
    await nora.press("🛒 Cart (2)")
    cart = await nora.wait_for("Your cart")
    assert [one for one in labels(cart) if "×" in one] == ["1 × Cup A", "1 × Fan B"]
    await nora.press("＋", cart)
    assert "2 × Cup A — €10.00" in (await nora.wait_for("Your cart"))["text"]
    await nora.press("Check out: Casa Rosa")
    review = await nora.wait_for("Please check your order")
    assert "2 × Cup A — €10.00" in review["text"] and "Fan B" not in review["text"]
    assert "Via Roma 1" in review["text"] and "Payee: Sampan Demo Shop" in review["text"]
    assert "Confirm by" in review["text"]
    await nora.press("Confirm", review)
    await nora.card()
    assert await town.stock(cup) == 7
    await nora.say("/cart")
    left = await nora.wait_for("Your cart")
    assert "Fan B" in left["text"] and "Cup A" not in left["text"]
    await nora.press("Empty")
    await nora.wait_for("Your cart is empty")


async def test_prices_are_shown_in_ones_own_currency_with_the_rate_and_its_date(town):
    nora = await town.newcomer()
    await nora.give_address()
    product = await town.on_sale("Priced", "100.00 CNY", seller=WEI)
    await nora.say("/currency jpy")
    await nora.wait_for("For sale")
    await nora.start(f"p_{product}")
    card = await nora.wait_for("Priced")
    found = re.search(r"≈ JP¥([\d,]+) \(1 CNY = ([\d.]+) JPY, ECB, 30 Oct 2026\)", card["text"])
    assert found, card["text"]
    assert abs(int(found.group(1).replace(",", "")) - 100 * float(found.group(2))) < 1
    await nora.press("Buy now")
    review = await nora.wait_for("Please check your order")
    assert "≈ JP¥" in review["text"]
    assert re.search(r"1 CNY = [\d.]+ (BRL|EUR) \(ECB, 30 Oct 2026\)", review["text"]), review["text"]


async def test_the_quantity_of_what_is_bought_now_is_changed_at_the_review(town):
    nora = await town.newcomer()
    await nora.give_address()
    product = await town.on_sale("Several", "3.00 EUR", 3)
    await nora.start(f"b_{product}")
    await nora.wait_for("1 × Several")
    await nora.press("＋")
    await nora.wait_for("2 × Several — €6.00")
    await nora.press("＋")
    await nora.wait_for("3 × Several — €9.00")
    assert (await nora.press("＋"))["text"] == "Only 3 of “Several” left."
    await nora.press("−")
    review = await nora.wait_for("2 × Several — €6.00")
    await nora.press("Confirm", review)
    assert "€6.00" in (await nora.card())["text"]
    assert await town.stock(product) == 1


async def test_a_first_time_shopper_gives_an_address_and_may_change_it(town):
    nora = await town.newcomer()
    await nora.start(f"b_{await town.on_sale('Posted', '3.00 EUR')}")
    await nora.wait_for("Where should it go?")
    await nora.say("Berlin")
    await nora.wait_for("Please send your address as text")
    await nora.say("Nora Berg, Hauptstr. 5, 10115 Berlin, Germany")
    review = await nora.wait_for("Please check your order")
    assert "Hauptstr. 5" in review["text"]
    await nora.press("Other address", review)
    await nora.wait_for("Where should it go?")
    await nora.say("Nora Berg\nRua das Flores 9\n01000-000 São Paulo\nBrasil")
    assert "Rua das Flores 9" in (await nora.wait_for("Please check your order"))["text"]


async def test_every_way_to_pay_is_offered_with_its_amount_and_rate(town):
    nora = await town.newcomer()
    await nora.give_address()
    await nora.start(f"b_{await town.on_sale('Ways', '10.00 USD')}")
    await nora.wait_for("Please check your order")
    await nora.press("Pay another way")
    ways = await nora.wait_for("How would you like to pay?")
    assert re.search(r"PIX: R\$\d+\.\d\d\n1 USD = [\d.]+ BRL \(ECB, 30 Oct 2026\)", ways["text"]), ways["text"]
    assert re.search(r"SEPA: €\d+\.\d\d\n1 USD = [\d.]+ EUR \(ECB, 30 Oct 2026\)", ways["text"])
    await nora.press("SEPA")
    await nora.wait_for("Pay with: SEPA")


async def test_the_payment_code_asked_for_again_is_payable_and_the_former_one_is_not(town):
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Again", "4.00 EUR"), "SEPA")
    await nora.say("/orders")
    await nora.press("Again")
    await nora.press("Show the payment code")
    again = await nora.card()
    assert again["message_id"] != card["message_id"]
    former = await nora.wait_for("further down")
    assert former["message_id"] == card["message_id"] and decode(await nora.picture(former)) == []
    await nora.pay(await nora.scan(again))
    assert (await nora.wait_for("Paid"))["message_id"] == again["message_id"]


async def test_a_cancelled_order_gives_its_stock_back_and_its_card_loses_the_code(town):
    nora = await town.newcomer()
    await nora.give_address()
    product = await town.on_sale("Not after all", "4.00 EUR", 2)
    card = await nora.buy(product)
    assert await town.stock(product) == 1
    await nora.press("Cancel the order", card)
    gone = await nora.wait_for("cancelled")
    assert gone["message_id"] == card["message_id"] and decode(await nora.picture(gone)) == []
    assert not gone["keyboard"]
    assert await town.stock(product) == 2


async def test_an_unpaid_order_expires_gives_its_stock_back_and_says_so(town):
    nora = await town.newcomer()
    await nora.give_address()
    product = await town.on_sale("Forgotten", "4.00 EUR", 2)
    card = await nora.buy(product, "SEPA")
    await town.skip(50 * 60)
    await nora.wait_for("10 min left")
    await town.skip(13 * 60)
    number = card["message_id"]
    gone = await nora.wait_for(lambda message: message["message_id"] == number and "expired" in message["text"])
    assert decode(await nora.picture(gone)) == [] and not gone["keyboard"]
    await nora.wait_for(lambda message: message["message_id"] > card["message_id"] and "expired" in message["text"])
    assert await town.stock(product) == 2


async def test_one_buys_from_the_shelf_as_well(town):
    nora = await town.newcomer()
    await town.on_sale("Top of the shelf", "4.00 EUR", 2)
    await nora.start()
    await nora.press("See what is for sale")
    await nora.wait_for("For sale")
    await nora.press("›")
    await nora.wait_for(lambda message: "‹" in labels(message))
    await nora.press("‹")
    await nora.wait_for("Top of the shelf")
    await nora.press("Top of the shelf")
    assert "Sold by Casa Rosa 🇧🇷" in (await nora.wait_for("€4.00"))["text"]


async def test_nobody_buys_their_own_goods(town):
    product, rosa = await town.on_sale("Mine", "4.00 EUR"), town.chatter(ROSA)
    await rosa.start(f"b_{product}")
    await rosa.wait_for("your own product")


async def test_an_admin_who_shops_is_a_shopper_like_any_other(town):
    ada = town.chatter(ADMIN)
    await ada.give_address()
    card = await ada.buy(await town.on_sale("For Ada", "4.00 EUR"), "SEPA")
    await ada.pay(await ada.scan(card))
    await ada.wait_for("Your payment has arrived")
